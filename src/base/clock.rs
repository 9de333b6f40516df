//! The time as a parameter, so that deadlines and ages can be tested without waiting.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// Where the time comes from. Clones of a manual clock share one time.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until it is advanced.
    Manual(Arc<Mutex<Manual>>),
}

/// What a manual clock shows, and how much of it passed.
#[derive(Debug, Clone, Copy)]
pub struct Manual {
    now: Timestamp,
    passed: SignedDuration,
}

/// A clock that somebody set, or that was corrected: what it shows is not what passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jump {
    /// What it showed when it was last looked at.
    pub last: Timestamp,
    /// What it shows now.
    pub now: Timestamp,
    /// By how much it was set forward; below zero if it was set back.
    pub by: SignedDuration,
}

/// Sees a clock jump, by time that only passes. A clock that is slewed, as NTP does, does not jump.
#[derive(Debug)]
pub struct JumpWatch {
    clock: Clock,
    last: Mutex<ClockReading>,
}

#[derive(Debug, Clone, Copy)]
struct ClockReading {
    now: Timestamp,
    passed: SignedDuration,
}

impl Clock {
    /// A clock that stands at `now` until it is advanced.
    pub fn manual(now: Timestamp) -> Self {
        Self::Manual(Arc::new(Mutex::new(Manual { now, passed: SignedDuration::ZERO })))
    }

    /// The present instant, UTC.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Manual(manual) => manual.lock().unwrap_or_else(PoisonError::into_inner).now,
        }
    }

    /// Lets time pass on a manual clock; the system clock is left alone.
    pub fn advance(&self, by: SignedDuration) {
        self.change(by, by);
    }

    /// Sets a manual clock forward or back without time passing; the system clock is left alone.
    pub fn jump(&self, by: SignedDuration) {
        self.change(by, SignedDuration::ZERO);
    }

    fn change(&self, shown: SignedDuration, passed: SignedDuration) {
        if let Self::Manual(manual) = self {
            let mut manual = manual.lock().unwrap_or_else(PoisonError::into_inner);
            manual.now = manual.now.saturating_add(shown).unwrap_or(manual.now);
            manual.passed = manual.passed.saturating_add(passed);
        }
    }

    /// How much time passed since some fixed moment, whatever the clock was set to meanwhile: what waits within a process
    /// are measured by.
    pub fn passed(&self) -> SignedDuration {
        static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::System => SignedDuration::try_from(BEGIN.elapsed()).unwrap_or(SignedDuration::MAX),
            Self::Manual(manual) => manual.lock().unwrap_or_else(PoisonError::into_inner).passed,
        }
    }

    fn look(&self) -> ClockReading {
        ClockReading { passed: self.passed(), now: self.now() }
    }
}

impl JumpWatch {
    /// What is less is no jump: two looks are never taken at the same instant.
    pub const TOLERANCE: SignedDuration = SignedDuration::from_secs(2);

    /// Watches a clock from now on.
    pub fn new(clock: Clock) -> Self {
        Self { last: Mutex::new(clock.look()), clock }
    }

    /// The jump since the last look. It is told again at each look until it is [accepted](Self::accept).
    pub fn look(&self) -> Option<Jump> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let look = self.clock.look();
        let by = look.now.duration_since(last.now).saturating_sub(look.passed.saturating_sub(last.passed));
        if by.abs() > Self::TOLERANCE {
            return Some(Jump { last: last.now, now: look.now, by });
        }
        *last = look;
        None
    }

    /// What depended on the clock was put right: from now on it is watched as it goes.
    pub fn accept(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = self.clock.look();
    }
}
