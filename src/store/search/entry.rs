//! One line of the journal.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use domain::defect::Severity;

/// One line of the journal: what became of one mail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JournalEntry {
    /// Receipt number.
    pub numero: i64,
    /// The account of the mailbox it came to.
    pub boite: String,
    /// When it was received.
    #[schema(value_type = String, format = DateTime)]
    pub recu: Timestamp,
    /// Its sender, if it has exactly one.
    pub expediteur: Option<String>,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Size in bytes.
    pub taille: i64,
    /// The verdict's word, `en-cours` while there is none.
    pub verdict: String,
    /// The codes of its defects, sorted, each as often as it occurs.
    pub codes: Vec<String>,
    /// The same, each code once, with what it does.
    pub causes: Vec<Cause>,
    /// The establishments and services it speaks of, accepted or not; no more than a hundred places.
    pub lieux: Vec<PlaceNamed>,
    /// Rows acknowledged, waiting, superseded, refused, in test mode: `transmise` and so on.
    pub lignes: Vec<(String, i64)>,
    /// Whether a reply was sent: its state, or why there is none.
    pub reponse: Option<String>,
    /// The earlier mail of the same bytes.
    pub doublon_de: Option<i64>,
    /// Whether an operator marked it as handled.
    pub traite: bool,
}

/// A code among the defects of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cause {
    /// The code.
    pub code: String,
    /// Whether it rejects something.
    pub severite: Severity,
    /// How often it occurs.
    pub nombre: i64,
}

/// An establishment that a mail speaks of, with its services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlaceNamed {
    /// Its number, as it was read.
    pub finess: String,
    /// Codes of its services; to whoever may see no contents, those that the referential knows.
    pub services: Vec<String>,
}
