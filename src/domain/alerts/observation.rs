//! What is seen to be the matter at one moment.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{IncidentKind, Severity};
use crate::address::mask_all;

/// The most characters of a sentence or an object.
const LONGEST: usize = 500;

/// Something that is the matter now. Its texts are one line each, and every address in them is masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    pub(super) kind: IncidentKind,
    pub(super) object: String,
    pub(super) severity: Severity,
    pub(super) sentence: String,
    pub(super) since: Option<Timestamp>,
    pub(super) level: u32,
}

/// All that was seen at one moment, and what could not be looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    seen: BTreeMap<(IncidentKind, String), Observation>,
    unseen: BTreeSet<IncidentKind>,
}

impl Observation {
    /// This is the matter with that, since an instant if it is known.
    pub fn new(kind: IncidentKind, object: &str, severity: Severity, sentence: &str, since: Option<Timestamp>) -> Self {
        Self { kind, object: line(object), severity, sentence: line(sentence), since, level: 0 }
    }

    /// The same, so far along: of one severity a higher level is told again.
    #[must_use]
    pub fn at_level(self, level: u32) -> Self {
        Self { level, ..self }
    }

    /// How far along it is.
    pub fn level(&self) -> u32 {
        self.level
    }

    /// What kind of thing it is.
    pub fn kind(&self) -> IncidentKind {
        self.kind
    }

    /// Whom or what it concerns.
    pub fn object(&self) -> &str {
        &self.object
    }

    /// How soon somebody must act.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What is the matter, in French.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// Since when, if that is known.
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }

    pub(super) fn key(&self) -> (IncidentKind, String) {
        (self.kind, self.object.clone())
    }
}

impl Sight {
    /// Adds what was seen; of two of one kind and object the graver stays.
    pub fn see(&mut self, observation: Observation) {
        let key = observation.key();
        if self.seen.get(&key).is_none_or(|known| known.severity < observation.severity) {
            self.seen.insert(key, observation);
        }
    }

    /// This kind could not be looked at: what is open of it stays open.
    pub fn miss(&mut self, kind: IncidentKind) {
        self.unseen.insert(kind);
    }

    /// What was seen.
    pub fn seen(&self) -> impl Iterator<Item = &Observation> {
        self.seen.values()
    }

    pub(super) fn get(&self, key: &(IncidentKind, String)) -> Option<&Observation> {
        self.seen.get(key)
    }

    pub(super) fn is_missed(&self, kind: IncidentKind) -> bool {
        self.unseen.contains(&kind)
    }
}

impl Extend<Observation> for Sight {
    fn extend<T: IntoIterator<Item = Observation>>(&mut self, observations: T) {
        observations.into_iter().for_each(|observation| self.see(observation));
    }
}

fn line(text: &str) -> String {
    let text: String = text.chars().map(|one| if one.is_control() { ' ' } else { one }).take(LONGEST).collect();
    mask_all(&text)
}
