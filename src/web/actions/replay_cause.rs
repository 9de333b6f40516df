//! Everything that was rejected for one cause, once it is mended: of each indicator the newest value alone is sent.

use std::collections::BTreeSet;

use axum::extract::{self, Form, Path, Query};
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{ask, changed, note, noted, page};
use super::replay::{Bench, difference, refused};
use crate::layout::Tab;
use crate::{Visitor, WebRefusal, WebState};
use domain::access::Right;
use domain::access::audit::Deed;
use domain::defect::Code;
use domain::finess::Finess;
use service::pipeline::{Proposal, ReplaySelection};
use store::sha256;

/// No more mails are judged in one go: a request must end.
const MOST: usize = 100;

#[derive(Deserialize)]
pub(super) struct CausePlace {
    finess: Option<String>,
    service: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ConfirmedCause {
    #[serde(default)]
    empreinte: String,
    #[serde(default)]
    note: String,
    finess: Option<String>,
    service: Option<String>,
}

/// What a cause comes to.
struct Sum {
    proposals: Vec<Proposal>,
    unchanged: usize,
    impossible: usize,
    /// Those beyond the limit.
    left: usize,
}

pub(super) async fn show(
    extract::State(state): extract::State<WebState>,
    visitor: Visitor,
    Path(code): Path<String>,
    Query(place): Query<CausePlace>,
) -> Result<Markup, WebRefusal> {
    visitor.require(Right::Action)?;
    let selection = selection(&code, place.finess.as_deref(), place.service.as_deref())?;
    let sum = propose(&state, &Bench::new(&state)?, &selection).await?;
    let title = format!("Rejouer tout ce qui a été rejeté sous {}", code.to_ascii_uppercase());
    let body = html! {
        p {
            "Courriels qui changeraient : " (sum.proposals.len()) " ; sans changement : " (sum.unchanged)
            " ; impossibles à rejouer : " (sum.impossible) "."
            @if sum.left > 0 { " " (sum.left) " autres courriels, plus anciens, restent pour une prochaine fois." }
        }
        @for proposal in &sum.proposals {
            section {
                h2 { a href=(format!("/courriels/{}", proposal.id.number())) { "Courriel n° " (proposal.id.number()) } }
                (difference(proposal, &visitor))
            }
        }
        @if sum.proposals.is_empty() {
            p { "Rien ne changerait aujourd’hui." }
        } @else {
            p { "Rien n’est fait avant votre confirmation ; de chaque indicateur, seul le relevé le plus récent part." }
            (ask(&visitor, &format!("/causes/{code}/rejouer"), &fields(&sum, &place), "Confirmer", "/journal"))
        }
    };
    Ok(page(&state, &visitor, Tab::Journal, &title, &body))
}

fn fields(sum: &Sum, place: &CausePlace) -> Markup {
    html! {
        input type="hidden" name="empreinte" value=(sum.fingerprint());
        @if let Some(finess) = &place.finess { input type="hidden" name="finess" value=(finess); }
        @if let Some(service) = &place.service { input type="hidden" name="service" value=(service); }
        (note(false))
    }
}

pub(super) async fn act(
    extract::State(state): extract::State<WebState>,
    visitor: Visitor,
    Path(code): Path<String>,
    Form(confirmed): Form<ConfirmedCause>,
) -> Result<Markup, WebRefusal> {
    visitor.require(Right::Action)?;
    let selection = selection(&code, confirmed.finess.as_deref(), confirmed.service.as_deref())?;
    let bench = Bench::new(&state)?;
    let sum = propose(&state, &bench, &selection).await?;
    if sum.proposals.is_empty() || sum.fingerprint() != confirmed.empreinte {
        return Err(changed());
    }
    let code = code.to_ascii_uppercase();
    let note = noted(&format!("cause {code} {}", confirmed.note));
    let (mut replayed, mut sent, mut missed) = (0, 0, 0);
    for proposal in &sum.proposals {
        let who = visitor.person.in_audit();
        match bench.replaying(&state).carry_out(proposal, &who, Deed::Rejouer, &note).await? {
            Some(rows) => (replayed, sent) = (replayed + 1, sent + rows),
            None => missed += 1,
        }
    }
    let body = html! {
        p role="status" { "Courriels rejoués : " (replayed) " ; lignes en route vers le ROR : " (sent) "." }
        @if missed > 0 { p { "Courriels dont le journal avait changé entre-temps, laissés tels quels : " (missed) "." } }
        p { a href=(format!("/journal?code={code}")) { "Retour au journal" } }
    };
    Ok(page(&state, &visitor, Tab::Journal, "Fait", &body))
}

fn selection(code: &str, finess: Option<&str>, service: Option<&str>) -> Result<ReplaySelection, WebRefusal> {
    let code: Code = code.to_ascii_uppercase().parse().map_err(|_| WebRefusal::NotFound)?;
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let finess = given(finess).map(|text| text.parse::<Finess>()).transpose();
    let finess = finess.map_err(|_| WebRefusal::Bad("numéro FINESS incorrect".to_owned()))?;
    Ok(ReplaySelection::Cause { code, finess, service: given(service) })
}

async fn propose(state: &WebState, bench: &Bench, selection: &ReplaySelection) -> Result<Sum, WebRefusal> {
    let replaying = bench.replaying(state);
    let mails = replaying.mails(selection).await?;
    let left = mails.len().saturating_sub(MOST);
    let mut sum = Sum { proposals: Vec::new(), unchanged: 0, impossible: 0, left };
    let mut taken = BTreeSet::new();
    for id in mails.into_iter().take(MOST) {
        match refused(replaying.propose(id, selection, &mut taken).await)? {
            Ok(proposal) if proposal.changes() => sum.proposals.push(proposal),
            Ok(_) => sum.unchanged += 1,
            Err(_) => sum.impossible += 1,
        }
    }
    Ok(sum)
}

impl Sum {
    fn fingerprint(&self) -> String {
        let all: String = self.proposals.iter().map(Proposal::fingerprint).collect();
        sha256(all.as_bytes())
    }
}
