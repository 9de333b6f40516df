//! A mail about which nothing is left to do, and why.

use axum::extract::Form;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{ask, note, noted, page, to_mail};
use super::target::OnMail;
use crate::WebRefusal;
use crate::layout::Tab;
use domain::access::audit::{Deed, name_of};
use domain::outcome::in_paris;

#[derive(Deserialize)]
pub(super) struct ConfirmedHandled {
    #[serde(default)]
    note: String,
    /// Whether the mark is taken off.
    #[serde(default)]
    rouvrir: bool,
}

pub(super) async fn show(on: OnMail) -> Result<Markup, WebRefusal> {
    let to = format!("{}/traite", on.path());
    let reopening = html! { input type="hidden" name="rouvrir" value="true"; (note(false)) };
    let body = if let Some(handled) = on.state.store().handled(on.id).await? {
        html! {
            p { "Marqué comme traité le " (in_paris(handled.at)) " par " (name_of(&handled.who)) " : « " (handled.note) " »." }
            (ask(&on.visitor, &to, &reopening, "Remettre à traiter", &on.path()))
        }
    } else {
        html! {
            p { "Dites en une phrase ce qui a été fait ou décidé : vos collègues la liront." }
            (ask(&on.visitor, &to, &note(true), "Marquer comme traité", &on.path()))
        }
    };
    let title = format!("Courriel n° {} : traité ?", on.id.number());
    Ok(page(&on.state, &on.visitor, Tab::Journal, &title, &body))
}

pub(super) async fn act(on: OnMail, Form(confirmed): Form<ConfirmedHandled>) -> Result<Response, WebRefusal> {
    let (store, now) = (on.state.store(), on.state.now());
    let before = store.handled(on.id).await?.map(|handled| handled.note).unwrap_or_default();
    let note = noted(&confirmed.note);
    if confirmed.rouvrir {
        let entry = on.entry(Deed::Rouvrir).changing(before, "à traiter").noting(note);
        store.reopen(on.id, &entry, now).await?;
        return Ok(to_mail(&on));
    }
    if note.is_empty() {
        return Err(WebRefusal::Bad("une note est attendue".to_owned()));
    }
    let entry = on.entry(Deed::Traiter).changing(before, "traité").noting(note.clone());
    store.mark_handled(on.id, &note, &entry, now).await?;
    Ok(to_mail(&on))
}
