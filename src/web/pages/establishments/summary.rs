//! What to say on the phone, in the order in which one says it.

use maud::{Markup, html};

use super::history::Rejected;
use crate::WebState;
use crate::pages::components::{freshness, moment};
use domain::alerts::{BoardRow, FreshnessState as Fresh};
use domain::finess::Finess;
use domain::labels;

/// Services named one by one.
const NAMED: usize = 8;

pub(super) fn show(state: &WebState, finess: Finess, rejected: &[Rejected]) -> Markup {
    let board = state.bulletin().board();
    let own = board.as_ref().and_then(|board| board.establishment(finess));
    let services: Vec<&BoardRow> = board.iter().flat_map(|board| board.services_of(finess)).collect();
    html! {
        section.resume aria-labelledby="resume" {
            h2 #resume { "Pour l’appel" }
            ul {
                (silence(own, state))
                (quiet_services(&services))
                (last_rejection(rejected, state))
                @if let Some(contact) = contact(state, finess) { li { "Contact : " strong { (contact) } } }
                li { "Rappeler : un service absent d’un envoi reste inchangé dans le ROR." }
            }
        }
    }
}

fn silence(own: Option<&BoardRow>, state: &WebState) -> Markup {
    let Some(row) = own else { return html! {} };
    html! {
        li {
            (freshness::state(row.freshness.state)) " "
            @match row.freshness.last {
                Some(at) => { "dernier envoi " (moment::ago(at, state.now())) ", le " (moment::moment(at)) }
                None => { "aucun envoi reçu" }
            }
            " ; " @if row.freshness.cadence.is_some() { "attendu " } (freshness::cadence(row.freshness.cadence)) "."
            @for remark in freshness::remarks(row, state.now()) { " " (remark) "." }
        }
    }
}

fn quiet_services(services: &[&BoardRow]) -> Markup {
    let quiet = |row: &&&BoardRow| matches!(row.freshness.state, Fresh::Silent | Fresh::Late);
    let names: Vec<String> = services.iter().filter(quiet).map(|row| named(row)).collect();
    html! {
        @if !names.is_empty() {
            li {
                "Services dont rien n’arrive plus : " (names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "))
                @if names.len() > NAMED { " et " (names.len() - NAMED) " de plus" } "."
            }
        }
    }
}

fn named(row: &BoardRow) -> String {
    let code = row.expected.service.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{} ({code})", row.expected.name)
}

/// What was only tried is no news for a call: nobody waits for its counts.
fn last_rejection(rejected: &[Rejected], state: &WebState) -> Markup {
    html! {
        @match rejected.iter().find(|one| !one.is_trial) {
            None if rejected.is_empty() => { li { "Aucun rejet conservé." } }
            None => { li { "Seuls des essais (mode test) ont été rejetés récemment." } }
            Some(one) => {
                li {
                    "Dernier rejet " (moment::ago(one.entry.recu, state.now())) " ("
                    a href={ "/courriels/" (one.entry.numero) } { "courriel n° " (one.entry.numero) } ", envoyé par "
                    (one.entry.expediteur.as_deref().unwrap_or("un inconnu")) ")"
                    @if let Some(defect) = one.defects.first() {
                        " : " strong { (defect.code()) } " " (defect.message())
                        @if !defect.message().ends_with('.') { "." } " Doit agir : " (labels::actors(defect.code().actors())) ". À corriger : " (defect.hint())
                    }
                }
            }
        }
    }
}

fn contact(state: &WebState, finess: Finess) -> Option<String> {
    state.referential().establishment(finess)?.contact.as_ref().map(ToString::to_string)
}
