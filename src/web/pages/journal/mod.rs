//! The journal: one line a mail, filtered, sorted and paged by its address.

mod export;
mod filters;
mod lines;

use axum::Router;
use axum::extract;
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use maud::{Markup, html};

use crate::layout;
use crate::layout::Tab;
use crate::query::{Given, Wrong};
use crate::{Visitor, WebRefusal, WebState};
use domain::access::Right;
use domain::defect::Code;
use store::search::FoundPage;

/// Its addresses.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route("/journal", get(show))
        .route("/journal.csv", get(export::csv))
        .route("/journal.json", get(export::json))
}

async fn show(
    extract::State(state): extract::State<WebState>,
    uri: Uri,
    visitor: Visitor,
) -> Result<(StatusCode, Markup), WebRefusal> {
    visitor.require(Right::Metadonnees)?;
    let given = Given::read(&uri);
    let (status, body) = match given.clone().and_then(|given| given.asked(state.config(), &visitor)?.answerable()) {
        Ok(asked) => {
            let found = state.store().journal(&asked.filter, &asked.page).await?;
            (StatusCode::OK, found_body(&given.unwrap_or_default(), &found, &state, &visitor))
        }
        Err(wrong) => (StatusCode::BAD_REQUEST, wrong_body(&given.unwrap_or_default(), &wrong, &state)),
    };
    Ok((status, layout::page(&visitor, &state, Tab::Journal, "Journal", &body)))
}

fn found_body(given: &Given, found: &FoundPage, state: &WebState, visitor: &Visitor) -> Markup {
    html! {
        h1 { "Journal" }
        (filters::quick(given, state.now()))
        (filters::form(given, state, None))
        (of_number(given))
        @if found.lines.is_empty() {
            p { "Aucun courriel " @if given.narrows() { "ne répond à ces critères." } @else { "reçu pour l’instant." } }
        } @else {
            (lines::table(given, found, state))
        }
        (pages(given, found))
        (exports(given))
        (replay(given, visitor))
    }
}

/// What looks like a reception number leads to the mail, beside the identifiers that begin so.
fn of_number(given: &Given) -> Markup {
    let number = given.get("identifiant").and_then(|text| text.parse::<u32>().ok());
    html! { @if let Some(number) = number { p { a href={ "/courriels/" (number) } { "Ouvrir le courriel n° " (number) } } } }
}

fn wrong_body(given: &Given, wrong: &Wrong, state: &WebState) -> Markup {
    html! {
        h1 { "Journal" }
        (filters::form(given, state, Some(&wrong.0)))
        p { a href="/journal" { "Tout le journal" } }
    }
}

fn pages(given: &Given, found: &FoundPage) -> Markup {
    let at = |cursor: &store::search::Cursor| given.with("curseur", cursor).address("/journal");
    html! {
        @if found.previous.is_some() || found.next.is_some() {
            nav.pages aria-label="Pages du journal" {
                span {
                    @if let Some(cursor) = &found.previous { a href=(at(cursor)) rel="prev" { "← page précédente" } }
                }
                span { @if let Some(cursor) = &found.next { a href=(at(cursor)) rel="next" { "page suivante →" } } }
            }
        }
    }
}

/// What was rejected for one cause can be judged again once the cause is mended.
fn replay(given: &Given, visitor: &Visitor) -> Markup {
    let code = given.get("code").and_then(|code| code.to_ascii_uppercase().parse::<Code>().ok());
    html! {
        @if let Some(code) = code.filter(|_| visitor.person.may(Right::Action)) {
            p {
                a.bouton.discret href={ "/causes/" (code) "/rejouer" } {
                    "Rejouer tout ce qui est rejeté sous " (code) "…"
                }
            }
        }
    }
}

/// The same list, whole, to be saved.
fn exports(given: &Given) -> Markup {
    let whole = given.whole();
    html! {
        p.note {
            "Exporter exactement cette liste, toutes pages comprises : "
            a href=(whole.address("/journal.csv")) { "tableur (CSV)" } ", "
            a href=(whole.address("/journal.json")) { "JSON" } "."
        }
    }
}
