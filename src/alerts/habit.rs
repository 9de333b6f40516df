//! What is remembered of when a service or an establishment sends: little enough for thousands of them.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::outcome::paris;
use crate::setting::Span;

/// The most arrivals remembered one by one.
const RECENT: usize = 64;
/// How many weeks back the hours of the week count.
const WEEKS: i64 = 8;
/// Fewer intervals say nothing about a cadence.
const LEAST_INTERVALS: usize = 5;
/// An hour of the week is a usual one if something came in it, or beside it, in at least one of so many weeks.
const ONE_WEEK_IN: u32 = 2;
/// The longest silence that is counted hour by hour; beyond it every hour counts.
const LONGEST_COUNT: SignedDuration = SignedDuration::from_hours(24 * 70);

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const HOURS_OF_WEEK: usize = 168;

/// When one service or establishment sent: the last arrivals, and in which hours of the last weeks something came.
#[derive(Debug, Clone)]
pub struct Habit {
    recent: BTreeSet<Timestamp>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    /// For each hour of the week, the weeks in which something came: bit `n` is week number `n` modulo eight.
    hours: [u8; HOURS_OF_WEEK],
    /// The newest week that `hours` speaks of.
    week: i64,
}

impl Default for Habit {
    fn default() -> Self {
        Self { recent: BTreeSet::new(), first: None, last: None, hours: [0; HOURS_OF_WEEK], week: 0 }
    }
}

/// An hour of a week, on the clocks of France.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    week: i64,
    hour: usize,
}

impl Habit {
    /// Something came; in any order, and twice is once.
    pub fn note(&mut self, at: Timestamp) {
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = self.last.max(Some(at));
        self.recent.insert(at);
        if self.recent.len() > RECENT {
            self.recent.pop_first();
        }
        self.note_slot(slot(at));
    }

    /// When something last came.
    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// How many of the remembered arrivals came after an instant.
    pub fn since(&self, at: Timestamp) -> usize {
        self.recent.range(at..).filter(|one| **one > at).count()
    }

    /// The median interval between the last arrivals, in hours at which something usually comes; `None` while too few
    /// are known.
    pub fn cadence(&self, now: Timestamp) -> Option<Span> {
        let pairs = self.recent.iter().zip(self.recent.iter().skip(1));
        let mut intervals: Vec<Duration> = pairs.map(|(one, next)| self.usual_time_at(*one, *next, now)).collect();
        if intervals.len() < LEAST_INTERVALS {
            return None;
        }
        intervals.sort_unstable();
        let median = intervals.get(intervals.len() / 2).copied()?;
        Some(Span::seconds(median.as_secs().max(60)))
    }

    /// How much of the time between two instants falls into hours at which something usually comes.
    pub fn usual_time(&self, from: Timestamp, to: Timestamp) -> Duration {
        self.usual_time_at(from, to, to)
    }

    fn usual_time_at(&self, from: Timestamp, to: Timestamp, now: Timestamp) -> Duration {
        let whole = to.duration_since(from);
        if whole > LONGEST_COUNT || !self.is_settled(now) {
            return Duration::try_from(whole).unwrap_or_default();
        }
        let (mut at, mut counted) = (from, SignedDuration::ZERO);
        while at < to {
            let end = next_hour(at).min(to);
            if self.is_usual(slot(at).hour, now) {
                counted += end.duration_since(at);
            }
            at = end;
        }
        Duration::try_from(counted).unwrap_or_default()
    }

    /// Whether enough weeks are known to tell its hours: otherwise every hour counts.
    fn is_settled(&self, now: Timestamp) -> bool {
        self.first.is_some_and(|first| now.duration_since(first) >= SignedDuration::from_hours(24 * 14))
    }

    /// Whether something usually comes in this hour of the week, or in one beside it. The weeks of its silence do not
    /// count, or it would become usual.
    fn is_usual(&self, hour: usize, now: Timestamp) -> bool {
        let known = self.weeks_known(now);
        let around = [hour + HOURS_OF_WEEK - 1, hour, hour + 1].map(|one| one % HOURS_OF_WEEK);
        let weeks = around.iter().filter_map(|one| self.hours.get(*one)).fold(0, |weeks, one| weeks | one);
        weeks.count_ones() * ONE_WEEK_IN >= known
    }

    fn weeks_known(&self, now: Timestamp) -> u32 {
        let (Some(first), Some(last)) = (self.first, self.last) else { return 1 };
        let weeks = slot(last.min(now)).week - slot(first).week + 1;
        u32::try_from(weeks.clamp(1, WEEKS)).unwrap_or(1)
    }

    fn note_slot(&mut self, slot: Slot) {
        if slot.week > self.week {
            let forget = (self.week + 1..=slot.week).rev().take(8).fold(0, |bits, week| bits | bit(week));
            self.hours.iter_mut().for_each(|weeks| *weeks &= !forget);
            self.week = slot.week;
        }
        if slot.week > self.week - WEEKS
            && let Some(weeks) = self.hours.get_mut(slot.hour)
        {
            *weeks |= bit(slot.week);
        }
    }
}

fn bit(week: i64) -> u8 {
    1 << week.rem_euclid(WEEKS)
}

fn next_hour(at: Timestamp) -> Timestamp {
    let seconds = at.as_second().div_euclid(3600).saturating_add(1).saturating_mul(3600);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

/// The zone is compiled in; its hours are whole, so that an hour there is an hour in UTC.
fn slot(at: Timestamp) -> Slot {
    let local = at.as_second() + i64::from(paris().to_offset(at).seconds());
    let hours = local.div_euclid(HOUR.as_secs());
    // The epoch was a Thursday: with three days more, weeks begin on Mondays.
    let hours = hours + 3 * 24;
    let week = hours.div_euclid(168);
    Slot { week, hour: usize::try_from(hours.rem_euclid(168)).unwrap_or_default() }
}
