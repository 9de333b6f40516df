//! Pages by key: where one ends is a value, so a page costs the same however deep it lies, and mails that come in
//! meanwhile shift nothing.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::JournalEntry;

/// What the journal is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Column {
    /// When it was received.
    #[default]
    Recu,
    /// The sender; within one, as it was received.
    Expediteur,
    /// The verdict's word; within one, as it was received.
    Verdict,
}

/// An order of the journal. All of it turns round: the newest first goes with Z first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// By what.
    pub column: Column,
    /// Whether the greatest comes first.
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { column: Column::Recu, descending: true }
    }
}

/// A text that is no order of the journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » n’est pas un ordre de tri connu : recu, expediteur ou verdict, précédé de « - » pour l’ordre inverse")]
pub struct UnknownSort(String);

impl Column {
    /// Every column.
    pub const ALL: [Self; 3] = [Self::Recu, Self::Expediteur, Self::Verdict];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Recu => "recu",
            Self::Expediteur => "expediteur",
            Self::Verdict => "verdict",
        }
    }
}

impl FromStr for Sort {
    type Err = UnknownSort;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (word, descending) = text.strip_prefix('-').map_or((text, false), |word| (word, true));
        let column = Column::ALL.into_iter().find(|column| column.word() == word);
        column.map(|column| Self { column, descending }).ok_or_else(|| UnknownSort(text.to_owned()))
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.column.word())
    }
}

/// A place between two lines of the journal, and to which side of it one looks. Opaque to whoever carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    #[serde(rename = "t")]
    pub(super) sort: Sort,
    /// Towards the beginning of the list.
    #[serde(rename = "a")]
    pub(super) back: bool,
    #[serde(rename = "c")]
    pub(super) key: PageKey,
}

/// What the journal is sorted by, of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageKey {
    /// The sender or the verdict; nothing where the reception alone sorts.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub(super) word: Option<String>,
    #[serde(rename = "r")]
    pub(super) received_at: i64,
    #[serde(rename = "n")]
    pub(super) mail: i64,
}

/// A text that no page gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ce curseur de page n’est pas valable ; recommencez à la première page")]
pub struct BadCursor;

/// The longest cursor read, in characters: a sender has 254 at most.
const MAX_CURSOR: usize = 1000;

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_CURSOR {
            return Err(BadCursor);
        }
        let json = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| BadCursor)?;
        let cursor: Self = serde_json::from_slice(&json).map_err(|_| BadCursor)?;
        let has_word = cursor.key.word.is_some();
        if has_word == (cursor.sort.column == Column::Recu) { Err(BadCursor) } else { Ok(cursor) }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(self).map_err(|_| fmt::Error)?;
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(json))
    }
}

impl Cursor {
    /// The order of the list that it is a place of.
    pub fn sort(&self) -> Sort {
        self.sort
    }

    pub(super) fn at(entry: &JournalEntry, sort: Sort, back: bool) -> Self {
        let word = match sort.column {
            Column::Recu => None,
            Column::Expediteur => Some(entry.expediteur.clone().unwrap_or_default()),
            Column::Verdict => Some(entry.verdict.clone()),
        };
        let key = PageKey { word, received_at: entry.recu.as_millisecond(), mail: entry.numero };
        Self { sort, back, key }
    }
}

/// Which part of a list.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// In which order; that of the cursor, if there is one, goes first.
    pub sort: Sort,
    /// From where; `None` for its beginning.
    pub from: Option<Cursor>,
    /// How many lines at most; at least one and no more than 500.
    pub limit: u32,
}

/// The most lines of a page.
pub(super) const MAX_LINES: u32 = 500;

impl Page {
    /// The first lines, the newest first.
    pub fn newest(limit: u32) -> Self {
        Self { limit, ..Self::default() }
    }

    pub(super) fn order(&self) -> Sort {
        self.from.as_ref().map_or(self.sort, Cursor::sort)
    }

    pub(super) fn goes_back(&self) -> bool {
        self.from.as_ref().is_some_and(|cursor| cursor.back)
    }

    pub(super) fn lines(&self) -> u32 {
        self.limit.clamp(1, MAX_LINES)
    }
}

/// A part of the journal.
#[derive(Debug, Clone)]
pub struct FoundPage {
    /// Its lines, in the order of the list.
    pub lines: Vec<JournalEntry>,
    /// What comes before them.
    pub previous: Option<Cursor>,
    /// What comes after them.
    pub next: Option<Cursor>,
}
