//! What waits for the ROR, or a reply that waits for its server, tried now.

use axum::extract::{self, Form, Path};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{ask, existing, note, noted, on_mail, page, path_of, to_mail};
use crate::access::Right;
use crate::access::audit::Deed;
use crate::outcome::Etat;
use crate::web::layout::Tab;
use crate::web::{Refusal, State, Visitor};

#[derive(Deserialize)]
pub(super) struct Confirmed {
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
    let rows = state.store().rows_of(id).await?;
    let rows = rows.iter().filter(|row| row.line.etat == Some(Etat::EnAttente)).count();
    let replies = state.store().replies(id).await?;
    let replies = replies.iter().filter(|reply| reply.etat == "a-envoyer").count();
    let to = format!("{}/essayer", path_of(id));
    let body = html! {
        p { "Lignes en attente du ROR : " (rows) " ; réponses en attente d’envoi : " (replies) "." }
        @if rows + replies == 0 {
            p { a href=(path_of(id)) { "Retour au courriel" } }
        } @else {
            p { "Elles seront tentées tout de suite, sans attendre leur prochain essai. Si le ROR ou le serveur d’envoi est " em { "indisponible" } ", elles attendront encore." }
            (ask(&visitor, &to, &note(false), "Réessayer maintenant", &path_of(id)))
        }
    };
    Ok(page(&state, &visitor, Tab::Journal, &format!("Réessayer le courriel n° {number}"), &body))
}

pub(super) async fn act(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(number): Path<i64>,
    Form(confirmed): Form<Confirmed>,
) -> Result<Response, Refusal> {
    visitor.require(Right::Action)?;
    let id = existing(&state, number).await?;
    let entry = on_mail(&visitor, Deed::Essayer, id).changing("en attente", "à tenter maintenant");
    let hastened = state.store().hasten(id, &entry.noting(noted(&confirmed.note)), state.now()).await?;
    hastened.ok_or_else(|| Refusal::Conflict("rien n’attend plus son heure pour ce courriel".to_owned()))?;
    Ok(to_mail(id))
}
