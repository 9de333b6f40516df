//! The circuit breaker before the ROR: when it is ill, it is left in peace and tried with one
//! request at a time.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Closed, open until an instant, or half open.
#[derive(Debug, Clone)]
pub struct Breaker {
    threshold: usize,
    pause: Duration,
    /// Failures of the connection since the last success, and what failed besides.
    failures: usize,
    failed: BTreeSet<Failed>,
    open_until: Option<Timestamp>,
}

/// What a failure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failed {
    /// No request reached the ROR: each counts.
    Connection,
    /// The request of this row: however often it fails, it may be the only one to.
    Row(i64),
    /// The request of this removal, likewise.
    Removal(i64),
}

impl Breaker {
    /// Opens after `threshold` failures in a row, of which each row and each removal counts once, for `pause`.
    pub fn new(threshold: u32, pause: Duration) -> Self {
        let threshold = usize::try_from(threshold.max(1)).unwrap_or(usize::MAX);
        Self { threshold, pause, failures: 0, failed: BTreeSet::new(), open_until: None }
    }

    /// How many locations may be served now, of at most `ceiling`: none while it is open, one while
    /// it is half open.
    pub fn allowance(&self, ceiling: u32, now: Timestamp) -> u32 {
        match self.open_until {
            None => ceiling,
            Some(until) if now < until => 0,
            Some(_) => 1,
        }
    }

    /// Whether requests are kept back, but for a trial.
    pub fn is_open(&self) -> bool {
        self.open_until.is_some()
    }

    /// The ROR answered a request as it should, be it with a refusal. Returns whether the breaker
    /// closes with it.
    pub fn success(&mut self) -> bool {
        self.failures = 0;
        self.failed.clear();
        self.open_until.take().is_some()
    }

    /// A request failed; while it is half open, that was the trial. Returns whether the breaker opens with it.
    pub fn failure(&mut self, of: Failed, now: Timestamp) -> bool {
        match of {
            Failed::Connection => self.failures = self.failures.saturating_add(1),
            // Bounded by the threshold: with so many it opens.
            of => drop(self.failed.insert(of)),
        }
        let count = self.failures.saturating_add(self.failed.len());
        (self.is_open() || count >= self.threshold) && self.open(now)
    }

    /// The fault is on our side: no request can succeed until someone mends it. Returns whether the
    /// breaker opens with it.
    pub fn our_fault(&mut self, now: Timestamp) -> bool {
        self.open(now)
    }

    /// The server asked to be left alone for so long. Returns whether the breaker opens with it.
    pub fn asked_to_wait(&mut self, wait: Duration, now: Timestamp) -> bool {
        self.open_for(wait, now)
    }

    /// The clock was set by so much: what is left of the pause stays.
    pub fn clock_set(&mut self, by: SignedDuration) {
        self.open_until = self.open_until.map(|until| until.saturating_add(by).unwrap_or(until));
    }

    fn open(&mut self, now: Timestamp) -> bool {
        self.failed.clear();
        self.failures = 0;
        self.open_for(self.pause, now)
    }

    fn open_for(&mut self, wait: Duration, now: Timestamp) -> bool {
        let news = self.open_until.is_none();
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO);
        let until = now.saturating_add(wait).unwrap_or(now);
        self.open_until = self.open_until.max(Some(until));
        news
    }
}
