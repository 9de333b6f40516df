//! A reply sent once more, with the very bytes that left before.

use axum::extract::Form;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{ask, note, noted, page, to_mail};
use super::target::OnMail;
use crate::WebRefusal;
use crate::layout::Tab;
use domain::access::audit::Deed;
use domain::labels;
use store::StoredReply;

#[derive(Deserialize)]
pub(super) struct ConfirmedResend {
    #[serde(default)]
    nature: String,
    #[serde(default)]
    note: String,
}

pub(super) async fn show(on: OnMail) -> Result<Markup, WebRefusal> {
    let replies = on.state.store().replies(on.id).await?;
    let ready: Vec<&StoredReply> = replies.iter().filter(|reply| can_leave(reply)).collect();
    let to = format!("{}/reponse", on.path());
    let body = html! {
        @if ready.is_empty() {
            p { "Aucune réponse ne peut être renvoyée : il n’y en a pas, elle attend déjà d’être envoyée, ou son contenu a été effacé au terme de sa conservation." }
            p { a href=(on.path()) { "Retour au courriel" } }
        } @else {
            p { "Le même courriel, à l’octet près, sera envoyé de nouveau : à ceux de ses destinataires qui ne l’ont pas eu, ou à tous s’ils l’ont tous eu ou s’il est revenu." }
            (ask(&on.visitor, &to, &fields(&ready), "Renvoyer", &on.path()))
        }
    };
    let title = format!("Renvoyer la réponse au courriel n° {}", on.id.number());
    Ok(page(&on.state, &on.visitor, Tab::Journal, &title, &body))
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
                    label for=(reply.kind) { (labels::reply_kind(&reply.kind)) " à " (reply.recipients) }
                }
            }
        }
        (note(false))
    }
}

pub(super) async fn act(on: OnMail, Form(confirmed): Form<ConfirmedResend>) -> Result<Response, WebRefusal> {
    let replies = on.state.store().replies(on.id).await?;
    let gone = || WebRefusal::Conflict("cette réponse ne peut pas, ou plus, être renvoyée".to_owned());
    let reply = replies.iter().find(|reply| reply.kind == confirmed.nature).ok_or_else(gone)?;
    let before = reply.failure.as_deref().or(reply.notice.as_deref()).unwrap_or(&reply.etat);
    let entry = on.entry(Deed::Renvoyer).changing(before, format!("{}, à envoyer", reply.kind));
    let entry = entry.noting(noted(&confirmed.note));
    if !on.state.store().resend(on.id, &reply.kind, &entry, on.state.now()).await? {
        return Err(gone());
    }
    Ok(to_mail(&on))
}
