//! What people did about a mail or an establishment, for their colleagues.

use maud::{Markup, html};

use super::moment;
use domain::access::audit::{Record, name_of};

/// The most that a page tells.
pub(in crate::pages) const SHOWN: u32 = 50;

/// One deed without its date: « réponse renvoyée par … ».
pub(in crate::pages) fn deed(record: &Record) -> Markup {
    html! {
        strong { (record.in_words()) } " par " (name_of(&record.qui))
        @match (record.avant.as_str(), record.apres.as_str()) {
            ("", "") => {},
            ("", after) => { " : " (after) }
            (before, "") => { " : fin de « " (before) " »" }
            (before, after) => { " : " (before) " → " (after) }
        }
        @if !record.note.is_empty() { " (« " (record.note) " »)" }
    }
}

/// All of them, the newest first; nothing where nothing was done.
pub(in crate::pages) fn section(records: &[Record]) -> Markup {
    html! {
        @if !records.is_empty() {
            section aria-labelledby="interventions" {
                h2 #interventions { "Interventions" }
                ol.chronologie {
                    @for record in records { li { (moment::to_the_second(record.a)) " " span { (deed(record)) } } }
                }
            }
        }
    }
}
