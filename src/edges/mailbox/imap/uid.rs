//! UIDs and sets of them.

use std::fmt::Write;

use super::super::mail::Position;

/// The number of a mail, valid with one UIDVALIDITY only; never zero.
pub(super) type Uid = u32;

/// Mails of one command. 50 UIDs make 550 characters at most, well under the 1000 that every
/// server takes (RFC 2683, section 3.2.1.5).
pub(super) const SET: usize = 50;

pub(super) fn position(uid_validity: u32, uid: Uid) -> Option<Position> {
    format!("{uid_validity}:{uid}").parse().ok()
}

/// The UID of a position, if it was given under this UIDVALIDITY.
pub(super) fn of(position: &Position, uid_validity: u32) -> Option<Uid> {
    let text = position.to_string();
    let (validity, uid) = text.split_once(':')?;
    let uid = uid.parse().ok().filter(|uid| *uid > 0)?;
    (validity.parse() == Ok(uid_validity)).then_some(uid)
}

/// A set as IMAP writes it, neighbours joined: `1:3,7`. `uids` ascend.
pub(super) fn set(uids: &[Uid]) -> String {
    let mut text = String::new();
    for run in uids.chunk_by(|one, next| one.checked_add(1) == Some(*next)) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let comma = if text.is_empty() { "" } else { "," };
        let written =
            if first == last { write!(text, "{comma}{first}") } else { write!(text, "{comma}{first}:{last}") };
        debug_assert!(written.is_ok(), "a String takes any text");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uids: &[Uid], expected: &str) {
        assert_eq!(set(uids), expected, "{uids:?}");
    }

    #[test]
    fn neighbours_are_joined() {
        check(&[], "");
        check(&[7], "7");
        check(&[1, 2, 3, 7, 9, 10], "1:3,7,9:10");
        check(&[Uid::MAX - 1, Uid::MAX], "4294967294:4294967295");
    }

    #[test]
    fn the_longest_set_is_short_enough() {
        let uids: Vec<Uid> = (0..).step_by(2).map(|step| Uid::MAX - 200 + step).take(SET).collect();
        assert!(set(&uids).len() <= 1000);
    }

    #[test]
    fn a_position_counts_under_its_uid_validity_only() {
        let position = position(7, 12).unwrap();
        assert_eq!(of(&position, 7), Some(12));
        assert_eq!(of(&position, 8), None);
        for other in ["7:0", "7:-1", "7", "7:1:2", "1700000000.M1.serveur"] {
            assert_eq!(of(&other.parse().unwrap(), 7), None, "{other}");
        }
    }
}
