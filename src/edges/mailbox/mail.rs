//! What a mailbox holds, in words that both backends share.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use base::unread::Cause;

/// Mails of one command at most: a lost connection repeats no more than these.
const BATCH_MAILS: usize = 50;
/// Bytes of one command at most, by the listed sizes; one mail alone may exceed it.
pub(super) const BATCH_BYTES: u64 = 16 * 1024 * 1024;

/// Where a mail is in one mailbox: `uidvalidity:uid` (IMAP) or the base file name (Maildir).
///
/// Opaque and stable for as long as the mail stays where it is; it is no identity, since a server
/// may give every mail a new one (RFC 3501, section 2.3.1.1). Printable ASCII, 1 to 1000
/// characters, so that it can stand in a database and a log line as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(String);

/// A text that is no position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ce texte n’est pas la position d’un courriel")]
pub struct PositionError;

/// A mail that waits in the mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMail {
    /// Where it is.
    pub position: Position,
    /// Its length in bytes, as the backend announces it.
    pub size: u64,
    /// When it reached the mailbox, if the backend knows.
    pub internal_date: Option<Timestamp>,
}

/// A mail that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Where it is.
    pub position: Position,
    /// Its bytes, unchanged; its header alone if it is larger than the limit.
    pub raw: Vec<u8>,
    /// Its whole length in bytes, as it came, or as it is announced if it is larger than the limit.
    pub size: u64,
    /// Whether it is larger than the limit.
    pub header_only: bool,
}

/// A mail that is there and could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Where it is.
    pub position: Position,
    /// Why.
    pub cause: Cause,
    /// What the server said of it, or the sizes that differ; may be empty.
    pub detail: String,
}

/// What came of a reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Haul {
    /// The mails that came, in the order asked.
    pub mails: Vec<Fetched>,
    /// Those that did not.
    pub left: Vec<Left>,
}

/// How much of a mail is read, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchLimits {
    /// The largest mail that is read whole.
    pub whole: u64,
    /// How much is kept of the header of a larger one; 1 MiB at most.
    pub header: usize,
}

/// The folder that a judged mail is filed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Folder {
    /// At least one count is on its way to the ROR, or was a test.
    Traites,
    /// Nothing in it could be used.
    Rejets,
    /// Not for us: receipts, answers of machines.
    Ignores,
    /// Seen before.
    Doublons,
    /// Could not be judged; a person has to look.
    Quarantaine,
}

/// What became of one move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// The mail is in its folder and no longer waits.
    Done,
    /// Nothing is at that position any more. Another program took the mail, an earlier move of
    /// ours did, or the server renumbered: then it is listed again under another position.
    Gone,
    /// The server has no way to move mails: this one stays where it is, for ever.
    Left,
    /// Its folder does not take it now: it stays where it is until it is asked for again, as if it had never been.
    Refused,
    /// The same, but a copy of it may be in the folder.
    Stuck,
}

/// Whether moves were asked for before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Never.
    First,
    /// Once at least, with an unknown end: a move is a copy and a removal, and the copy may be there.
    Again {
        /// How many other mails of the same bytes were moved to the folder: as many of its files are theirs, and only one
        /// beyond them is the copy.
        others: u32,
    },
}

impl Moved {
    /// Whether the folder did not take the mail.
    pub fn is_refused(self) -> bool {
        matches!(self, Self::Refused | Self::Stuck)
    }
}

impl Fetched {
    /// A mail that came whole.
    pub(super) fn whole(position: Position, raw: Vec<u8>) -> Self {
        let size = u64::try_from(raw.len()).unwrap_or(u64::MAX);
        Self { position, raw, size, header_only: false }
    }

    /// One that is larger than the limit, of which this is the beginning.
    pub(super) fn header(position: Position, beginning: Vec<u8>, size: u64) -> Self {
        Self { position, raw: header_of(beginning), size, header_only: true }
    }
}

impl Position {
    pub(super) const MAX: usize = 1000;

    /// As the store writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both were given under one numbering (for IMAP one UIDVALIDITY, RFC 3501, section 2.3.1.1): then two of them
    /// are two mails.
    pub fn is_of_one_numbering(&self, other: &Self) -> bool {
        self.numbering() == other.numbering()
    }

    fn numbering(&self) -> Option<&str> {
        self.0.split_once(':').map(|(numbering, _)| numbering)
    }
}

impl Folder {
    /// Every folder, in the order of the configuration.
    pub const ALL: [Self; 5] = [Self::Traites, Self::Rejets, Self::Ignores, Self::Doublons, Self::Quarantaine];

    /// The word of the store, whatever the folder is called on the server.
    pub fn word(self) -> &'static str {
        match self {
            Self::Traites => "traites",
            Self::Rejets => "rejets",
            Self::Ignores => "ignores",
            Self::Doublons => "doublons",
            Self::Quarantaine => "quarantaine",
        }
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A text that names no logical folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » n’est pas un dossier connu")]
pub struct FolderError(String);

impl FromStr for Folder {
    type Err = FolderError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|folder| folder.word() == word).ok_or_else(|| FolderError(word.to_owned()))
    }
}

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = (1..=Self::MAX).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if legal { Ok(Self(text.to_owned())) } else { Err(PositionError) }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Cuts a list into what may be held in memory at once, order kept: 50 mails and 16 MiB at most,
/// but never less than one mail.
pub fn batches<T: Borrow<ListedMail>>(entries: &[T]) -> Vec<&[T]> {
    batches_by(entries, |entry| entry.borrow().size)
}

/// The same for anything that has a size in bytes.
pub(super) fn batches_by<T>(mails: &[T], size: impl Fn(&T) -> u64) -> Vec<&[T]> {
    let mut batches = Vec::new();
    let mut rest = mails;
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(first_batch(rest, &size));
        batches.push(batch);
        rest = after;
    }
    batches
}

fn first_batch<T>(mails: &[T], size: &impl Fn(&T) -> u64) -> usize {
    let mut bytes = 0_u64;
    let fits = |mail: &&T| {
        bytes = bytes.saturating_add(size(mail));
        bytes <= BATCH_BYTES
    };
    mails.iter().take(BATCH_MAILS).take_while(fits).count().max(1)
}

/// The header of a mail of which only the beginning is known: up to its empty line (RFC 5322,
/// section 2.1), or all of it if that line is further away.
pub(super) fn header_of(mut beginning: Vec<u8>) -> Vec<u8> {
    let mut length = 0;
    for line in beginning.split_inclusive(|byte| *byte == b'\n') {
        length += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            break;
        }
    }
    beginning.truncate(length);
    beginning
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_batches(sizes: &[u64], expected: &[usize]) {
        let lengths: Vec<usize> = batches_by(sizes, |size| *size).into_iter().map(<[u64]>::len).collect();
        assert_eq!(lengths, expected, "{sizes:?}");
    }

    #[test]
    fn batches_are_bounded_by_count_and_bytes() {
        check_batches(&[], &[]);
        check_batches(&[1; 120], &[50, 50, 20]);
        check_batches(&[BATCH_BYTES - 1, 1, 1], &[2, 1]);
        check_batches(&[1, BATCH_BYTES, u64::MAX, u64::MAX, 1], &[1, 1, 1, 1, 1]);
    }

    fn check_header(mail: &str, expected: &str) {
        assert_eq!(header_of(mail.as_bytes().to_vec()), expected.as_bytes(), "{mail:?}");
    }

    #[test]
    fn a_header_ends_with_its_empty_line() {
        check_header("A: b\r\n\r\nx\r\n\r\ny", "A: b\r\n\r\n");
        check_header("A: b\n\nx", "A: b\n\n");
        check_header("\r\nx", "\r\n");
        check_header("A: b\r\nC", "A: b\r\nC");
        check_header("", "");
    }

    #[test]
    fn a_position_can_stand_in_a_line() {
        for text in ["", "a\nb", "é", &"x".repeat(Position::MAX + 1)] {
            assert_eq!(text.parse::<Position>(), Err(PositionError), "{text:?}");
        }
        assert_eq!("5:12".parse::<Position>().unwrap().to_string(), "5:12");
    }
}
