//! Its services with their last known values, each as old as it is.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::WebState;
use crate::pages::components::{badge, freshness, moment};
use domain::alerts::BoardRow;
use domain::finess::Finess;
use domain::labels;
use store::search::LastValue;

/// What is shown of one service.
#[derive(Default)]
struct ServiceView<'a> {
    label: String,
    row: Option<&'a BoardRow>,
    levels: Vec<&'a LastValue>,
}

pub(super) fn show(state: &WebState, finess: Finess, levels: &[LastValue]) -> Markup {
    let board = state.bulletin().board();
    let rows: Vec<&BoardRow> = board.iter().flat_map(|board| board.services_of(finess)).collect();
    let (seen, unseen): (Vec<_>, Vec<_>) =
        services(state, finess, &rows, levels).into_iter().partition(|(_, service)| !service.levels.is_empty());
    html! {
        section aria-labelledby="services" {
            h2 #services { "Services et dernières valeurs connues" }
            @if seen.is_empty() { p { "Aucune valeur reçue." } } @else { (table(&seen, state)) }
            @if !unseen.is_empty() {
                details {
                    summary { "Services du référentiel dont rien n’est arrivé : " (unseen.len()) }
                    ul { @for (code, service) in &unseen { li { span.service { (code) } " " (service.label) } } }
                }
            }
        }
    }
}

/// Those of the referential and those that something came for, by code.
fn services<'a>(
    state: &WebState,
    finess: Finess,
    rows: &[&'a BoardRow],
    levels: &'a [LastValue],
) -> BTreeMap<String, ServiceView<'a>> {
    let mut services: BTreeMap<String, ServiceView<'a>> = BTreeMap::new();
    for (code, known) in state.referential().services_of(finess) {
        let label = if known.open { known.label.clone() } else { format!("{} (fermé)", known.label) };
        services.entry(code.to_string()).or_default().label = label;
    }
    for level in levels {
        services.entry(level.service.clone()).or_default().levels.push(level);
    }
    for row in rows {
        let code = row.expected.service.as_ref().map(ToString::to_string).unwrap_or_default();
        services.entry(code).or_default().row = Some(row);
    }
    services
}

fn table(services: &[(String, ServiceView<'_>)], state: &WebState) -> Markup {
    html! {
        div.large {
            table.cartes {
                caption.invisible { "Un service par ligne" }
                thead { tr {
                    th scope="col" { "Service" } th scope="col" { "Fraîcheur" } th scope="col" { "Dernières valeurs" }
                    th scope="col" { "Relevé" }
                } }
                tbody { @for (code, service) in services { (line(code, service, state)) } }
            }
        }
    }
}

fn line(code: &str, service: &ServiceView<'_>, state: &WebState) -> Markup {
    let newest = service.levels.iter().map(|level| level.date_releve).max();
    html! {
        tr class=[service.row.and_then(freshness::class)] {
            th scope="row" data-nom="Service" { span { strong { (code) } " " (service.label) } }
            td data-nom="Fraîcheur" {
                @match service.row {
                    Some(row) => {
                        span {
                            (freshness::state(row.freshness.state))
                            @for remark in freshness::remarks(row, state.now()) { br; (remark) }
                        }
                    }
                    None => { "—" }
                }
            }
            td data-nom="Valeurs" { ul.valeurs { @for level in &service.levels { li { (value(level)) } } } }
            td data-nom="Relevé" {
                @if let Some(at) = newest { (moment::ago(at, state.now())) br; (moment::moment(at)) }
            }
        }
    }
}

fn value(level: &LastValue) -> Markup {
    let is_sent = level.etat == "transmise";
    html! {
        a href={ "/courriels/" (level.courriel) } { (labels::count(&level.count)) }
        @if !is_sent {
            @if let Ok(etat) = level.etat.parse() { " " (badge::etat(etat)) }
            @if let Some((at, nombre)) = level.acquitte {
                " — le ROR porte " (nombre) ", relevé du " (moment::moment(at))
            }
        }
        @if let Some((at, nombre)) = level.ror { " — saisi au ROR : " (nombre) ", relevé du " (moment::moment(at)) }
    }
}
