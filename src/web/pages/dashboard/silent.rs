//! Who is silent: establishments and services by freshness, the silent first; and counts that stand still.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::WebState;
use crate::pages::components::{freshness, plural};
use domain::alerts::{Board, BoardRow, FreshnessState as Fresh};

/// Lines of each list; the rest is on the page of establishments.
const LINES: usize = 12;

pub(super) fn show(state: &WebState) -> Markup {
    let Some(board) = state.bulletin().board() else {
        return html! {
            section aria-labelledby="silence" {
                h2 #silence { "Qui n’envoie plus ?" }
                p.note { "Le service vient de démarrer : ce tableau se remplit dans la minute." }
            }
        };
    };
    let now = state.now();
    html! {
        section aria-labelledby="silence" {
            h2 #silence { "Qui n’envoie plus ?" }
            p { (summary(&board)) @if state.config().alerts.tension { " " strong { "Mode tension." } } }
            div.volets {
                div {
                    h3 { "Établissements, du plus silencieux au plus frais" }
                    (establishments(&board, now))
                }
                div {
                    h3 { "Services silencieux ou en retard" }
                    (services(&board, now))
                }
            }
            (still(&board, now))
            p { a href="/etablissements" { "Tous les établissements" } }
        }
    }
}

fn summary(board: &Board) -> String {
    let count = |state: Fresh| {
        let rows = board.establishments().filter(|row| row.freshness.state == state).count();
        i64::try_from(rows).unwrap_or(i64::MAX)
    };
    format!(
        "{}, {}.",
        plural(count(Fresh::Silent), "établissement silencieux", "établissements silencieux"),
        plural(count(Fresh::Late), "en retard", "en retard"),
    )
}

fn establishments(board: &Board, now: Timestamp) -> Markup {
    let rows: Vec<&BoardRow> = board.establishments().take(LINES).collect();
    table("Établissements", &rows, now)
}

fn services(board: &Board, now: Timestamp) -> Markup {
    let overdue = |row: &&BoardRow| matches!(row.freshness.state, Fresh::Silent | Fresh::Late);
    let rows: Vec<&BoardRow> =
        board.rows().iter().filter(|row| row.expected.service.is_some()).filter(overdue).collect();
    let (shown, more) = rows.split_at(rows.len().min(LINES));
    html! {
        @if rows.is_empty() { p { "Aucun." } } @else { (table("Services", shown, now)) }
        @if !more.is_empty() { p.note { "et " (more.len()) " de plus." } }
    }
}

fn table(caption: &str, rows: &[&BoardRow], now: Timestamp) -> Markup {
    html! {
        div.large {
            table.cartes {
                caption.invisible { (caption) }
                thead { tr {
                    th scope="col" { "Nom" } th scope="col" { "État" } th scope="col" { "Dernier envoi" }
                    th scope="col" { "Attendu" }
                } }
                tbody { @for row in rows { (line(row, now)) } }
            }
        }
    }
}

fn line(row: &BoardRow, now: Timestamp) -> Markup {
    html! {
        tr class=[freshness::class(row)] {
            th scope="row" data-nom="Nom" { (name(row)) }
            td data-nom="État" {
                (freshness::state(row.freshness.state))
                @for remark in freshness::remarks(row, now) { br; (remark) }
            }
            td data-nom="Dernier envoi" { (freshness::last(row, now)) }
            td data-nom="Attendu" { (freshness::cadence(row.freshness.cadence)) }
        }
    }
}

fn name(row: &BoardRow) -> Markup {
    let expected = &row.expected;
    html! {
        span {
            a href={ "/etablissements/" (expected.finess) } { (expected.name) } " "
            span.finess { (expected.finess) @if let Some(code) = &expected.service { "/" (code) } }
        }
    }
}

/// Reports that come and say nothing new.
fn still(board: &Board, now: Timestamp) -> Markup {
    let is_still = |row: &&BoardRow| row.stillness.frozen_since.is_some() || row.stillness.stalled_since.is_some();
    let rows: Vec<&BoardRow> = board.rows().iter().filter(is_still).take(LINES).collect();
    html! {
        @if !rows.is_empty() {
            h3 { "Valeurs figées : des envois arrivent, mais ne disent rien de neuf" }
            ul { @for row in rows { li { (name(row)) " : " (freshness::remarks(row, now).join(", ")) } } }
        }
    }
}
