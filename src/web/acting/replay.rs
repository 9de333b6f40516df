//! A mail judged again, with today's referential and rules: the difference is shown first, and only what was shown is
//! done. A mail in quarantine is released the same way.

use std::collections::BTreeSet;

use axum::extract::{self, Form, Path};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{ask, changed, existing, note, noted, page, path_of, to_mail};
use crate::access::Right;
use crate::access::audit::Deed;
use crate::defect::Defect;
use crate::judgement::Rules;
use crate::outcome::{Verdict, in_paris};
use crate::pipeline::{Gain, Impossible, Proposal, Replaying, Selection};
use crate::referential::Referential;
use crate::store::MailId;
use crate::web::layout::Tab;
use crate::web::{Refusal, State, Visitor};

#[derive(Deserialize)]
pub(super) struct Confirmed {
    #[serde(default)]
    empreinte: String,
    #[serde(default)]
    note: String,
}

pub(super) async fn show(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(number): Path<i64>,
) -> Result<Markup, Refusal> {
    visitor.require(Right::Action)?;
    let id = existing(&state, number).await?;
    propose_page(&state, &visitor, id, Deed::Rejouer).await
}

pub(super) async fn show_release(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(number): Path<i64>,
) -> Result<Markup, Refusal> {
    visitor.require(Right::Action)?;
    let id = quarantined(&state, number).await?;
    propose_page(&state, &visitor, id, Deed::Liberer).await
}

pub(super) async fn act(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(number): Path<i64>,
    Form(confirmed): Form<Confirmed>,
) -> Result<Response, Refusal> {
    visitor.require(Right::Action)?;
    let id = existing(&state, number).await?;
    carry_out(&state, &visitor, id, Deed::Rejouer, &confirmed).await
}

pub(super) async fn release(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(number): Path<i64>,
    Form(confirmed): Form<Confirmed>,
) -> Result<Response, Refusal> {
    visitor.require(Right::Action)?;
    let id = quarantined(&state, number).await?;
    carry_out(&state, &visitor, id, Deed::Liberer, &confirmed).await
}

async fn quarantined(state: &State, number: i64) -> Result<MailId, Refusal> {
    let outcome = state.store().outcome(MailId::of(number)).await?.ok_or(Refusal::NotFound)?;
    if outcome.verdict == Some(Verdict::Quarantaine) {
        return Ok(MailId::of(number));
    }
    Err(Refusal::Conflict("ce courriel n’est pas en quarantaine".to_owned()))
}

async fn propose_page(state: &State, visitor: &Visitor, id: MailId, deed: Deed) -> Result<Markup, Refusal> {
    let (title, to) = match deed {
        Deed::Liberer => (format!("Sortir de quarantaine le courriel n° {}", id.number()), "liberer"),
        _ => (format!("Rejouer le courriel n° {}", id.number()), "rejouer"),
    };
    let bench = Bench::new(state)?;
    let proposed = bench.replaying(state).propose(id, &Selection::Mail(id), &mut BTreeSet::new()).await;
    let body = match refused(proposed)? {
        Err(why) => html! { p { "Impossible : " (why) "." } p { a href=(path_of(id)) { "Retour au courriel" } } },
        Ok(proposal) if !proposal.changes() => html! {
            p { "Jugé de nouveau avec le référentiel et les règles d’aujourd’hui, rien ne changerait." }
            p { a href=(path_of(id)) { "Retour au courriel" } }
        },
        Ok(proposal) => html! {
            p { "Voici ce que donnerait aujourd’hui un nouveau jugement. Rien n’est fait avant votre confirmation." }
            (difference(&proposal, visitor))
            (ask(visitor, &format!("{}/{to}", path_of(id)), &confirmation(&proposal), "Confirmer", &path_of(id)))
        },
    };
    Ok(page(state, visitor, Tab::Journal, &title, &body))
}

fn confirmation(proposal: &Proposal) -> Markup {
    html! { input type="hidden" name="empreinte" value=(proposal.fingerprint()); (note(false)) }
}

async fn carry_out(
    state: &State,
    visitor: &Visitor,
    id: MailId,
    deed: Deed,
    confirmed: &Confirmed,
) -> Result<Response, Refusal> {
    let bench = Bench::new(state)?;
    let replaying = bench.replaying(state);
    let proposed = replaying.propose(id, &Selection::Mail(id), &mut BTreeSet::new()).await;
    let proposal = refused(proposed)?.map_err(|why| Refusal::Conflict(why.to_string()))?;
    if !proposal.changes() || proposal.fingerprint() != confirmed.empreinte {
        return Err(changed());
    }
    let (who, note) = (visitor.person.in_audit(), noted(&confirmed.note));
    replaying.carry_out(&proposal, &who, deed, &note).await?.ok_or_else(changed)?;
    Ok(to_mail(id))
}

/// Why a mail cannot be judged again is an answer; that the store failed is not.
pub(super) fn refused(proposed: Result<Proposal, Impossible>) -> Result<Result<Proposal, Impossible>, Refusal> {
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
    pub(super) fn new(state: &State) -> Result<Self, Refusal> {
        let config = state.config();
        let rules = config.rules().map_err(|fault| Refusal::Failed(fault.to_string()))?;
        let max_bytes = config.all_mailboxes().map(|mailbox| mailbox.section.max_bytes).max().unwrap_or(0);
        Ok(Self { referential: state.referential(), rules, max_bytes })
    }

    pub(super) fn replaying<'a>(&'a self, state: &'a State) -> Replaying<'a> {
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
                tr { th scope="row" { "Verdict" } td { (before) } td { (proposal.verdict.in_words()) } }
                tr {
                    th scope="row" { "Défauts" }
                    td { (codes(proposal.before.all_defects())) }
                    td { (codes(proposal.after.all_defects())) }
                }
            }
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
            ", " (update.count.indicator.to_string()) " : " (update.count.nombre.get())
        }
        ", relevé du " (in_paris(update.date_releve)) " : "
        @if gain.superseded { "dépassée par un relevé plus récent" } @else { "à transmettre" }
    }
}

/// « 2 S01, 1 C01 », or « aucun ».
fn codes<'a>(defects: impl Iterator<Item = &'a Defect>) -> String {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    defects.for_each(|defect| *counts.entry(defect.code().as_str()).or_default() += 1);
    let counts: Vec<String> = counts.into_iter().map(|(code, count)| format!("{count} {code}")).collect();
    if counts.is_empty() { "aucun".to_owned() } else { counts.join(", ") }
}
