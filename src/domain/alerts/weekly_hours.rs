//! The hours of the week, on the clocks of France, at which something usually comes: nights and week-ends are no silence
//! of who never sends then.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::baseline::between;
use crate::outcome::paris;

const HOURS_OF_WEEK: usize = 168;
/// The longest time that is counted hour by hour; beyond it every hour counts.
const LONGEST_COUNT: SignedDuration = SignedDuration::from_hours(24 * 35);

/// For each hour of the week, the weeks in which something came, one bit each: the last eight in which anything did.
#[derive(Debug, Clone)]
pub(super) struct Weeks {
    came: [u8; HOURS_OF_WEEK],
    /// The newest of them, and its bit.
    newest: i64,
    bit: u32,
}

/// The hours of the week at which something usually comes.
#[derive(Debug, Clone)]
pub(super) struct Hours([bool; HOURS_OF_WEEK]);

/// An hour of a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    week: i64,
    hour: usize,
}

impl Default for Weeks {
    fn default() -> Self {
        Self { came: [0; HOURS_OF_WEEK], newest: i64::MIN, bit: 0 }
    }
}

impl Weeks {
    /// Something came. What comes late, from a week before the newest, says nothing.
    pub(super) fn note(&mut self, at: Timestamp) {
        let slot = slot(at);
        if slot.week > self.newest {
            self.newest = slot.week;
            self.bit = (self.bit + 1) % u8::BITS;
            self.came.iter_mut().for_each(|weeks| *weeks &= !(1 << self.bit));
        }
        if slot.week == self.newest
            && let Some(weeks) = self.came.get_mut(slot.hour)
        {
            *weeks |= 1 << self.bit;
        }
    }

    /// An hour is a usual one if something came in it, or beside it, in at least half of the weeks in which anything did.
    /// The weeks of a silence do not count, or it would become usual.
    pub(super) fn hours(&self) -> Hours {
        let known = self.came.iter().fold(0, |weeks, one| weeks | one).count_ones();
        let mut usual = [false; HOURS_OF_WEEK];
        for (hour, usual) in usual.iter_mut().enumerate() {
            let around = [hour + HOURS_OF_WEEK - 1, hour, hour + 1].map(|one| one % HOURS_OF_WEEK);
            let weeks = around.iter().filter_map(|one| self.came.get(*one)).fold(0, |weeks, one| weeks | one);
            *usual = weeks != 0 && weeks.count_ones() * 2 >= known;
        }
        Hours(usual)
    }
}

impl Hours {
    pub(super) fn is_usual(&self, at: Timestamp) -> bool {
        self.0.get(slot(at).hour).copied().unwrap_or(true)
    }

    /// How much of the time between two instants falls into usual hours.
    pub(super) fn between(&self, from: Timestamp, to: Timestamp) -> Duration {
        if to.duration_since(from) > LONGEST_COUNT {
            return between(from, to);
        }
        let (mut at, mut counted) = (from, Duration::ZERO);
        while at < to {
            let end = next_hour(at).min(to);
            if self.is_usual(at) {
                counted += between(at, end);
            }
            at = end;
        }
        counted
    }
}

fn next_hour(at: Timestamp) -> Timestamp {
    let seconds = at.as_second().div_euclid(3600).saturating_add(1).saturating_mul(3600);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

/// The zone is whole hours from UTC, so that an hour there is an hour here.
fn slot(at: Timestamp) -> Slot {
    let local = at.as_second() + i64::from(paris().to_offset(at).seconds());
    // The epoch was a Thursday: with three days more, weeks begin on Mondays.
    let hours = local.div_euclid(3600) + 3 * 24;
    Slot { week: hours.div_euclid(168), hour: usize::try_from(hours.rem_euclid(168)).unwrap_or_default() }
}
