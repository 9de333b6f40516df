//! The counts of a document: what was pushed, beside what the ROR held.

use maud::{Markup, html};

use super::dossier::Dossier;
use crate::outcome::Etat;
use crate::referential::Referential;
use crate::store::StoredRow;
use crate::web::pages::parts::{badge, moment, place};
use crate::words;

pub(super) fn show(dossier: &Dossier, rank: usize, referential: &Referential) -> Markup {
    let rows: Vec<&StoredRow> = dossier.rows.iter().filter(|row| row.rank == rank).collect();
    html! {
        @if !rows.is_empty() {
            h3 { "Capacités acceptées" }
            div.large tabindex="0" role="group" aria-label="Capacités acceptées" {
                table {
                    thead { tr {
                        th scope="col" { "Service" } th scope="col" { "Capacité" } th scope="col" { "Relevé du" }
                        th scope="col" { "État" } th scope="col" { "Le ROR portait" }
                    } }
                    tbody { @for row in rows { (line(row, referential)) } }
                }
            }
        }
    }
}

fn line(row: &StoredRow, referential: &Referential) -> Markup {
    let update = &row.line.update;
    let (finess, code) = (update.finess().to_string(), update.location.service().as_str());
    html! {
        tr {
            th scope="row" {
                (place::service(&finess, code, referential)) br; (place::establishment(&finess, referential))
            }
            td { (words::count(&update.count)) }
            td { (moment::moment(update.date_releve)) }
            td {
                @if let Some(etat) = row.line.etat { (badge::etat(etat)) }
                @if let Some(code) = &row.code { " " (badge::code(code, 1)) }
            }
            td { (held(row)) }
        }
    }
}

fn held(row: &StoredRow) -> Markup {
    match (row.held, row.line.etat) {
        (Some((at, nombre)), _) => html! { strong { (nombre) } ", relevé du " (moment::moment(at)) },
        (None, Some(Etat::EnAttente)) => html! { "pas encore connu" },
        (None, _) => html! { "—" },
    }
}
