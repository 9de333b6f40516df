//! The lines of the journal.

use maud::{Markup, html};

use crate::WebState;
use crate::pages::components::{badge, moment, place};
use crate::query::Given;
use domain::defect::{Actor, Code, Severity};
use domain::labels;
use judging::referential::Referential;
use store::search::{Column, FoundPage, JournalEntry, PlaceNamed, Sort};

/// Places told of one mail.
const PLACES: usize = 2;

/// One line a mail; the columns that sort are links.
pub(super) fn table(given: &Given, found: &FoundPage, state: &WebState) -> Markup {
    let referential = state.referential();
    let sort = given.get("tri").and_then(|text| text.parse().ok()).unwrap_or_default();
    html! {
        div.large {
            table.cartes {
                caption.invisible { "Un courriel par ligne" }
                thead { tr {
                    (head("Reçu", Column::Recu, sort, given)) (head("Expéditeur", Column::Expediteur, sort, given))
                    th scope="col" { "Établissement" } (head("Verdict", Column::Verdict, sort, given))
                    th scope="col" { "Causes" } th scope="col" { "Doit agir" }
                    th scope="col" { "Capacités" } th scope="col" { "Réponse" }
                } }
                tbody { @for entry in &found.lines { (line(entry, &referential)) } }
            }
        }
    }
}

fn head(name: &str, column: Column, sort: Sort, given: &Given) -> Markup {
    let is_its = sort.column == column;
    // The first click on a word sorts from A on, and on a date from the newest on.
    let descending = if is_its { !sort.descending } else { column == Column::Recu };
    let (now, arrow) = if sort.descending { ("descending", " ↓") } else { ("ascending", " ↑") };
    let to = given.with("tri", Sort { column, descending }).address("/journal");
    html! {
        th scope="col" aria-sort=[is_its.then_some(now)] {
            a href=(to) { (name) @if is_its { span aria-hidden="true" { (arrow) } } }
        }
    }
}

fn line(entry: &JournalEntry, referential: &Referential) -> Markup {
    let actors = actors(entry);
    html! {
        tr {
            th scope="row" data-nom="Reçu" {
                a href={ "/courriels/" (entry.numero) } { (moment::moment(entry.recu)) } " "
                span.finess { "n° " (entry.numero) }
            }
            td data-nom="Expéditeur" { (entry.expediteur.as_deref().unwrap_or("(inconnu)")) }
            td data-nom="Établissement" { (places(&entry.lieux, referential)) }
            td data-nom="Verdict" { (badge::verdict(&entry.verdict)) @if entry.traite { " " (badge::framed("neutre", "traité")) } (duplicate(entry)) }
            td data-nom="Causes" { (causes(entry)) }
            td data-nom="Doit agir" { @if actors.is_empty() { "—" } @else { (badge::actors(&actors)) } }
            td data-nom="Capacités" { (none_as_dash(labels::rows(&entry.lignes))) }
            td data-nom="Réponse" { (labels::answer(entry.reponse.as_deref())) }
        }
    }
}

fn none_as_dash(text: String) -> String {
    if text.is_empty() { "—".to_owned() } else { text }
}

fn duplicate(entry: &JournalEntry) -> Markup {
    html! { @if let Some(first) = entry.doublon_de { " " a href={ "/courriels/" (first) } { "du n° " (first) } } }
}

fn causes(entry: &JournalEntry) -> Markup {
    html! {
        @for (rank, cause) in entry.causes.iter().enumerate() {
            @if rank > 0 { ", " }
            (badge::code(&cause.code, cause.nombre))
            @if cause.severite == Severity::Avertissement { " (avert.)" }
        }
        @if entry.causes.is_empty() { "—" }
    }
}

fn places(places: &[PlaceNamed], referential: &Referential) -> Markup {
    html! {
        @for (rank, place) in places.iter().take(PLACES).enumerate() {
            @if rank > 0 { br; }
            (place::establishment(&place.finess, referential))
        }
        @if places.len() > PLACES { br; "et " (places.len() - PLACES) " de plus" }
        @if places.is_empty() { "—" }
    }
}

/// Who must act: on what rejects first, then on what warns; each once.
pub(super) fn actors(entry: &JournalEntry) -> Vec<Actor> {
    let of = |severity| entry.causes.iter().filter(move |cause| cause.severite == severity);
    let codes = of(Severity::Rejet).chain(of(Severity::Avertissement)).filter_map(|cause| cause.code.parse().ok());
    let named = codes.flat_map(|code: Code| code.actors().iter().copied());
    let mut actors = Vec::new();
    for actor in named {
        if !actors.contains(&actor) {
            actors.push(actor);
        }
    }
    actors
}
