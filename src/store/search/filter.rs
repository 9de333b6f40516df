//! Which mails are meant.

use std::str::FromStr;

use jiff::Timestamp;

use domain::defect::{Actor, Code};
use domain::finess::Finess;
use domain::outcome::{UnknownWord, Verdict};

/// Which mails to list; everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Received at or after.
    pub since: Option<Timestamp>,
    /// Received before.
    pub until: Option<Timestamp>,
    /// The mailbox account.
    pub account: Option<String>,
    /// The sender.
    pub sender: Option<Sender>,
    /// An establishment that it speaks of.
    pub finess: Option<Finess>,
    /// A code service that it speaks of; with an establishment, a service of that one.
    pub service: Option<String>,
    /// A code among its defects.
    pub code: Option<Code>,
    /// Where it stands.
    pub standing: Option<MailStatus>,
    /// Who must act on one of its defects, warnings included.
    pub actor: Option<Actor>,
    /// Only those of which something is rejected.
    pub rejected: bool,
    /// Only those marked as handled, or only the others.
    pub handled: Option<bool>,
    /// The identifiant of a document, the Message-ID or the SHA-256.
    pub identifier: Option<Identifier>,
}

/// A document or a mail as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    /// This one.
    Is(String),
    /// Every one that begins so.
    StartsWith(String),
}

/// A sender as operators name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// This address.
    Is(String),
    /// Every address that begins so.
    StartsWith(String),
}

/// The verdict on a mail, or that there is none yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailStatus {
    /// No verdict yet.
    EnCours,
    /// This one.
    Verdict(Verdict),
}

impl Sender {
    /// The sender that a text means: a whole address if it looks like one, else how it begins.
    pub fn meant_by(text: &str) -> Self {
        let text = text.trim().to_lowercase();
        match text.split_once('@') {
            Some((local, domain)) if !local.is_empty() && domain.contains('.') && !domain.ends_with('.') => {
                Self::Is(text)
            }
            _ => Self::StartsWith(text),
        }
    }
}

impl MailStatus {
    /// Every one, as the journal names them.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::EnCours].into_iter().chain(Verdict::ALL.map(Self::Verdict))
    }

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::EnCours => "en-cours",
            Self::Verdict(verdict) => verdict.word(),
        }
    }
}

impl FromStr for MailStatus {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        if word == Self::EnCours.word() { Ok(Self::EnCours) } else { word.parse().map(Self::Verdict) }
    }
}
