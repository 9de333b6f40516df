//! One mail of a hospital, and all that is to be known of it.

use std::fmt::Write;

use jiff::Timestamp;

pub(crate) const EAI: &str = "dispolits@eai.test";

/// What a count is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Indicator {
    Installed,
    Free,
    FreeForWomen,
    Closed,
}

pub(crate) const INDICATORS: [Indicator; 4] =
    [Indicator::Installed, Indicator::Free, Indicator::FreeForWomen, Indicator::Closed];

/// One count that must be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    /// As the ROR names it: `1350054680/SRV-0`.
    pub(crate) place: String,
    pub(crate) indicator: Indicator,
    pub(crate) number: i64,
    /// When it was observed, in seconds.
    pub(crate) observed: i64,
}

/// What must become of a mail on its own; a copy is a duplicate whatever its fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Integrated,
    Partly,
    Rejected,
    Ignored,
    /// It stops the process each time it is read.
    Quarantined,
}

/// Whether a mail is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Never,
    /// A success after a rejection is told, and which mail is settled first is nobody's promise.
    Perhaps,
    Once,
}

/// A mail, and all that is to be known of it.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    /// Also its Message-ID, before the `@`.
    pub(crate) id: String,
    pub(crate) sender: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// How many times these bytes were sent.
    pub(crate) copies: usize,
    pub(crate) fate: Fate,
    /// Sender, identifiant and content: the same again is a duplicate.
    pub(crate) document: Option<String>,
    pub(crate) counts: Vec<Count>,
    /// Judged, and never pushed.
    pub(crate) trial: bool,
    pub(crate) answer: Answer,
    /// Whether the direction gets a copy of the answer.
    pub(crate) copied: bool,
    pub(super) xml: String,
}

impl Letter {
    /// An integrated mail without anything in it.
    pub(super) fn bare(id: String, sender: &'static str, bytes: Vec<u8>) -> Self {
        let (fate, answer) = (Fate::Integrated, Answer::Never);
        let (document, counts, xml) = (None, Vec::new(), String::new());
        Self { id, sender, bytes, copies: 0, fate, document, counts, trial: false, answer, copied: false, xml }
    }

    /// The same with one thing changed, in the mail and in its document.
    pub(super) fn rewritten(self, from: &str, to: &str) -> Self {
        let text = String::from_utf8(self.bytes).unwrap();
        assert!(text.contains(from), "{from}");
        Self { bytes: text.replace(from, to).into_bytes(), xml: self.xml.replace(from, to), ..self }
    }
}

pub(crate) fn mail(id: &str, sender: &str, header: &str, kind: &str, body: &str) -> Vec<u8> {
    format!(
        "Return-Path: <{sender}>\r\nFrom: Gestion des lits <{sender}>\r\nTo: {EAI}\r\nSubject: Releve {id}\r\n\
         Message-ID: <{id}@hopital.test>\r\n{header}MIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n{body}"
    )
    .into_bytes()
}

pub(crate) fn report(id: &str, finess: &str, service: &str, observed: i64, counts: &[Count], bad: &str) -> String {
    let at = Timestamp::from_second(observed).unwrap();
    let mut lines = String::new();
    for Count { indicator, number, .. } in counts {
        let attributes = match indicator {
            Indicator::Installed => "statut=\"installe\"",
            Indicator::Free => "statut=\"disponible\"",
            Indicator::FreeForWomen => "statut=\"disponible\" genre=\"femme\"",
            Indicator::Closed => "statut=\"ferme\" fermeture=\"reactivable\"",
        };
        write!(lines, "<capacite {attributes} nombre=\"{number}\"/>\r\n").unwrap();
    }
    format!(
        "<disponibilites xmlns=\"urn:fr:dispolits:disponibilites:1\" identifiant=\"{id}\" dateEmission=\"{at}\">\r\n\
         <etablissement finess=\"{finess}\"><service code=\"{service}\" dateReleve=\"{at}\">\r\n{lines}{bad}\r\n\
         </service></etablissement></disponibilites>\r\n"
    )
}
