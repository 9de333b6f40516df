//! An establishment whose silence is known (works, closure): not shown nor told as silent until a date.

use axum::extract::Form;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{ask, note, noted, page};
use super::target::OnEstablishment;
use crate::WebRefusal;
use crate::layout::Tab;
use domain::access::audit::{Deed, name_of};
use domain::labels;
use domain::outcome::paris;

/// The longest: what lasts longer belongs in the referential.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

#[derive(Deserialize)]
pub(super) struct ConfirmedMute {
    #[serde(default)]
    jusque: String,
    #[serde(default)]
    note: String,
    /// Whether the mute is taken off.
    #[serde(default)]
    lever: bool,
}

pub(super) async fn show(on: OnEstablishment) -> Result<Markup, WebRefusal> {
    let OnEstablishment { state, visitor, finess, name } = &on;
    let (to, back) = (format!("{}/silence", on.path()), on.path());
    let lifting = html! { input type="hidden" name="lever" value="true"; (note(false)) };
    let muting = html! {
        label for="jusque" { "Jusqu’au (inclus)" }
        input #jusque name="jusque" type="date" required;
        (note(true))
    };
    let body = html! {
        @if let Some(mute) = state.store().mute_of(*finess, state.now()).await? {
            p { "En silence jusqu’au " (labels::last_day(mute.until)) ", par " (name_of(&mute.who)) " : « " (mute.note) " »." }
            (ask(visitor, &to, &lifting, "Lever le silence", &back))
        }
        p { "Jusqu’à la date choisie, " (name) " n’est plus signalé comme silencieux. Ses envois, s’il en vient, sont traités comme d’habitude." }
        (ask(visitor, &to, &muting, "Mettre en silence", &back))
    };
    Ok(page(state, visitor, Tab::Etablissements, &format!("Silence de {name}"), &body))
}

pub(super) async fn act(on: OnEstablishment, Form(confirmed): Form<ConfirmedMute>) -> Result<Response, WebRefusal> {
    let (store, now, note) = (on.state.store(), on.state.now(), noted(&confirmed.note));
    let before = store.mute_of(on.finess, now).await?.map(|mute| labels::last_day(mute.until)).unwrap_or_default();
    if confirmed.lever {
        let entry = on.entry(Deed::FinSilence).changing(before, "").noting(note);
        store.unmute(on.finess, &entry, now).await?;
    } else {
        let until = end_of(&confirmed.jusque, now)?;
        if note.is_empty() {
            return Err(WebRefusal::Bad("une note est attendue".to_owned()));
        }
        let entry = on.entry(Deed::Silence).changing(before, labels::last_day(until)).noting(note.clone());
        store.mute(on.finess, until, &note, &entry, now).await?;
    }
    Ok(Redirect::to(&on.path()).into_response())
}

/// The end of a day of Paris that is not over, within a year.
fn end_of(text: &str, now: Timestamp) -> Result<Timestamp, WebRefusal> {
    let day = text.parse::<Date>().ok().and_then(|day| day.tomorrow().ok());
    let until =
        day.and_then(|day| day.at(0, 0, 0, 0).to_zoned_datetime(paris()).ok()).map(|midnight| midnight.timestamp());
    let fits = |until: &Timestamp| *until > now && until.duration_since(now) <= LONGEST;
    until.filter(fits).ok_or_else(|| WebRefusal::Bad("une date à venir, à un an au plus, est attendue".to_owned()))
}

#[test]
fn a_mute_ends_with_a_day_of_paris() {
    let now: Timestamp = "2026-11-23T22:30:00Z".parse().unwrap();
    assert_eq!(end_of("2026-11-24", now).unwrap().to_string(), "2026-11-24T23:00:00Z");
    assert_eq!(end_of("2026-11-23", now).unwrap().to_string(), "2026-11-23T23:00:00Z");
    for text in ["2026-11-22", "2028-01-01", "", "demain", "9999-12-31"] {
        assert!(end_of(text, now).is_err(), "{text}");
    }
}
