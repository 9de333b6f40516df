//! A record of the log, its canonical encoding and its hash.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Deed;

/// What opens every hashed record: another encoding one day gets another name.
const ENCODING: &[u8] = b"dispolits-audit-1";

/// What is to be recorded; texts as they were, bounded by whoever writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Who: [`Person::in_audit`](crate::access::Person::in_audit), or `commande:` and the system's user.
    pub who: String,
    /// What.
    pub deed: Deed,
    /// On what: `courriel 12`, `etablissement 350054680`, `compte anne`.
    pub object: String,
    /// What was before, in words or JSON; empty if nothing was.
    pub before: String,
    /// What is after.
    pub after: String,
    /// Why, as the person said it.
    pub note: String,
}

impl AuditEntry {
    /// An entry without before, after and note.
    pub fn new(who: impl Into<String>, deed: Deed, object: impl Into<String>) -> Self {
        let none = String::new;
        Self { who: who.into(), deed, object: object.into(), before: none(), after: none(), note: none() }
    }

    /// What changed.
    #[must_use]
    pub fn changing(self, before: impl Into<String>, after: impl Into<String>) -> Self {
        Self { before: before.into(), after: after.into(), ..self }
    }

    /// Why it was done.
    #[must_use]
    pub fn noting(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}

/// A record of the log, as it is kept and exported. The deed is its word: what a later version wrote is verified too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number: 1, 2, 3 … without a gap.
    pub numero: i64,
    /// When, to the millisecond.
    pub a: Timestamp,
    /// Who.
    pub qui: String,
    /// The word of the deed.
    pub acte: String,
    /// On what.
    pub objet: String,
    /// What was before.
    pub avant: String,
    /// What is after.
    pub apres: String,
    /// Why.
    pub note: String,
    /// SHA-256, in hexadecimal, of the hash before and of all of the above.
    pub empreinte: String,
}

impl Record {
    /// The deed for people; as it is stored if a later version wrote it.
    pub fn in_words(&self) -> &str {
        self.acte.parse::<Deed>().map_or(self.acte.as_str(), |deed| deed.in_words())
    }

    /// The record that follows a head.
    pub fn following(head: &AuditHead, entry: &AuditEntry, at: Timestamp) -> Self {
        let mut record = Self {
            numero: head.number + 1,
            a: Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at),
            qui: clean(&entry.who),
            acte: entry.deed.word().to_owned(),
            objet: clean(&entry.object),
            avant: clean(&entry.before),
            apres: clean(&entry.after),
            note: clean(&entry.note),
            empreinte: String::new(),
        };
        record.empreinte = record.hash(&head.hash);
        record
    }

    /// The chain up to it.
    pub fn head(&self) -> AuditHead {
        AuditHead { number: self.numero, hash: self.empreinte.clone() }
    }

    /// Each field with its length before it, so that no two records have one encoding.
    pub(super) fn hash(&self, previous: &str) -> String {
        let mut sha = Sha256::new().chain_update(ENCODING);
        let (number, at) = (self.numero.to_be_bytes(), self.a.as_millisecond().to_be_bytes());
        let texts = [&self.qui, &self.acte, &self.objet, &self.avant, &self.apres, &self.note];
        let fields = [previous.as_bytes(), &number, &at].into_iter().chain(texts.into_iter().map(String::as_bytes));
        for field in fields {
            sha.update((field.len() as u64).to_be_bytes());
            sha.update(field);
        }
        base16ct::lower::encode_string(&sha.finalize())
    }
}

/// One of the engines has no U+0000: what is hashed is what is kept.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Where a chain stands: the number and hash of its last record. Written `12:ab34…`; to be kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AuditHead {
    /// The last number, 0 for an empty chain.
    pub number: i64,
    /// Its hash, 64 hexadecimal digits.
    pub hash: String,
}

impl AuditHead {
    /// Of an empty chain.
    pub fn empty() -> Self {
        Self { number: 0, hash: "0".repeat(64) }
    }
}

impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.hash)
    }
}

/// A text that is no head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("une tête de chaîne s’écrit NUMÉRO:EMPREINTE (64 chiffres hexadécimaux)")]
pub struct HeadError;

impl FromStr for AuditHead {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, hash) = text.trim().split_once(':').ok_or(HeadError)?;
        let number = number.parse().ok().filter(|number| *number >= 0).ok_or(HeadError)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash { Ok(Self { number, hash: hash.to_ascii_lowercase() }) } else { Err(HeadError) }
    }
}
