//! What is remembered of when a service or an establishment sends: little enough for thousands of them.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::weekly_hours::{Hours, Weeks};

/// The most arrivals remembered one by one.
const RECENT: usize = 40;
/// Fewer intervals say nothing about a cadence.
const LEAST_INTERVALS: usize = 5;
/// Hours of the week say nothing before it has sent for so long.
const SETTLED: SignedDuration = SignedDuration::from_hours(24 * 14);

/// When one service or establishment sent: the last arrivals, and in which hours of the last weeks something came.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    recent: BTreeSet<Timestamp>,
    first: Option<Timestamp>,
    heard: Option<Timestamp>,
    weeks: Weeks,
}

impl Baseline {
    /// Something came; in any order, and twice is once.
    pub fn note(&mut self, at: Timestamp) {
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.recent.insert(at);
        if self.recent.len() > RECENT {
            self.recent.pop_first();
        }
        self.weeks.note(at);
    }

    /// Something came at least then; nothing is learned from it.
    pub fn heard(&mut self, at: Timestamp) {
        self.heard = self.heard.max(Some(at));
    }

    /// When something last came.
    pub fn last(&self) -> Option<Timestamp> {
        self.recent.last().copied().max(self.heard)
    }

    /// How many of the remembered arrivals came after an instant.
    pub fn since(&self, at: Timestamp) -> usize {
        self.recent.range(at..).filter(|one| **one > at).count()
    }

    /// The hours of the week at which something usually comes. `None` where they say nothing: too short a past, or
    /// arrivals at any hour.
    pub(super) fn hours(&self) -> Option<Hours> {
        let (first, last) = (self.first?, *self.recent.last()?);
        let hours = (last.duration_since(first) >= SETTLED).then(|| self.weeks.hours())?;
        let within = self.recent.iter().filter(|at| hours.is_usual(**at)).count();
        (within * 2 >= self.recent.len()).then_some(hours)
    }

    /// The median of a measure of the intervals between the last arrivals; `None` while too few are known.
    pub(super) fn median(&self, measure: impl Fn(Timestamp, Timestamp) -> Duration) -> Option<Duration> {
        let pairs = self.recent.iter().zip(self.recent.iter().skip(1));
        let mut intervals: Vec<Duration> = pairs.map(|(one, next)| measure(*one, *next)).collect();
        if intervals.len() < LEAST_INTERVALS {
            return None;
        }
        intervals.sort_unstable();
        intervals.get(intervals.len() / 2).copied()
    }
}

/// The time between two instants, none if the second is not later.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
