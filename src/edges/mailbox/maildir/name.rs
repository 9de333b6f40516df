//! File names of a Maildir: a base that never changes, then flags that any client may change.

use std::ffi::OsStr;
use std::fmt::Write;

use super::super::mail::Position;

/// What stands between the base and the flags. Windows forbids `:` in file names; programs that
/// keep a Maildir there write `!`, so that both are understood everywhere.
const MARKS: [&[u8]; 2] = [b":2,", b"!2,"];
/// Leaves room for a number and flags within the 255 bytes of most disks.
const LONGEST_BASE: usize = 200;
#[cfg(windows)]
const SEEN: &str = "!2,S";
#[cfg(not(windows))]
const SEEN: &str = ":2,S";

/// The position of a file: its base name, in which everything but printable ASCII and `%` itself
/// is percent-encoded, so that names in any encoding, or with a line end, have one. Nothing if the
/// result would be too long or empty.
pub(super) fn position(file_name: &OsStr) -> Option<Position> {
    let mut text = String::new();
    for byte in base(file_name.as_encoded_bytes()) {
        match byte {
            b'!'..=b'~' if *byte != b'%' => text.push(char::from(*byte)),
            _ => write!(text, "%{byte:02X}").ok()?,
        }
    }
    text.parse().ok()
}

/// The name of a filed mail: the encoded base, a number if that name is taken, and the flag « seen »
/// so that people's mail programs do not show the folder as unread.
pub(super) fn filed(position: &Position, taken: u32) -> String {
    // An encoded name may be too long for a disk; those cut to the same beginning get numbers.
    let base: String = position.to_string().chars().take(LONGEST_BASE).collect();
    if taken == 0 { format!("{base}{SEEN}") } else { format!("{base}-{taken}{SEEN}") }
}

fn base(name: &[u8]) -> &[u8] {
    let mark = name.windows(3).rposition(|window| MARKS.contains(&window));
    mark.and_then(|at| name.get(..at)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: &str) {
        assert_eq!(position(OsStr::new(name)).unwrap().to_string(), expected, "{name}");
    }

    #[test]
    fn the_base_ends_where_the_flags_begin() {
        check("1700000000.M1P2.serveur", "1700000000.M1P2.serveur");
        check("1700000000.M1P2.serveur,S=12,W=13:2,RS", "1700000000.M1P2.serveur,S=12,W=13");
        check("1700000000.M1P2.serveur!2,S", "1700000000.M1P2.serveur");
        check("a:2,b:2,S", "a:2,b");
        check("a:1,x", "a:1,x");
    }

    #[test]
    fn odd_bytes_are_encoded() {
        check("été\n1%:2,", "%C3%A9t%C3%A9%0A1%25");
    }
}
