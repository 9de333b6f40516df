//! What waits for the ROR, or a reply that waits for its server, tried now.

use axum::extract::Form;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{ask, note, noted, page, to_mail};
use super::target::OnMail;
use crate::WebRefusal;
use crate::layout::Tab;
use domain::access::audit::Deed;
use domain::outcome::Etat;

#[derive(Deserialize)]
pub(super) struct ConfirmedRetry {
    #[serde(default)]
    note: String,
}

pub(super) async fn show(on: OnMail) -> Result<Markup, WebRefusal> {
    let store = on.state.store();
    let rows = store.rows_of(on.id).await?;
    let rows = rows.iter().filter(|row| row.line.etat == Some(Etat::EnAttente)).count();
    let replies = store.replies(on.id).await?;
    let replies = replies.iter().filter(|reply| reply.etat == "a-envoyer").count();
    let to = format!("{}/essayer", on.path());
    let body = html! {
        p { "Lignes en attente du ROR : " (rows) " ; réponses en attente d’envoi : " (replies) "." }
        @if rows + replies == 0 {
            p { a href=(on.path()) { "Retour au courriel" } }
        } @else {
            p { "Elles seront tentées tout de suite, sans attendre leur prochain essai. Si le ROR ou le serveur d’envoi est " em { "indisponible" } ", elles attendront encore." }
            (ask(&on.visitor, &to, &note(false), "Réessayer maintenant", &on.path()))
        }
    };
    let title = format!("Réessayer le courriel n° {}", on.id.number());
    Ok(page(&on.state, &on.visitor, Tab::Journal, &title, &body))
}

pub(super) async fn act(on: OnMail, Form(confirmed): Form<ConfirmedRetry>) -> Result<Response, WebRefusal> {
    let entry = on.entry(Deed::Essayer).changing("en attente", "à tenter maintenant").noting(noted(&confirmed.note));
    let hastened = on.state.store().hasten(on.id, &entry, on.state.now()).await?;
    hastened.ok_or_else(|| WebRefusal::Conflict("rien n’attend plus son heure pour ce courriel".to_owned()))?;
    Ok(to_mail(&on))
}
