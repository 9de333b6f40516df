//! A mail about which nothing is left to do, and why.

use axum::extract::{self, Form, Path};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{ask, existing, note, noted, on_mail, page, path_of, to_mail};
use crate::access::Right;
use crate::access::audit::Deed;
use crate::outcome::in_paris;
use crate::web::layout::Tab;
use crate::web::{Refusal, State, Visitor};

#[derive(Deserialize)]
pub(super) struct Confirmed {
    #[serde(default)]
    note: String,
    /// Whether the mark is taken off.
    #[serde(default)]
    rouvrir: bool,
}

pub(super) async fn show(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(number): Path<i64>,
) -> Result<Markup, Refusal> {
    visitor.require(Right::Action)?;
    let id = existing(&state, number).await?;
    let to = format!("{}/traite", path_of(id));
    let reopening = html! { input type="hidden" name="rouvrir" value="true"; (note(false)) };
    let body = if let Some(handled) = state.store().handled(id).await? {
        html! {
            p { "Marqué comme traité le " (in_paris(handled.at)) " par " (handled.who) " : « " (handled.note) " »." }
            (ask(&visitor, &to, &reopening, "Remettre à traiter", &path_of(id)))
        }
    } else {
        html! {
            p { "Dites en une phrase ce qui a été fait ou décidé : vos collègues la liront." }
            (ask(&visitor, &to, &note(true), "Marquer comme traité", &path_of(id)))
        }
    };
    Ok(page(&state, &visitor, Tab::Journal, &format!("Courriel n° {number} : traité ?"), &body))
}

pub(super) async fn act(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(number): Path<i64>,
    Form(confirmed): Form<Confirmed>,
) -> Result<Response, Refusal> {
    visitor.require(Right::Action)?;
    let id = existing(&state, number).await?;
    let before = state.store().handled(id).await?.map(|handled| handled.note).unwrap_or_default();
    let note = noted(&confirmed.note);
    if confirmed.rouvrir {
        let entry = on_mail(&visitor, Deed::Rouvrir, id).changing(before, "à traiter").noting(note);
        state.store().reopen(id, &entry, state.now()).await?;
        return Ok(to_mail(id));
    }
    if note.is_empty() {
        return Err(Refusal::Bad("une note est attendue".to_owned()));
    }
    let entry = on_mail(&visitor, Deed::Traiter, id).changing(before, "traité").noting(note.clone());
    state.store().mark_handled(id, &note, &entry, state.now()).await?;
    Ok(to_mail(id))
}
