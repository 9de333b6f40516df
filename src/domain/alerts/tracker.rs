//! From what is seen to what opens, goes on, gets worse and closes.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{AlertSettings, Incident, IncidentKind, Observation, Sight};
use base::config_values::Span;

/// How often it is kept that an open incident was seen: more often would only write.
const KEEP: Span = Span::seconds(60);

/// What becomes of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A new one, since an instant.
    Open {
        /// What was seen.
        observation: Observation,
        /// Since when its cause lasts.
        since: Timestamp,
    },
    /// It lasts: nobody is told.
    Seen {
        /// Its number.
        numero: i64,
        /// What is seen.
        observation: Observation,
    },
    /// It became graver.
    Worsen {
        /// Its number.
        numero: i64,
        /// What is seen.
        observation: Observation,
    },
    /// It lasts for so long that people are told again.
    Remind {
        /// Its number.
        numero: i64,
        /// What is seen.
        observation: Observation,
    },
    /// It is over.
    Close {
        /// Its number.
        numero: i64,
    },
}

/// What was seen and has not lasted long enough to be an incident.
#[derive(Debug, Clone)]
pub struct IncidentTracker {
    began: Timestamp,
    pending: BTreeMap<(IncidentKind, String), Pending>,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    first: Timestamp,
    last: Timestamp,
}

impl IncidentTracker {
    /// From now on it is watched.
    pub fn new(now: Timestamp) -> Self {
        Self { began: now, pending: BTreeMap::new() }
    }

    /// What is to be done, in an order that is always the same. `open` are the incidents that are open.
    ///
    /// What is seen now and was seen `open_after` ago opens, with gaps shorter than that: what flickers opens once. What
    /// was not seen for `close_after` closes, the time before this watch began not counted, since nobody looked.
    pub fn judge(&mut self, sight: &Sight, open: &[Incident], settings: &AlertSettings, now: Timestamp) -> Vec<Change> {
        let known: BTreeMap<_, _> = open.iter().map(|one| ((one.kind, one.objet.clone()), one)).collect();
        let lasting = known.iter().filter_map(|(key, incident)| match sight.get(key) {
            Some(observation) => lasts(incident, observation, settings, now),
            None => self.is_over(incident, sight, settings, now).then_some(Change::Close { numero: incident.numero }),
        });
        let lasting: Vec<Change> = lasting.collect();
        self.forget(settings, now);
        let opening = sight.seen().filter(|one| !known.contains_key(&one.key()));
        let opened: Vec<Change> = opening.filter_map(|one| self.opens(one, settings, now)).collect();
        opened.into_iter().chain(lasting).collect()
    }

    fn is_over(&self, incident: &Incident, sight: &Sight, settings: &AlertSettings, now: Timestamp) -> bool {
        !sight.is_missed(incident.kind) && is_past(incident.vu_a.max(self.began), settings.close_after, now)
    }

    fn forget(&mut self, settings: &AlertSettings, now: Timestamp) {
        self.pending.retain(|_, pending| !is_past(pending.last, settings.open_after, now));
    }

    fn opens(&mut self, seen: &Observation, settings: &AlertSettings, now: Timestamp) -> Option<Change> {
        let pending = self.pending.entry(seen.key()).or_insert(Pending { first: now, last: now });
        pending.last = now;
        let since = seen.since.unwrap_or(pending.first).min(pending.first);
        if !seen.kind.is_event() && !seen.kind.is_measured() && !is_past(since, settings.open_after, now) {
            return None;
        }
        self.pending.remove(&seen.key());
        Some(Change::Open { observation: seen.clone(), since })
    }
}

fn lasts(incident: &Incident, seen: &Observation, settings: &AlertSettings, now: Timestamp) -> Option<Change> {
    let (numero, observation) = (incident.numero, seen.clone());
    if (seen.severity, seen.level) > (incident.gravite, incident.niveau) {
        return Some(Change::Worsen { numero, observation });
    }
    if is_past(incident.rappele_a, settings.remind_after, now) {
        return Some(Change::Remind { numero, observation });
    }
    let is_news = seen.sentence != incident.phrase || seen.severity != incident.gravite;
    (is_past(incident.vu_a, KEEP, now) || is_news && is_past(incident.vu_a, Span::seconds(10), now))
        .then_some(Change::Seen { numero, observation })
}

/// Whether so long has passed since.
fn is_past(since: Timestamp, span: Span, now: Timestamp) -> bool {
    span.has_passed(since, now)
}
