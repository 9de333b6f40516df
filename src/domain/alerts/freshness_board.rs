//! Every establishment and service that is expected to send, with how fresh it is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::baseline::between;
use super::{AlertSettings, Baseline, Freshness, FreshnessState, IncidentKind, Observation, Severity, Stillness};
use crate::capacity::ServiceCode;
use crate::finess::Finess;
use base::config_values::Span;

/// Whom something is expected from: an establishment, or one of its services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedSender {
    /// The establishment.
    pub finess: Finess,
    /// The service; `None` for the establishment as a whole.
    pub service: Option<ServiceCode>,
    /// Its name for people.
    pub name: String,
    /// How often the referential says it sends.
    pub cadence: Option<Span>,
}

/// One line of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardRow {
    /// Who it is.
    pub expected: ExpectedSender,
    /// How fresh it is.
    pub freshness: Freshness,
    /// Whether its counts, or the date of its observations, stand still.
    pub stillness: Stillness,
}

/// All of them, the silent first, then by how long nothing came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Of when it is.
    pub at: Timestamp,
    rows: Vec<BoardRow>,
}

impl Board {
    /// What is known at one moment. `habit` gives what is remembered of one; `mutes` until when an operator wants to
    /// hear nothing of an establishment.
    pub fn new(
        expected: impl IntoIterator<Item = ExpectedSender>,
        habit: impl Fn(&ExpectedSender) -> (Baseline, Stillness),
        mutes: &BTreeMap<Finess, Timestamp>,
        settings: &AlertSettings,
        now: Timestamp,
    ) -> Self {
        let row = |expected: ExpectedSender| {
            let (habit, stillness) = habit(&expected);
            let freshness = Freshness::of(expected.cadence, &habit, settings, now);
            let freshness = freshness.muted(mutes.get(&expected.finess).copied());
            BoardRow { expected, freshness, stillness }
        };
        let mut rows: Vec<BoardRow> = expected.into_iter().map(row).collect();
        rows.sort_by_key(|row| (row.freshness.state, row.freshness.last, row.expected.finess));
        Self { at: now, rows }
    }

    /// Every line, the silent first.
    pub fn rows(&self) -> &[BoardRow] {
        &self.rows
    }

    /// Establishments as a whole, the silent first.
    pub fn establishments(&self) -> impl Iterator<Item = &BoardRow> {
        self.rows.iter().filter(|row| row.expected.service.is_none())
    }

    /// One establishment as a whole.
    pub fn establishment(&self, finess: Finess) -> Option<&BoardRow> {
        self.establishments().find(|row| row.expected.finess == finess)
    }

    /// The services of one establishment, the silent first.
    pub fn services_of(&self, finess: Finess) -> impl Iterator<Item = &BoardRow> {
        self.rows.iter().filter(move |row| row.expected.finess == finess && row.expected.service.is_some())
    }

    /// What the silent ones amount to. A silent establishment speaks for its services; one that is muted says nothing.
    pub fn observations(&self) -> Vec<Observation> {
        let is_told =
            |row: &&BoardRow| row.freshness.state == FreshnessState::Silent && !row.freshness.is_muted(self.at);
        let silent: BTreeSet<Finess> =
            self.establishments().filter(|row| row.freshness.state == FreshnessState::Silent).map(finess).collect();
        let speaks = |row: &&BoardRow| row.expected.service.is_none() || !silent.contains(&row.expected.finess);
        self.rows.iter().filter(is_told).filter(speaks).map(|row| row.observation(self.at)).collect()
    }
}

fn finess(row: &BoardRow) -> Finess {
    row.expected.finess
}

impl BoardRow {
    fn observation(&self, now: Timestamp) -> Observation {
        let ExpectedSender { finess, service, name, .. } = &self.expected;
        let quiet = self.freshness.last.map(|last| in_words(between(last, now).as_secs())).unwrap_or_default();
        let cadence =
            self.freshness.cadence.map(|cadence| in_words(cadence.span().get().as_secs())).unwrap_or_default();
        let since = self.freshness.last;
        match service {
            None => Observation::new(
                IncidentKind::SilentEstablishment,
                &finess.to_string(),
                Severity::Grave,
                &format!(
                    "{name} ({finess}) est silencieux : aucun relevé retenu depuis {quiet} ; envoi attendu toutes les {cadence}"
                ),
                since,
            ),
            Some(code) => Observation::new(
                IncidentKind::SilentService,
                &format!("{finess}/{code}"),
                Severity::Attention,
                &format!(
                    "le service {name} ({finess}/{code}) est silencieux : aucune valeur retenue depuis {quiet} ; envoi attendu toutes les {cadence}"
                ),
                since,
            ),
        }
    }
}

/// `45 min`, `3 h`, `2 j`.
fn in_words(seconds: u64) -> String {
    match seconds {
        0..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} j", seconds / 86_400),
    }
}
