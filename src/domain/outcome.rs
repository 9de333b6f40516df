//! What became of a mail: the verdicts and states that reply, journal, command line and campaign
//! all speak of.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::capacity::{Genre, Mode, Nomenclature, Update};
use crate::defect::Defect;

/// The judgement on a mail or a document (public contract).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every count is accepted.
    Integre,
    /// Some counts are accepted, some rejected.
    PartiellementIntegre,
    /// Nothing is accepted.
    Rejete,
    /// Nothing was meant for us: receipts, automatic mail.
    Ignore,
    /// Received before.
    Doublon,
    /// Could not be judged after several attempts; kept for an operator.
    Quarantaine,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 6] =
        [Self::Integre, Self::PartiellementIntegre, Self::Rejete, Self::Ignore, Self::Doublon, Self::Quarantaine];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Integre => "integre",
            Self::PartiellementIntegre => "partiellement-integre",
            Self::Rejete => "rejete",
            Self::Ignore => "ignore",
            Self::Doublon => "doublon",
            Self::Quarantaine => "quarantaine",
        }
    }

    /// The verdict in French, for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Integre => "intégré",
            Self::PartiellementIntegre => "partiellement intégré",
            Self::Rejete => "rejeté",
            Self::Ignore => "ignoré",
            Self::Doublon => "doublon",
            Self::Quarantaine => "en quarantaine",
        }
    }

    /// The verdict on a document of which so many rows were accepted and something was rejected or not.
    pub fn of_rows(accepted: usize, rejected: bool) -> Self {
        match (accepted, rejected) {
            (0, _) => Self::Rejete,
            (_, true) => Self::PartiellementIntegre,
            (_, false) => Self::Integre,
        }
    }

    /// The verdict on a mail from those on its documents: duplicates count only if there is nothing else.
    pub fn combine(documents: &[Self]) -> Self {
        let own: Vec<Self> = documents.iter().copied().filter(|verdict| *verdict != Self::Doublon).collect();
        match own.split_first() {
            None if documents.is_empty() => Self::Rejete,
            None => Self::Doublon,
            Some((first, rest)) if rest.iter().all(|verdict| verdict == first) => *first,
            Some(_) => Self::PartiellementIntegre,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A text that is no word of the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » n’est pas un mot connu")]
pub struct UnknownWord(String);

impl FromStr for Verdict {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}

/// Where one accepted count stands on its way to the ROR (public contract).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Etat {
    /// The ROR acknowledged it.
    Transmise,
    /// Still to be sent, or held.
    EnAttente,
    /// A newer observation took its place.
    Depassee,
    /// The ROR refused it.
    Rejetee,
    /// Judged in test mode, never sent.
    NonTransmiseTest,
}

impl Etat {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Transmise, Self::EnAttente, Self::Depassee, Self::Rejetee, Self::NonTransmiseTest];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Transmise => "transmise",
            Self::EnAttente => "en-attente",
            Self::Depassee => "depassee",
            Self::Rejetee => "rejetee",
            Self::NonTransmiseTest => "non-transmise-test",
        }
    }

    /// The state in French, for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Transmise => "transmise au ROR",
            Self::EnAttente => "en attente",
            Self::Depassee => "dépassée par un relevé plus récent",
            Self::Rejetee => "rejetée par le ROR",
            Self::NonTransmiseTest => "validée, non transmise (mode test)",
        }
    }
}

impl FromStr for Etat {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|etat| etat.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}

/// One accepted count and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeLine {
    /// The count and its place in the ROR.
    pub update: Update,
    /// Where it stands; `None` when judged without any effect (`dispolits check`).
    pub etat: Option<Etat>,
}

impl OutcomeLine {
    /// The line as names and values in the order of the contract: NOS codes, UTC whole seconds.
    ///
    /// An undifferentiated genre is written `indifferencie`: its code is the agency's choice.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let count = &self.update.count;
        let key = &count.indicator;
        let optional = [
            ("genre", key.genre().map(genre_code)),
            ("fermeture", key.fermeture().map(Nomenclature::code)),
            ("supplement", key.supplement().map(Nomenclature::code)),
            ("crise", key.crise().map(Nomenclature::code)),
        ];
        let mut fields = vec![
            ("finess", self.update.finess().to_string()),
            ("code", self.update.location.service().to_string()),
            ("statut", key.statut().code().to_owned()),
        ];
        fields.extend(optional.into_iter().filter_map(|(name, code)| Some((name, code?.to_owned()))));
        fields.extend([
            ("nature", count.nature.code().to_owned()),
            ("temporalite", key.temporalite().code().to_owned()),
            ("affectation", key.affectation().code().to_owned()),
            ("nombre", count.nombre.get().to_string()),
            ("dateReleve", whole_seconds(self.update.date_releve)),
        ]);
        fields.extend(self.etat.map(|etat| ("etat", etat.word().to_owned())));
        fields
    }
}

fn genre_code(genre: Genre) -> &'static str {
    match genre {
        Genre::Femme => "01",
        Genre::Homme => "02",
        Genre::Indifferencie => "indifferencie",
    }
}

/// An instant in UTC, whole seconds, as the ROR and our contracts write it: `2026-11-23T06:50:00Z`.
pub fn whole_seconds(instant: Timestamp) -> String {
    format!("{:.0}", Timestamp::from_second(instant.as_second()).unwrap_or(instant))
}

/// The zone of the mainland, from the database compiled in: a bare machine says the same hour as
/// any other.
pub fn paris() -> TimeZone {
    TimeZoneDatabase::bundled().get("Europe/Paris").unwrap_or(TimeZone::UTC)
}

/// An instant as people of the mainland read it: `23/11/2026 à 07:55`, in Paris time.
pub fn in_paris(instant: Timestamp) -> String {
    instant.to_zoned_datetime(paris()).strftime("%d/%m/%Y à %H:%M").to_string()
}

/// Two instants that are compared. Where the clock was changed between them, their hours alone would mislead: each
/// says its offset, `25/10/2026 à 02:30 (UTC+01:00, heure d’hiver)`.
pub fn in_paris_together(instants: [Timestamp; 2]) -> [String; 2] {
    let zoned = instants.map(|instant| instant.to_zoned_datetime(paris()));
    let [first, second] = &zoned;
    if first.offset() == second.offset() {
        return instants.map(in_paris);
    }
    zoned.map(|zoned| {
        let season = if paris().to_offset_info(zoned.timestamp()).dst().is_dst() { "d’été" } else { "d’hiver" };
        format!("{} ({}, heure {season})", in_paris(zoned.timestamp()), zoned.strftime("UTC%:z"))
    })
}

impl Serialize for OutcomeLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.fields() {
            match name {
                "nombre" => map.serialize_entry(name, &self.update.count.nombre.get())?,
                _ => map.serialize_entry(name, &value)?,
            }
        }
        map.end()
    }
}

/// What became of one document of a mail.
#[derive(Debug, Clone)]
pub struct DocumentOutcome {
    /// The attachment's name, as shown to people.
    pub name: String,
    /// The sender's identifier of the document, if it could be read.
    pub identifiant: Option<String>,
    /// SHA-256 of the decoded text, lower-case hexadecimal.
    pub sha256: String,
    /// Whether its format was recognised.
    pub recognised: bool,
    /// For the ROR or for trying.
    pub mode: Mode,
    /// The judgement; `None` while the ROR has not answered for every row.
    pub verdict: Option<Verdict>,
    /// For a duplicate: when it was first received, and the verdict then.
    pub first_seen: Option<(Timestamp, Verdict)>,
    /// The counts accepted by Dispolits, whatever the ROR said of them.
    pub lines: Vec<OutcomeLine>,
    /// All that is wrong, the refusals of the ROR included.
    pub defects: Vec<Defect>,
}

impl DocumentOutcome {
    /// Whether it was recognised as a report and read to its end.
    pub fn is_recognised(&self) -> bool {
        self.recognised && !self.defects.iter().any(|defect| defect.code().leaves_unread())
    }
}

/// What became of a mail.
#[derive(Debug, Clone)]
pub struct MailOutcome {
    /// Its Message-ID, without angle brackets.
    pub message_id: Option<String>,
    /// When Dispolits received it.
    pub received_at: Timestamp,
    /// The judgement; `None` while the ROR has not answered for every row.
    pub verdict: Option<Verdict>,
    /// What is wrong with the mail as a whole.
    pub defects: Vec<Defect>,
    /// Its documents, in the order of the mail.
    pub documents: Vec<DocumentOutcome>,
}

impl MailOutcome {
    /// Whether all that was read of it is reports, read to their end. Of a duplicate that was rejected the first time, this
    /// is not known.
    pub fn is_recognised(&self) -> bool {
        let is_known = |document: &DocumentOutcome| !matches!(document.first_seen, Some((_, Verdict::Rejete)));
        let sound = |document| DocumentOutcome::is_recognised(document) && is_known(document);
        self.defects.is_empty() && !self.documents.is_empty() && self.documents.iter().all(sound)
    }

    /// What may be told of it to whoever may see no contents: neither names, nor identifiers, nor values.
    #[must_use]
    pub fn without_values(self) -> Self {
        let stripped = |defects: Vec<Defect>| defects.into_iter().map(Defect::without_values).collect();
        let documents = self.documents.into_iter().map(|document| DocumentOutcome {
            name: String::new(),
            identifiant: None,
            defects: stripped(document.defects),
            ..document
        });
        Self { documents: documents.collect(), defects: stripped(self.defects), ..self }
    }

    /// Every defect: the mail's own, then each document's.
    pub fn all_defects(&self) -> impl Iterator<Item = &Defect> {
        self.defects.iter().chain(self.documents.iter().flat_map(|document| &document.defects))
    }
}
