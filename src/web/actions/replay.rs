//! A mail judged again, with today's referential and rules: the difference is shown first, and only what was shown is
//! done. A mail in quarantine is released the same way.

use std::collections::BTreeSet;

use axum::extract::Form;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{ask, changed, note, noted, page, to_mail};
use super::target::OnMail;
use crate::layout::Tab;
use crate::{Visitor, WebRefusal, WebState};
use domain::access::Right;
use domain::access::audit::Deed;
use domain::labels;
use domain::outcome::{Verdict, in_paris};
use judging::judgement::Rules;
use judging::referential::Referential;
use service::pipeline::{Gain, Impossible, Proposal, ReplaySelection, Replaying};
use store::MailId;

#[derive(Deserialize)]
pub(super) struct ConfirmedReplay {
    #[serde(default)]
    empreinte: String,
    #[serde(default)]
    note: String,
}

pub(super) async fn show(on: OnMail) -> Result<Markup, WebRefusal> {
    propose_page(&on, Deed::Rejouer).await
}

pub(super) async fn show_release(on: OnMail) -> Result<Markup, WebRefusal> {
    in_quarantine(&on)?;
    propose_page(&on, Deed::Liberer).await
}

pub(super) async fn act(on: OnMail, Form(confirmed): Form<ConfirmedReplay>) -> Result<Response, WebRefusal> {
    carry_out(&on, Deed::Rejouer, &confirmed).await
}

pub(super) async fn release(on: OnMail, Form(confirmed): Form<ConfirmedReplay>) -> Result<Response, WebRefusal> {
    in_quarantine(&on)?;
    carry_out(&on, Deed::Liberer, &confirmed).await
}

fn in_quarantine(on: &OnMail) -> Result<(), WebRefusal> {
    match on.verdict {
        Some(Verdict::Quarantaine) => Ok(()),
        _ => Err(WebRefusal::Conflict("ce courriel n’est pas en quarantaine".to_owned())),
    }
}

async fn propose_page(on: &OnMail, deed: Deed) -> Result<Markup, WebRefusal> {
    let OnMail { state, visitor, id, .. } = on;
    let (title, to) = match deed {
        Deed::Liberer => (format!("Sortir de quarantaine le courriel n° {}", id.number()), "liberer"),
        _ => (format!("Rejouer le courriel n° {}", id.number()), "rejouer"),
    };
    let (to, back) = (format!("{}/{to}", on.path()), on.path());
    let body = match propose(&Bench::new(state)?.replaying(state), *id).await? {
        Err(why) => html! { p { "Impossible : " (why) "." } p { a href=(back) { "Retour au courriel" } } },
        Ok(proposal) if !proposal.changes() => html! {
            p { "Jugé de nouveau avec le référentiel et les règles d’aujourd’hui, rien ne changerait." }
            p { a href=(back) { "Retour au courriel" } }
        },
        Ok(proposal) => html! {
            p { "Voici ce que donnerait aujourd’hui un nouveau jugement. Rien n’est fait avant votre confirmation." }
            (difference(&proposal, visitor))
            (ask(visitor, &to, &confirmation(&proposal), "Confirmer", &back))
        },
    };
    Ok(page(state, visitor, Tab::Journal, &title, &body))
}

async fn propose(replaying: &Replaying<'_>, id: MailId) -> Result<Result<Proposal, Impossible>, WebRefusal> {
    refused(replaying.propose(id, &ReplaySelection::Mail(id), &mut BTreeSet::new()).await)
}

fn confirmation(proposal: &Proposal) -> Markup {
    html! { input type="hidden" name="empreinte" value=(proposal.fingerprint()); (note(false)) }
}

async fn carry_out(on: &OnMail, deed: Deed, confirmed: &ConfirmedReplay) -> Result<Response, WebRefusal> {
    let bench = Bench::new(&on.state)?;
    let replaying = bench.replaying(&on.state);
    let proposal = propose(&replaying, on.id).await?.map_err(|why| WebRefusal::Conflict(why.to_string()))?;
    if !proposal.changes() || proposal.fingerprint() != confirmed.empreinte {
        return Err(changed());
    }
    let (who, note) = (on.visitor.person.in_audit(), noted(&confirmed.note));
    replaying.carry_out(&proposal, &who, deed, &note).await?.ok_or_else(changed)?;
    Ok(to_mail(on))
}

/// Why a mail cannot be judged again is an answer; that the store failed is not.
pub(super) fn refused(proposed: Result<Proposal, Impossible>) -> Result<Result<Proposal, Impossible>, WebRefusal> {
    match proposed {
        Err(Impossible::Store(failure)) => Err(failure.into()),
        other => Ok(other),
    }
}

/// What a judgement of today is made with.
pub(super) struct Bench {
    referential: std::sync::Arc<Referential>,
    rules: Rules,
    max_bytes: u64,
}

impl Bench {
    pub(super) fn new(state: &WebState) -> Result<Self, WebRefusal> {
        let config = state.config();
        let rules = config.rules().map_err(|fault| WebRefusal::Failed(fault.to_string()))?;
        Ok(Self { referential: state.referential(), rules, max_bytes: config.max_bytes() })
    }

    pub(super) fn replaying<'a>(&'a self, state: &'a WebState) -> Replaying<'a> {
        let (referential, rules) = (&*self.referential, &self.rules);
        Replaying { store: state.store(), referential, rules, max_bytes: self.max_bytes, clock: state.clock() }
    }
}

/// Before and after; counts only for whoever sees contents.
pub(super) fn difference(proposal: &Proposal, visitor: &Visitor) -> Markup {
    let before = proposal.before.verdict.map_or("en cours", Verdict::in_words);
    html! {
        table {
            thead { tr { td {} th scope="col" { "Avant" } th scope="col" { "Après" } } }
            tbody {
                tr {
                    th scope="row" { "Verdict" }
                    td { (before) }
                    td { (proposal.verdict.in_words()) @if proposal.asks_the_ror_again() { ", si le ROR l’accepte" } }
                }
                tr {
                    th scope="row" { "Défauts" }
                    td { (labels::codes(proposal.before.all_defects())) }
                    td { (labels::codes(proposal.after.all_defects())) }
                }
            }
        }
        @if proposal.asks_the_ror_again() {
            p { "Le ROR avait refusé ces lignes. Il n’est interrogé qu’après votre confirmation, et peut les refuser encore." }
        }
        @if !proposal.gains.is_empty() {
            h2 { "Lignes reprises" }
            ul { @for one in &proposal.gains { li { (gain(one, visitor)) } } }
        }
        @if !proposal.kept.is_empty() {
            p { "Un document est laissé tel quel : une de ses lignes déjà retenue serait refusée aujourd’hui." }
        }
    }
}

fn gain(gain: &Gain, visitor: &Visitor) -> Markup {
    let update = &gain.update;
    html! {
        "établissement " (update.finess()) ", service " (update.location.service())
        @if visitor.person.may(Right::Contenu) {
            ", " (labels::count(&update.count))
        }
        ", relevé du " (in_paris(update.date_releve)) " : "
        @if gain.superseded { "dépassée par un relevé plus récent" } @else { "à transmettre" }
    }
}
