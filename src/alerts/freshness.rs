//! How fresh what an establishment or a service sends is, beside how often it should send.

use std::time::Duration;

use jiff::Timestamp;

use super::{Habit, Settings};
use crate::setting::Span;

/// How a sender of counts does. Ordered as operators look: the silent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing for much longer than its cadence.
    Silent,
    /// Nothing for somewhat longer than its cadence.
    Late,
    /// Nothing at all yet.
    NeverSeen,
    /// As expected, or nobody knows what to expect.
    OnTime,
}

/// How often something is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// As the referential says, night and day.
    Declared(Span),
    /// As it was in the last weeks, at the hours at which it usually sends.
    Learned(Span),
}

/// How fresh it is at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// How it does.
    pub state: State,
    /// When something last came.
    pub last: Option<Timestamp>,
    /// How often it is expected; `None` while nobody knows.
    pub cadence: Option<Cadence>,
    /// For how long nothing came, the hours at which nothing usually comes left out if the cadence is learned.
    pub quiet: Duration,
    /// Until when an operator wants to hear nothing of it.
    pub muted_until: Option<Timestamp>,
}

/// How many cadences make late and silent: twice the number, so that it is whole.
struct Patience {
    late: u32,
    silent: u32,
}

const USUAL: Patience = Patience { late: 3, silent: 6 };
const TENSION: Patience = Patience { late: 2, silent: 3 };

impl State {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::OnTime => "a-l-heure",
            Self::Late => "en-retard",
            Self::Silent => "silencieux",
            Self::NeverSeen => "jamais-vu",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::OnTime => "à l’heure",
            Self::Late => "en retard",
            Self::Silent => "silencieux",
            Self::NeverSeen => "jamais vu",
        }
    }
}

impl Cadence {
    /// How often.
    pub fn span(self) -> Span {
        match self {
            Self::Declared(span) | Self::Learned(span) => span,
        }
    }
}

impl Freshness {
    /// What is declared goes before what was learned. Late after one and a half cadences, silent after three; in tension
    /// after one, and one and a half, of a cadence that is at most `tension_cadence`.
    pub fn of(declared: Option<Span>, habit: &Habit, settings: &Settings, now: Timestamp) -> Self {
        let last = habit.last();
        let cadence = declared.map(Cadence::Declared).or_else(|| habit.cadence(now).map(Cadence::Learned));
        let Some(since) = last else {
            return Self { state: State::NeverSeen, last, cadence, quiet: Duration::ZERO, muted_until: None };
        };
        let quiet = match cadence {
            Some(Cadence::Learned(_)) if !settings.tension => habit.usual_time(since, now),
            _ => Duration::try_from(now.duration_since(since)).unwrap_or_default(),
        };
        let state = cadence.map_or(State::OnTime, |cadence| state(cadence, quiet, settings));
        Self { state, last, cadence, quiet, muted_until: None }
    }

    /// The same, with until when an operator wants to hear nothing of it.
    #[must_use]
    pub fn muted(self, until: Option<Timestamp>) -> Self {
        Self { muted_until: until, ..self }
    }

    /// Whether nothing of it is to be told now.
    pub fn is_muted(&self, now: Timestamp) -> bool {
        self.muted_until.is_some_and(|until| now < until)
    }
}

fn state(cadence: Cadence, quiet: Duration, settings: &Settings) -> State {
    let (patience, cadence) = if settings.tension {
        (TENSION, cadence.span().min(settings.tension_cadence))
    } else {
        (USUAL, cadence.span())
    };
    let many = |halves: u32| cadence.get().saturating_mul(halves) / 2;
    match quiet {
        quiet if quiet >= many(patience.silent).max(settings.silence_minimum.get()) => State::Silent,
        quiet if quiet >= many(patience.late) => State::Late,
        _ => State::OnTime,
    }
}
