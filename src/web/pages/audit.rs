//! The audit log: who did what, the newest first; for administrators.

use axum::extract::{self, Query};
use axum::http::Uri;
use maud::{Markup, html};

use super::components::moment;
use crate::layout;
use crate::layout::Tab;
use crate::{Visitor, WebRefusal, WebState};
use domain::access::Right;
use domain::access::audit::{Deed, Record, name_of, source_of};
use store::AuditFilter;

/// Records of a page.
const LINES: u32 = 100;
/// The longest value of a key, in bytes.
const LONGEST: usize = 256;

pub(super) async fn show(
    extract::State(state): extract::State<WebState>,
    uri: Uri,
    visitor: Visitor,
) -> Result<Markup, WebRefusal> {
    visitor.require(Right::Administration)?;
    let filter = filter(&uri)?;
    let records = state.store().audit(&filter, LINES).await?;
    let body = html! {
        h1 { "Journal d’audit" }
        p.note {
            "Chaque acte est chaîné au précédent. Pour vérifier que rien n’a été changé ni retiré : "
            code { "dispolits journal audit verify" } "."
        }
        p { a href="/sessions" { "Sessions ouvertes" } }
        (form(&filter))
        @if records.is_empty() { p { "Aucun acte." } } @else { (table(&records)) }
        (older(&filter, &records))
    };
    Ok(layout::page(&visitor, &state, Tab::Audit, "Journal d’audit", &body))
}

fn filter(uri: &Uri) -> Result<AuditFilter, WebRefusal> {
    let bad = || WebRefusal::Bad("cette adresse n’existe pas".to_owned());
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| bad())?;
    let mut filter = AuditFilter::default();
    for (key, value) in pairs.into_iter().filter(|(_, value)| !value.trim().is_empty()) {
        let value = value.trim().to_owned();
        match key.as_str() {
            _ if value.len() > LONGEST => return Err(bad()),
            "qui" => filter.who = Some(value),
            "acte" => filter.deed = Some(value.parse::<Deed>().map_err(|_| bad())?.word().to_owned()),
            "objet" => filter.object = Some(value),
            "avant" => filter.before = Some(value.parse().map_err(|_| bad())?),
            _ => return Err(bad()),
        }
    }
    Ok(filter)
}

fn form(filter: &AuditFilter) -> Markup {
    html! {
        form.filtres method="get" action="/audit" {
            div.champs {
                (field("qui", "Qui", filter.who.as_deref()))
                div {
                    label for="acte" { "Acte" }
                    select #acte name="acte" {
                        option value="" { "tous" }
                        @for deed in Deed::ALL {
                            option value=(deed.word()) selected[filter.deed.as_deref() == Some(deed.word())] {
                                (deed.in_words())
                            }
                        }
                    }
                }
                (field("objet", "Sur quoi", filter.object.as_deref()))
            }
            div.actions { button { "Filtrer" } a.bouton.discret href="/audit" { "Tout effacer" } }
        }
    }
}

fn field(key: &str, name: &str, value: Option<&str>) -> Markup {
    html! { div { label for=(key) { (name) } input id=(key) name=(key) type="text" value=[value] maxlength="250"; } }
}

fn table(records: &[Record]) -> Markup {
    html! {
        div.large {
            table.cartes {
                caption.invisible { "Un acte par ligne" }
                thead { tr {
                    th scope="col" { "Quand" } th scope="col" { "Qui" } th scope="col" { "Acte" }
                    th scope="col" { "Sur quoi" }
                    th scope="col" { "Avant" } th scope="col" { "Après" } th scope="col" { "Note" }
                } }
                tbody { @for record in records { (line(record)) } }
            }
        }
    }
}

fn line(record: &Record) -> Markup {
    html! {
        tr {
            th scope="row" data-nom="Quand" {
                (moment::to_the_second(record.a)) " " span.finess { "n° " (record.numero) }
            }
            td data-nom="Qui" {
                span { (name_of(&record.qui)) @if let Some(source) = source_of(&record.qui) { " " span.finess { "(" (source) ")" } } }
            }
            td data-nom="Acte" { (record.in_words()) }
            td data-nom="Sur quoi" { (record.objet) }
            td data-nom="Avant" { (record.avant) }
            td data-nom="Après" { (record.apres) }
            td data-nom="Note" { (record.note) }
        }
    }
}

fn older(filter: &AuditFilter, records: &[Record]) -> Markup {
    let is_full = u32::try_from(records.len()).is_ok_and(|lines| lines == LINES);
    let Some(last) = records.last().filter(|_| is_full) else { return html! {} };
    let given = [("qui", &filter.who), ("acte", &filter.deed), ("objet", &filter.object)];
    let given = given.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
    let kept: Vec<String> = given.map(|(key, value)| format!("{key}={}&", crate::query::encoded(value))).collect();
    html! {
        nav.pages aria-label="Pages du journal d’audit" {
            a href={ "/audit?" (kept.concat()) "avant=" (last.numero) } { "plus anciens →" }
        }
    }
}
