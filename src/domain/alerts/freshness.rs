//! How fresh what an establishment or a service sends is, beside how often it should send.

use std::time::Duration;

use jiff::Timestamp;

use super::baseline::between;
use super::{AlertSettings, Baseline};
use base::config_values::Span;

/// How a sender of counts does. Ordered as operators look: the silent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FreshnessState {
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
    pub state: FreshnessState,
    /// When something last came.
    pub last: Option<Timestamp>,
    /// How often it is expected; `None` while nobody knows.
    pub cadence: Option<Cadence>,
    /// Until when an operator wants to hear nothing of it.
    pub muted_until: Option<Timestamp>,
}

impl FreshnessState {
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
    /// What is declared goes before what was learned.
    pub fn of(declared: Option<Span>, habit: &Baseline, settings: &AlertSettings, now: Timestamp) -> Self {
        let learned = || habit.median(between).map(|median| Cadence::Learned(Span::seconds(median.as_secs().max(60))));
        let (last, cadence) = (habit.last(), declared.map(Cadence::Declared).or_else(learned));
        let state = match (last, cadence) {
            (None, _) => FreshnessState::NeverSeen,
            (Some(_), None) => FreshnessState::OnTime,
            (Some(last), Some(cadence)) if settings.tension => in_tension(cadence, between(last, now), settings),
            (Some(last), Some(Cadence::Declared(cadence))) => usual(cadence.get(), between(last, now), settings),
            (Some(last), Some(Cadence::Learned(_))) => by_habit(habit, last, now, settings),
        };
        Self { state, last, cadence, muted_until: None }
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

/// Late after one and a half cadences, silent after three.
fn usual(cadence: Duration, quiet: Duration, settings: &AlertSettings) -> FreshnessState {
    judge(cadence * 3 / 2, cadence * 3, quiet, settings)
}

/// Late after one cadence, silent after one and a half, night and day, and nobody sends more rarely than `tension_cadence`.
fn in_tension(cadence: Cadence, quiet: Duration, settings: &AlertSettings) -> FreshnessState {
    let cadence = cadence.span().min(settings.tension_cadence).get();
    judge(cadence, cadence * 3 / 2, quiet, settings)
}

/// The same as usual, in hours at which something usually comes. An hour more before it is late: usual hours begin a
/// little before, and end a little after, what comes in them.
fn by_habit(habit: &Baseline, last: Timestamp, now: Timestamp, settings: &AlertSettings) -> FreshnessState {
    let hours = habit.hours();
    let measure = |from, to| hours.as_ref().map_or_else(|| between(from, to), |hours| hours.between(from, to));
    let Some(cadence) = habit.median(measure) else { return FreshnessState::OnTime };
    let margin = cadence.min(Duration::from_hours(1));
    judge(cadence * 3 / 2 + margin, cadence * 3, measure(last, now), settings)
}

fn judge(late: Duration, silent: Duration, quiet: Duration, settings: &AlertSettings) -> FreshnessState {
    match quiet {
        quiet if quiet >= silent.max(settings.silence_minimum.get()) => FreshnessState::Silent,
        quiet if quiet >= late => FreshnessState::Late,
        _ => FreshnessState::OnTime,
    }
}
