//! The alerts: what is open, what was.

use axum::extract::{self, Query};
use axum::http::Uri;
use jiff::Timestamp;
use maud::{Markup, html};

use super::components::{badge, moment};
use crate::actions::TWINS;
use crate::layout;
use crate::layout::Tab;
use crate::{Visitor, WebRefusal, WebState};
use domain::access::Right;
use domain::alerts::{Incident, IncidentKind, Severity};
use domain::finess::Finess;
use store::inspect::unwatched_disk;

/// Incidents of a page.
const LINES: u32 = 50;
/// Open ones told on the dashboard.
const TOLD: usize = 8;

pub(super) async fn show(
    extract::State(state): extract::State<WebState>,
    uri: Uri,
    visitor: Visitor,
) -> Result<Markup, WebRefusal> {
    visitor.require(Right::Metadonnees)?;
    let before = before(&uri)?;
    let open = state.store().open_incidents().await?;
    let mut past = state.store().incidents(before, LINES).await?;
    let older = older(&past);
    // Those that are open stand above, on the first page.
    past.retain(|one| before.is_some() || !one.is_open());
    let now = state.now();
    let body = html! {
        h1 { "Alertes" }
        p.note { "Une alerte ne se ferme pas à la main : elle se clôt d’elle-même quand sa cause a disparu." }
        @if let Some(told) = unwatched_disk(&state.config().store) { p.note { (told) } }
        @if before.is_none() {
            h2 { "Ouvertes" }
            @if open.is_empty() {
                p { "Aucune alerte n’est ouverte." }
            } @else {
                (table("Alertes ouvertes", &open, now))
            }
        }
        h2 { "Historique" }
        @if past.is_empty() { p { "Rien d’autre." } } @else { (table("Alertes passées", &past, now)) }
        (older)
    };
    Ok(layout::page(&visitor, &state, Tab::Alertes, "Alertes", &body))
}

/// The open ones as signals, for the dashboard.
pub(super) async fn signals(state: &WebState) -> Result<Markup, WebRefusal> {
    let open = state.store().open_incidents().await?;
    let more = open.len().saturating_sub(TOLD);
    Ok(html! {
        @for incident in open.iter().take(TOLD) {
            li.(class(incident.gravite)) {
                strong { (incident.kind.title()) } " : " (incident.phrase) (see(incident.kind, &incident.objet)) ", "
                (moment::ago(incident.depuis, state.now()))
            }
        }
        @if more > 0 { li.attention { a href="/alertes" { "et " (more) " autres alertes ouvertes" } } }
        @if open.is_empty() { li.va { "Aucune alerte n’est ouverte." } }
    })
}

/// Where the page begins: below this number.
fn before(uri: &Uri) -> Result<Option<i64>, WebRefusal> {
    let bad = || WebRefusal::Bad("cette adresse n’existe pas".to_owned());
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| bad())?;
    match pairs.as_slice() {
        [] => Ok(None),
        [(key, number)] if key == "avant" => number.parse().map(Some).map_err(|_| bad()),
        _ => Err(bad()),
    }
}

fn older(history: &[Incident]) -> Markup {
    let is_full = u32::try_from(history.len()).is_ok_and(|lines| lines == LINES);
    html! {
        @if let Some(last) = history.last().filter(|_| is_full) {
            nav.pages aria-label="Pages des alertes" {
                a href={ "/alertes?avant=" (last.numero) } { "plus anciennes →" }
            }
        }
    }
}

fn table(caption: &str, incidents: &[Incident], now: Timestamp) -> Markup {
    html! {
        div.large {
            table.cartes {
                caption.invisible { (caption) }
                thead { tr {
                    th scope="col" { "Alerte" } th scope="col" { "Gravité" } th scope="col" { "Depuis" }
                    th scope="col" { "État" } th scope="col" { "Ce qui se passe" } th scope="col" { "Que faire" }
                } }
                tbody { @for incident in incidents { (line(incident, now)) } }
            }
        }
    }
}

fn line(incident: &Incident, now: Timestamp) -> Markup {
    html! {
        tr {
            th scope="row" data-nom="Alerte" { (incident.kind.title()) }
            td data-nom="Gravité" { (severity(incident)) }
            td data-nom="Depuis" { span { (moment::moment(incident.depuis)) ", " (moment::ago(incident.depuis, now)) } }
            td data-nom="État" {
                @match incident.clos_a { Some(at) => { "close le " (moment::moment(at)) }, None => { strong { "ouverte" } } }
            }
            td data-nom="Ce qui se passe" { span { (incident.phrase) (see(incident.kind, &incident.objet)) } }
            td data-nom="Que faire" {
                span {
                    (incident.remedy())
                    @if let Some(ending) = incident.kind.ending() { @if incident.is_open() { " " em { (ending) } } }
                }
            }
        }
    }
}

/// Where one sees more of it: an establishment, a mail, the mails with a rejection.
fn see(kind: IncidentKind, object: &str) -> Markup {
    let finess = object.split('/').next().and_then(|text| text.parse::<Finess>().ok());
    let to = match (finess, object.strip_prefix("courriel ")) {
        (Some(finess), _) if kind == IncidentKind::Rejections => Some(format!("/journal?finess={finess}&rejets=oui")),
        (Some(finess), _) => Some(format!("/etablissements/{finess}")),
        (None, Some(number)) => Some(format!("/courriels/{number}")),
        (None, None) if kind == IncidentKind::Rejections => Some("/journal?rejets=oui".to_owned()),
        (None, None) if kind == IncidentKind::Twin => Some(TWINS.to_owned()),
        (None, None) => None,
    };
    html! { @if let Some(to) = to { " (" a href=(to) { "voir" span.invisible { " : " (object) } } ")" } }
}

fn severity(incident: &Incident) -> Markup {
    match (incident.is_open(), incident.gravite) {
        (false, severity) => badge::framed("neutre", severity.word()),
        (true, Severity::Grave) => badge::framed("mauvais", "grave"),
        (true, Severity::Attention) => badge::framed("moyen", "attention"),
    }
}

fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Grave => "grave",
        Severity::Attention => "attention",
    }
}

#[test]
fn an_alert_leads_to_what_it_is_about() {
    let cases = [
        (IncidentKind::SilentService, "350054680/SSR1", Some("/etablissements/350054680")),
        (IncidentKind::Rejections, "350054680", Some("/journal?finess=350054680&amp;rejets=oui")),
        (IncidentKind::Rejections, "tous", Some("/journal?rejets=oui")),
        (IncidentKind::PatientDocument, "courriel 160", Some("/courriels/160")),
        (IncidentKind::RorRights, "ROR", None),
    ];
    for (kind, object, to) in cases {
        let shown = see(kind, object).into_string();
        let expected = to.map(|to| format!("href=\"{to}\""));
        assert!(expected.map_or(shown.is_empty(), |link| shown.contains(&link)), "{object}: {shown}");
    }
}
