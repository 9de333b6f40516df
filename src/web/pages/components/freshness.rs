//! Who sends and who does not: one line of the board of freshness.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{badge, moment};
use domain::alerts::{BoardRow, Cadence, FreshnessState};
use domain::labels;

/// How it does, in a frame.
pub(in crate::pages) fn state(state: FreshnessState) -> Markup {
    let class = match state {
        FreshnessState::Silent => "mauvais",
        FreshnessState::Late => "moyen",
        FreshnessState::NeverSeen => "neutre",
        FreshnessState::OnTime => "bon",
    };
    badge::framed(class, state.label())
}

/// The class of its line.
pub(in crate::pages) fn class(row: &BoardRow) -> Option<&'static str> {
    match row.freshness.state {
        FreshnessState::Silent => Some("ligne-grave"),
        FreshnessState::Late => Some("ligne-retard"),
        FreshnessState::NeverSeen | FreshnessState::OnTime => None,
    }
}

/// When something last came.
pub(in crate::pages) fn last(row: &BoardRow, now: Timestamp) -> Markup {
    if let Some(at) = row.freshness.last {
        html! { (moment::ago(at, now)) br; span.finess { (moment::moment(at)) } }
    } else {
        html! { "jamais" }
    }
}

/// How often it should come.
pub(in crate::pages) fn cadence(cadence: Option<Cadence>) -> Markup {
    let every = |cadence: Cadence| format!("toutes les {}", moment::age_text(cadence.span().get()));
    match cadence {
        Some(Cadence::Declared(_)) => html! { (cadence.map(every).unwrap_or_default()) },
        Some(Cadence::Learned(_)) => html! { (cadence.map(every).unwrap_or_default()) " (constatée)" },
        None => html! { "cadence inconnue" },
    }
}

/// What else is to be known of it: muted, counts that stand still.
pub(in crate::pages) fn remarks(row: &BoardRow, now: Timestamp) -> Vec<String> {
    let muted = row.freshness.muted_until.filter(|until| *until > now);
    let still = &row.stillness;
    let all = [
        muted.map(|until| format!("en silence jusqu’au {}", labels::last_day(until))),
        still.frozen_since.map(|since| format!("valeurs identiques depuis le {}", moment::written(since, "%d/%m"))),
        still.stalled_since.map(|since| format!("date de relevé figée depuis le {}", moment::written(since, "%d/%m"))),
    ];
    all.into_iter().flatten().collect()
}
