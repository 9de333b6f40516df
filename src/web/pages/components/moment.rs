//! Instants and ages as people of the mainland read them, with the exact instant for whoever needs it.

use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, html};

use domain::outcome::{in_paris, paris, whole_seconds};

/// « 23/11/2026 à 07:55 ».
pub(in crate::pages) fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(whole_seconds(at)) { (in_paris(at)) } }
}

/// The same, to the second.
pub(in crate::pages) fn to_the_second(at: Timestamp) -> Markup {
    html! { time datetime=(whole_seconds(at)) { (written(at, "%d/%m/%Y à %H:%M:%S")) } }
}

/// « il y a 12 min ».
pub(in crate::pages) fn ago(at: Timestamp, now: Timestamp) -> Markup {
    html! { time datetime=(whole_seconds(at)) title=(in_paris(at)) { (ago_text(at, now)) } }
}

/// The same as text.
pub(in crate::pages) fn ago_text(at: Timestamp, now: Timestamp) -> String {
    match Duration::try_from(now.duration_since(at)) {
        Ok(age) if age.as_secs() >= 60 => format!("il y a {}", age_text(age)),
        _ => "à l’instant".to_owned(),
    }
}

/// `45 s`, `12 min`, `3 h`, `2 j`.
pub(in crate::pages) fn age_text(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds}\u{a0}s"),
        seconds @ 120..7200 => format!("{}\u{a0}min", seconds / 60),
        seconds @ 7200..172_800 => format!("{}\u{a0}h", seconds / 3600),
        seconds => format!("{}\u{a0}j", seconds / 86_400),
    }
}

/// An instant in Paris by a pattern of `strftime`.
pub(in crate::pages) fn written(at: Timestamp, pattern: &str) -> String {
    at.to_zoned_datetime(paris()).strftime(pattern).to_string()
}
