//! The establishments, the silent first, and one of them: for whoever answers the phone.

mod history;
mod one;
mod services;
mod summary;

use axum::Router;
use axum::extract;
use axum::routing::get;
use maud::{Markup, html};

use super::components::freshness;
use crate::layout;
use crate::layout::Tab;
use crate::{Visitor, WebRefusal, WebState};
use domain::access::Right;
use domain::alerts::{Board, BoardRow, FreshnessState as Fresh};

/// Their addresses.
pub(super) fn routes() -> Router<WebState> {
    Router::new().route("/etablissements", get(list)).route("/etablissements/{finess}", get(one::show))
}

async fn list(extract::State(state): extract::State<WebState>, visitor: Visitor) -> Result<Markup, WebRefusal> {
    visitor.require(Right::Metadonnees)?;
    let body = html! {
        h1 { "Établissements" }
        @match state.bulletin().board() {
            Some(board) => { p { "Du plus silencieux au plus frais." } (table(&board, &state)) }
            None => { (named(&state)) }
        }
    };
    Ok(layout::page(&visitor, &state, Tab::Etablissements, "Établissements", &body))
}

fn table(board: &Board, state: &WebState) -> Markup {
    html! {
        div.large {
            table.cartes {
                caption.invisible { "Un établissement par ligne" }
                thead { tr {
                    th scope="col" { "Établissement" } th scope="col" { "État" } th scope="col" { "Dernier envoi" }
                    th scope="col" { "Attendu" } th scope="col" { "Services" }
                } }
                tbody { @for row in board.establishments() { (line(row, board, state)) } }
            }
        }
    }
}

fn line(row: &BoardRow, board: &Board, state: &WebState) -> Markup {
    let (finess, now) = (row.expected.finess, state.now());
    html! {
        tr class=[freshness::class(row)] {
            th scope="row" data-nom="Nom" {
                span { a href={ "/etablissements/" (finess) } { (row.expected.name) } " " span.finess { (finess) } }
            }
            td data-nom="État" {
                (freshness::state(row.freshness.state))
                @for remark in freshness::remarks(row, now) { br; (remark) }
            }
            td data-nom="Dernier envoi" { span { (freshness::last(row, now)) } }
            td data-nom="Attendu" { (freshness::cadence(row.freshness.cadence)) }
            td data-nom="Services" { (services_in_words(row, board)) }
        }
    }
}

fn services_in_words(row: &BoardRow, board: &Board) -> String {
    let services: Vec<&BoardRow> = board.services_of(row.expected.finess).collect();
    let count = |state: Fresh| services.iter().filter(|service| service.freshness.state == state).count();
    let parts = [
        (count(Fresh::Silent), "silencieux"),
        (count(Fresh::Late), "en retard"),
        (count(Fresh::NeverSeen), "dont rien n’a été retenu"),
        (count(Fresh::OnTime), "à l’heure"),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    parts.map(|(number, word)| format!("{number} {word}")).collect::<Vec<_>>().join(", ")
}

/// Their names alone, while nothing is known of who sends.
fn named(state: &WebState) -> Markup {
    let referential = state.referential();
    html! {
        p.note { "Le service vient de démarrer : les fraîcheurs s’affichent dans la minute." }
        ul {
            @for (finess, one) in referential.establishments() {
                li { a href={ "/etablissements/" (finess) } { (one.name) } " " span.finess { (finess) } }
            }
        }
    }
}
