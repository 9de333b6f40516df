//! When to try again: a schedule as data, with jitter, and a server's own wish clamped.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config_values::Span;

/// How much shorter or longer a wait may be than its step, as a part of it.
const JITTER: f64 = 0.2;

/// Les attentes successives avant chaque nouvel essai ; la dernière se répète sans fin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<Span>", into = "Vec<Span>")]
#[schemars(with = "Vec<Span>")]
pub struct Schedule {
    steps: Vec<Span>,
    last: Span,
}

/// A schedule without a single step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("la liste des attentes est vide")]
pub struct EmptySchedule;

impl Schedule {
    /// The wait after so many failed attempts (from 0), with ±20 % of jitter. `random` is uniform
    /// in 0..1. A `Retry-After` is honoured between the step and the last step.
    pub fn wait(&self, attempts: u32, retry_after: Option<Duration>, random: f64) -> Duration {
        let rank = usize::try_from(attempts).unwrap_or(usize::MAX);
        let step = self.steps.get(rank).copied().unwrap_or(self.last).get();
        let step = step.mul_f64(1.0 - JITTER + 2.0 * JITTER * random.clamp(0.0, 1.0));
        retry_after.map_or(step, |wish| wish.clamp(step, self.last.get().max(step)))
    }

    /// The longest wait that it gives.
    pub fn longest(&self) -> Duration {
        self.steps.iter().map(|step| step.get()).max().unwrap_or_default().mul_f64(1.0 + JITTER)
    }

    /// Whether so many failed attempts went through every step.
    pub fn is_spent(&self, attempts: u32) -> bool {
        usize::try_from(attempts).is_ok_and(|attempts| attempts >= self.steps.len())
    }

    /// The wait that repeats.
    pub fn last(&self) -> Duration {
        self.last.get()
    }
}

impl TryFrom<Vec<Span>> for Schedule {
    type Error = EmptySchedule;

    fn try_from(steps: Vec<Span>) -> Result<Self, Self::Error> {
        let last = *steps.last().ok_or(EmptySchedule)?;
        Ok(Self { steps, last })
    }
}

impl From<Schedule> for Vec<Span> {
    fn from(schedule: Schedule) -> Self {
        schedule.steps
    }
}

impl Default for Schedule {
    fn default() -> Self {
        let steps = [5, 30, 120, 300, 900, 1800, 3600].map(Span::seconds).to_vec();
        Self { steps, last: Span::seconds(3600) }
    }
}
