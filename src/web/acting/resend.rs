//! A reply sent once more, with the very bytes that left before.

use axum::extract::{self, Form, Path};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{ask, existing, note, noted, on_mail, page, path_of, to_mail};
use crate::access::Right;
use crate::access::audit::Deed;
use crate::store::StoredReply;
use crate::web::layout::Tab;
use crate::web::{Refusal, State, Visitor};

#[derive(Deserialize)]
pub(super) struct Confirmed {
    #[serde(default)]
    nature: String,
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
    let replies = state.store().replies(id).await?;
    let ready: Vec<&StoredReply> = replies.iter().filter(|reply| can_leave(reply)).collect();
    let to = format!("{}/reponse", path_of(id));
    let body = html! {
        @if ready.is_empty() {
            p { "Aucune réponse ne peut être renvoyée : il n’y en a pas, elle attend déjà d’être envoyée, ou son contenu a été effacé au terme de sa conservation." }
            p { a href=(path_of(id)) { "Retour au courriel" } }
        } @else {
            p { "Le même courriel, à l’octet près, sera envoyé de nouveau aux mêmes destinataires." }
            (ask(&visitor, &to, &fields(&ready), "Renvoyer", &path_of(id)))
        }
    };
    Ok(page(&state, &visitor, Tab::Journal, &format!("Renvoyer la réponse au courriel n° {number}"), &body))
}

fn can_leave(reply: &StoredReply) -> bool {
    reply.etat != "a-envoyer" && !reply.content.is_empty()
}

fn fields(ready: &[&StoredReply]) -> Markup {
    html! {
        fieldset {
            legend { "Réponse à renvoyer" }
            @for (rank, reply) in ready.iter().enumerate() {
                p {
                    input type="radio" name="nature" id=(reply.kind) value=(reply.kind) required checked[rank == 0];
                    label for=(reply.kind) { (in_words(&reply.kind)) " à " (reply.recipients) }
                }
            }
        }
        (note(false))
    }
}

fn in_words(kind: &str) -> &'static str {
    match kind {
        "complement" => "complément",
        "recapitulatif" => "récapitulatif",
        _ => "réponse",
    }
}

pub(super) async fn act(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(number): Path<i64>,
    Form(confirmed): Form<Confirmed>,
) -> Result<Response, Refusal> {
    visitor.require(Right::Action)?;
    let id = existing(&state, number).await?;
    let replies = state.store().replies(id).await?;
    let gone = || Refusal::Conflict("cette réponse ne peut pas, ou plus, être renvoyée".to_owned());
    let reply = replies.iter().find(|reply| reply.kind == confirmed.nature).ok_or_else(gone)?;
    let before = reply.failure.as_deref().or(reply.notice.as_deref()).unwrap_or(&reply.etat);
    let entry = on_mail(&visitor, Deed::Renvoyer, id).changing(before, format!("{}, à envoyer", reply.kind));
    let entry = entry.noting(noted(&confirmed.note));
    if !state.store().resend(id, &reply.kind, &entry, state.now()).await? {
        return Err(gone());
    }
    Ok(to_mail(id))
}
