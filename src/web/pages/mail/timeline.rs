//! The life of the mail, in the order in which it went.

use jiff::Timestamp;
use maud::{Markup, html};

use super::dossier::Dossier;
use crate::store::{Request, StoredReply};
use crate::web::State;
use crate::web::pages::parts::{badge, moment, plural};
use crate::words;

/// Requests listed one by one; of more of them the first and the last are told, and the rest can be unfolded.
const LISTED: usize = 12;

struct Event {
    at: Timestamp,
    what: Markup,
}

pub(super) fn show(dossier: &Dossier, state: &State) -> Markup {
    let mut events = milestones(dossier);
    let few = dossier.requests.len() <= LISTED;
    if few {
        events.extend(dossier.requests.iter().map(request_event));
    }
    events.sort_by_key(|event| event.at);
    html! {
        section aria-labelledby="vie" {
            h2 #vie { "Ce qui s’est passé" }
            ol.chronologie {
                @for event in &events { li { (moment::to_the_second(event.at)) " " span { (event.what) } } }
                @if dossier.outcome.verdict.is_none() { li.encours { "en cours : " (waiting(dossier, state)) } }
            }
            @if !few { (all_requests(&dossier.requests)) }
        }
    }
}

fn milestones(dossier: &Dossier) -> Vec<Event> {
    let mut events =
        vec![Event { at: dossier.entry.recu, what: html! { "reçu dans la boîte " (dossier.entry.boite) } }];
    events.extend(judged(dossier));
    events.extend(dossier.replays.iter().map(|(at, sent)| Event {
        at: *at,
        what: html! { "rejoué : " (plural(*sent, "ligne reprise", "lignes reprises")) },
    }));
    events.extend(dossier.replies.iter().filter_map(replied));
    events
}

fn judged(dossier: &Dossier) -> Option<Event> {
    let at = dossier.rows.iter().map(|row| row.since).min()?;
    let (accepted, rejected) = (dossier.rows.len(), dossier.rejections().len());
    let count = |number: usize, one, many| plural(i64::try_from(number).unwrap_or(i64::MAX), one, many);
    Some(Event {
        at,
        what: html! {
            "lu et jugé : " (count(accepted, "capacité acceptée", "capacités acceptées"))
            ", " (count(rejected, "rejet", "rejets"))
        },
    })
}

fn replied(reply: &StoredReply) -> Option<Event> {
    let at = Timestamp::from_millisecond(reply.closed_at?).ok()?;
    let kind = words::reply_kind(&reply.kind).to_lowercase();
    Some(Event {
        at,
        what: html! { (kind) " " (words::answer(Some(&reply.etat))) " à " (reply.recipients.replace(' ', ", ")) },
    })
}

fn waiting(dossier: &Dossier, state: &State) -> Markup {
    let since = moment::ago_text(dossier.entry.recu, state.now());
    html! { "reçu " (since) ", le ROR n’a pas encore répondu pour chaque ligne" }
}

fn request_event(request: &Request) -> Event {
    Event { at: instant(request), what: html! { (told(request)) } }
}

fn instant(request: &Request) -> Timestamp {
    Timestamp::from_millisecond(request.a).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn told(request: &Request) -> Markup {
    html! {
        "ROR, " (words::operation(&request.operation)) ", " (request.finess) "/" (request.service) " "
        code { (request.indicateur) } " : " (status(request)) " en " (request.duree_ms) " ms"
        @if let Some(failure) = &request.echec { " ; " (failure) }
    }
}

fn status(request: &Request) -> Markup {
    match request.statut {
        Some(status @ 200..300) => badge::framed("bon", &format!("statut {status}")),
        Some(status) => badge::framed("mauvais", &format!("statut {status}")),
        None => badge::framed("mauvais", "sans réponse"),
    }
}

fn all_requests(requests: &[Request]) -> Markup {
    let count = plural(i64::try_from(requests.len()).unwrap_or(i64::MAX), "requête", "requêtes");
    html! {
        details {
            summary { (count) " au ROR, une par une" }
            ol.chronologie {
                @for request in requests { li { (moment::to_the_second(instant(request))) " " span { (told(request)) } } }
            }
        }
    }
}
