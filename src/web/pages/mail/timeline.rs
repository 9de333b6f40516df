//! The life of the mail, in the order in which it went.

use jiff::Timestamp;
use maud::{Markup, html};

use super::view::MailView;
use crate::pages::components::{audit, badge, moment, plural};
use crate::{WebState, query};
use domain::labels;
use store::search::{LifeReply, LifeRequest};

/// Requests told among the rest; more of them can be unfolded.
const LISTED: usize = 12;
/// The most requests of a page.
const MOST: usize = 1000;

struct Event {
    at: Timestamp,
    what: Markup,
}

pub(super) fn show(dossier: &MailView, state: &WebState) -> Markup {
    let mut events = milestones(dossier, state);
    let few = dossier.life.requetes.len() <= LISTED;
    if few {
        events.extend(dossier.life.requetes.iter().map(|request| request_event(request, dossier)));
    }
    events.sort_by_key(|event| event.at);
    html! {
        section aria-labelledby="vie" {
            h2 #vie { "Ce qui s’est passé" }
            ol.chronologie {
                @for event in &events { li { (moment::to_the_second(event.at)) " " span { (event.what) } } }
                @if dossier.outcome.verdict.is_none() { li.encours { "en cours : " (waiting(dossier, state)) } }
            }
            @if !few { (all_requests(dossier)) }
        }
    }
}

fn milestones(dossier: &MailView, state: &WebState) -> Vec<Event> {
    let life = &dossier.life;
    let at = |at: Option<Timestamp>, what: Markup| at.map(|at| Event { at, what });
    let mailbox = query::mailbox(state.config(), &life.ligne.boite);
    let folder =
        life.dossier.as_deref().map_or("son dossier", |word| state.config().folder_name(&life.ligne.boite, word));
    let verdict = labels::verdict(&life.ligne.verdict);
    let steps = [
        at(Some(life.ligne.recu), html! { "reçu dans la boîte " (mailbox) }),
        at(life.juge, html! { "lu et jugé : " (judged(dossier)) }),
        at(life.range, html! { "rangé dans la boîte, dossier « " (folder) " »" }),
        at(life.laisse, html! { "laissé dans la boîte : le serveur ne sait pas déplacer" }),
        at(life.regle, html! { "verdict définitif : " strong { (verdict) } }),
    ];
    let replays = life.rejeux.iter().map(|one| Event {
        at: one.a,
        what: html! { "rejoué : " (plural(one.envoyees, "ligne reprise", "lignes reprises")) },
    });
    let deeds = dossier.deeds.iter().map(|record| Event { at: record.a, what: audit::deed(record) });
    steps
        .into_iter()
        .flatten()
        .chain(replays)
        .chain(deeds)
        .chain(life.reponses.iter().flat_map(|reply| replied(reply, dossier)))
        .collect()
}

fn judged(dossier: &MailView) -> String {
    let count = |number: usize, one, many| plural(i64::try_from(number).unwrap_or(i64::MAX), one, many);
    let accepted = count(dossier.rows.len(), "capacité acceptée", "capacités acceptées");
    format!("{accepted}, {}", count(dossier.rejections().len(), "rejet", "rejets"))
}

/// When it was written, and when it left, was given up or came back.
fn replied(reply: &LifeReply, dossier: &MailView) -> Vec<Event> {
    let kind = labels::reply_kind(&reply.nature).to_lowercase();
    let to = reply.destinataires.replace(' ', ", ");
    let elsewhere = (reply.courriel != dossier.entry().numero).then_some(reply.courriel);
    let written = Event {
        at: reply.faite,
        what: html! {
            (kind) " rédigée"
            @if let Some(mail) = elsewhere {
                ", gardée avec le " a href={ "/courriels/" (mail) } { "courriel n° " (mail) }
            }
        },
    };
    let reached = reply.remises.iter().filter(|one| one.etat == "pris").count();
    let closed = reply.close.map(|at| Event {
        at,
        what: html! {
            (kind) " " (labels::answer_to(&reply.etat, reached, reply.remises.len())) " à " (to)
            @if reply.allegee.is_some() { ", sans le courriel d’origine" }
            @if let Some(failure) = &reply.echec { " ; " (failure) }
            @if let Some(notice) = &reply.avis { " ; avis de remise : " (notice) }
            @if let Some(mail) = reply.non_remise {
                " ; revenue (" a href={ "/courriels/" (mail) } { "courriel n° " (mail) } ")"
            }
        },
    });
    std::iter::once(written).chain(closed).collect()
}

fn waiting(dossier: &MailView, state: &WebState) -> Markup {
    let since = moment::ago_text(dossier.entry().recu, state.now());
    html! { "reçu " (since) ", le ROR n’a pas encore répondu pour chaque ligne" }
}

fn request_event(request: &LifeRequest, dossier: &MailView) -> Event {
    Event { at: request.a, what: html! { (told(request, dossier)) } }
}

fn told(request: &LifeRequest, dossier: &MailView) -> Markup {
    let row = dossier.count(request.capacite);
    html! {
        "ROR, " (labels::operation(&request.operation))
        @if let Some(row) = row { ", " (row.finess) "/" (row.service) " " code { (row.indicateur) } }
        " : " (status(request)) " en " (request.duree_ms) " ms"
        @if let Some(failure) = &request.echec { " ; " (failure) }
    }
}

fn status(request: &LifeRequest) -> Markup {
    match request.statut {
        Some(status @ 200..300) => badge::framed("bon", &format!("statut {status}")),
        Some(status) => badge::framed("mauvais", &format!("statut {status}")),
        None => badge::framed("mauvais", "sans réponse"),
    }
}

fn all_requests(dossier: &MailView) -> Markup {
    let requests = &dossier.life.requetes;
    let count = plural(i64::try_from(requests.len()).unwrap_or(i64::MAX), "requête", "requêtes");
    html! {
        details {
            summary { (count) " au ROR, une par une" }
            ol.chronologie {
                @for request in requests.iter().take(MOST) {
                    li { (moment::to_the_second(request.a)) " " span { (told(request, dossier)) } }
                }
            }
        }
    }
}
