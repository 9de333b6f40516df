//! The counts of a document: what was pushed, beside what the ROR held.

use maud::{Markup, html};

use super::view::MailView;
use crate::pages::components::{badge, moment, place};
use domain::labels;
use judging::referential::Referential;
use store::StoredRow;
use store::search::{LifeRow, RowLink};

/// The most counts of a document that are shown.
const MOST: usize = 500;

pub(super) fn show(dossier: &MailView, rank: usize, referential: &Referential) -> Markup {
    let rows: Vec<&StoredRow> = dossier.rows.iter().filter(|row| row.rank == rank).collect();
    html! {
        @if !rows.is_empty() {
            h3 { "Capacités acceptées" }
            div.large tabindex="0" role="group" aria-label="Capacités acceptées" {
                table.cartes {
                    caption.invisible { "Ce qui est transmis au ROR, et ce qu’il portait avant" }
                    thead { tr {
                        th scope="col" { "Service" } th scope="col" { "Capacité" } th scope="col" { "Relevé du" }
                        th scope="col" { "État" } th scope="col" { "Le ROR portait avant" }
                    } }
                    tbody { @for row in rows.iter().take(MOST) { (line(row, dossier.count(row.number), referential)) } }
                }
            }
            @if rows.len() > MOST { p.note { "et " (rows.len() - MOST) " de plus." } }
        }
    }
}

fn line(row: &StoredRow, near: Option<&LifeRow>, referential: &Referential) -> Markup {
    let update = &row.line.update;
    let (finess, code) = (update.finess().to_string(), update.location.service().as_str());
    html! {
        tr {
            th scope="row" data-nom="Service" {
                span {
                    (place::service(&finess, code, referential)) br; (place::establishment(&finess, referential))
                }
            }
            td data-nom="Capacité" { strong { (labels::count(&update.count)) } }
            td data-nom="Relevé du" { (moment::moment(update.date_releve)) }
            td data-nom="État" {
                span {
                    @if let Some(etat) = row.line.etat { (badge::etat(etat)) }
                    @if let Some(code) = &row.code { " " (badge::code(code, 1)) }
                    @if let Some(newer) = near.and_then(|near| near.depassee_par) { " par le " (linked(newer)) }
                    @if let Some(older) = near.and_then(|near| near.depasse) { br; "dépasse le " (linked(older)) }
                }
            }
            td data-nom="Avant" { span { (before(near)) } }
        }
    }
}

fn linked(link: RowLink) -> Markup {
    html! { a href={ "/courriels/" (link.courriel) } { "courriel n° " (link.courriel) } }
}

fn before(near: Option<&LifeRow>) -> Markup {
    let Some(before) = near.and_then(|near| near.avant.as_ref()) else { return html! { "rien de connu" } };
    html! {
        strong { (before.nombre) } ", relevé du " (moment::moment(before.date_releve))
        @match before.courriel {
            Some(mail) => { " (" a href={ "/courriels/" (mail) } { "n° " (mail) } ")" }
            None => { " (lu au ROR, d’une autre source)" }
        }
    }
}
