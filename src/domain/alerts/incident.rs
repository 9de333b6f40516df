//! An incident: something that an operator must know of, from when it opened until it is over.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{IncidentKind, Observation};

/// How soon somebody must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Within the day.
    Attention,
    /// Now.
    Grave,
}

/// A word that no version of this program has written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mot inconnu : {0}")]
pub struct UnknownWord(pub(super) String);

/// An incident as it is kept. One is open at a time for one kind and object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// Its number.
    pub numero: i64,
    /// What it is about.
    #[serde(rename = "type", serialize_with = "as_word")]
    pub kind: IncidentKind,
    /// Whom or what it concerns: a mailbox by its name, an establishment, a service `FINESS/CODE`, a file.
    pub objet: String,
    /// How soon somebody must act.
    pub gravite: Severity,
    /// How far along it is: 1 to 5 for a certificate at 90, 60, 30, 7 days and expired; 0 for others.
    pub niveau: u32,
    /// What is the matter, in French, without any address.
    pub phrase: String,
    /// Since when its cause lasts.
    pub depuis: Timestamp,
    /// When it opened.
    pub ouvert_a: Timestamp,
    /// When its cause was last seen.
    pub vu_a: Timestamp,
    /// When people were last told of it.
    pub rappele_a: Timestamp,
    /// When it closed; `None` while it is open.
    pub clos_a: Option<Timestamp>,
}

impl Incident {
    /// An incident that is in no store, of what is seen now.
    pub fn sample(seen: &Observation, since: Timestamp, now: Timestamp) -> Self {
        Self {
            numero: 0,
            kind: seen.kind,
            objet: seen.object.clone(),
            gravite: seen.severity,
            niveau: seen.level,
            phrase: seen.sentence.clone(),
            depuis: since,
            ouvert_a: now,
            vu_a: now,
            rappele_a: now,
            clos_a: None,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        self.kind.remedy()
    }

    /// Whether it is not over.
    pub fn is_open(&self) -> bool {
        self.clos_a.is_none()
    }
}

fn as_word<S: Serializer>(kind: &IncidentKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.word())
}

impl Severity {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Attention => "attention",
            Self::Grave => "grave",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Severity {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Attention, Self::Grave]
            .into_iter()
            .find(|severity| severity.word() == text)
            .ok_or_else(|| UnknownWord(text.to_owned()))
    }
}
