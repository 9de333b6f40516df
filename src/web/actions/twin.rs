//! Indicators that stand in the ROR twice, under both codes of the undifferentiated genre: the list of them, and the
//! deletion of one.

use axum::extract::{Form, FromRequestParts, State as Shared};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{ask, note, noted, page};
use super::target::{actor, named};
use crate::layout::Tab;
use crate::{Visitor, WebRefusal, WebState};
use domain::access::Right;
use domain::outcome::in_paris;
use store::{StoreError, StoredTwin};

/// Where they are listed.
pub(crate) const TWINS: &str = "/doubles";

/// A twin that is there, before a person who may act.
pub(super) struct OnTwin {
    state: WebState,
    visitor: Visitor,
    twin: StoredTwin,
}

#[derive(Deserialize)]
pub(super) struct Confirmed {
    #[serde(default)]
    note: String,
}

impl FromRequestParts<WebState> for OnTwin {
    type Rejection = WebRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, WebRefusal> {
        let visitor = actor(parts, state).await?;
        let id: i64 = named(parts, state).await?;
        let twin = twins(state).await?.into_iter().find(|twin| twin.id == id).ok_or(WebRefusal::NotFound)?;
        Ok(Self { state: state.clone(), visitor, twin })
    }
}

/// Those under the code that is not written.
async fn twins(state: &WebState) -> Result<Vec<StoredTwin>, StoreError> {
    state.store().twins(in_force(state)).await
}

fn in_force(state: &WebState) -> &'static str {
    state.config().ror.api.genre_indifferencie.code()
}

pub(super) async fn list(Shared(state): Shared<WebState>, visitor: Visitor) -> Result<Markup, WebRefusal> {
    visitor.require(Right::Metadonnees)?;
    let twins = twins(&state).await?;
    let body = html! {
        @if twins.is_empty() {
            p { "Aucun indicateur en double n’a été vu dans le ROR." }
        } @else {
            p {
                "Le ROR porte ces indicateurs sous les deux codes du genre indifférencié. Dispolits n’écrit que sous le code "
                (in_force(&state)) " : l’autre vieillit, et qui lit le ROR compte ces lits deux fois."
            }
            (table(&twins, &visitor))
        }
        p { a href="/alertes" { "Retour aux alertes" } }
    };
    Ok(page(&state, &visitor, Tab::Alertes, "Indicateurs en double dans le ROR", &body))
}

fn table(twins: &[StoredTwin], visitor: &Visitor) -> Markup {
    html! {
        div.large {
            table.cartes {
                caption.invisible { "Un double par ligne, le plus ancien d’abord" }
                thead { tr {
                    th scope="col" { "Lieu" } th scope="col" { "Double" } th scope="col" { "Vu" } th scope="col" { "Suppression" }
                } }
                tbody { @for twin in twins { (line(twin, visitor)) } }
            }
        }
    }
}

fn line(twin: &StoredTwin, visitor: &Visitor) -> Markup {
    html! {
        tr {
            th scope="row" data-nom="Lieu" { span { (twin.lieu) } }
            td data-nom="Double" { span { (in_words(twin)) } }
            td data-nom="Vu" { (in_paris(twin.seen_at)) }
            td data-nom="Suppression" {
                @if twin.is_going {
                    "demandée"
                } @else if visitor.person.may(Right::Action) {
                    a href=(path(twin)) { "Supprimer…" span.invisible { " : " (twin.lieu) ", " (twin.indicator) } }
                } @else {
                    "—"
                }
            }
        }
    }
}

fn path(twin: &StoredTwin) -> String {
    format!("{TWINS}/{}", twin.id)
}

fn in_words(twin: &StoredTwin) -> Markup {
    let at = in_paris(twin.twin.date);
    html! { (twin.indicator) " sous le code " (twin.twin.genre_code) " : " (twin.twin.nombre) ", relevé du " (at) }
}

pub(super) async fn show(on: OnTwin) -> Result<Markup, WebRefusal> {
    let OnTwin { state, visitor, twin } = &on;
    let body = html! {
        p { strong { (twin.lieu) } " — " (in_words(twin)) "." }
        @if twin.is_going {
            p { "Sa suppression est déjà demandée : le service l’envoie dès que le ROR la prend." }
            p { a href=(TWINS) { "Retour à la liste" } }
        } @else {
            p {
                "Ce double sera supprimé du ROR ; le même indicateur sous le code " (in_force(state)) " y reste. Vérifiez d’abord avec l’établissement qu’aucun autre logiciel n’écrit sous le code "
                (twin.twin.genre_code) " : sinon le double reviendra."
            }
            (ask(visitor, &path(twin), &note(false), "Supprimer le double", TWINS))
        }
    };
    Ok(page(state, visitor, Tab::Alertes, &format!("Double de {}", twin.lieu), &body))
}

pub(super) async fn act(on: OnTwin, Form(confirmed): Form<Confirmed>) -> Result<Response, WebRefusal> {
    let OnTwin { state, visitor, twin } = &on;
    let entry = twin.removal(visitor.person.in_audit(), noted(&confirmed.note));
    if !state.store().remove_twin(twin.id, in_force(state), &entry, state.now()).await? {
        return Err(WebRefusal::Conflict("la suppression de ce double est déjà demandée".to_owned()));
    }
    Ok(Redirect::to(TWINS).into_response())
}
