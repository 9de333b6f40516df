//! OpenID Connect, authorization code flow with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636): Pro Santé Connect
//! or the agency's own provider.
//!
//! `state` ties the return to the browser that left, `nonce` the token to the request, the verifier the code to us. The
//! token's signature is verified by ring, the one provider of cryptography (`id_token`), with the keys that the
//! provider publishes (`provider`). Which claims name the person and give the role is configuration (`claims`).

mod claims;
mod error;
mod id_token;
mod logout;
mod provider;

use axum::Extension;
use axum::extract::{self, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::html;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tracing::warn;

use super::proxy_headers::Via;
use super::return_url;
use super::session::{Current, Pending, open, person};
use crate::{WebRefusal, WebState, layout};
use base::random;
use domain::access::{Means, Role};
use service::config::OpenId;
use store::Stage;

use error::OpenIdError;
pub(super) use logout::end_there_too;
use provider::Authorization;
pub(crate) use provider::Provider;
pub use provider::try_provider;

#[derive(Deserialize)]
pub(super) struct CallbackQuery {
    retour: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Return {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    error: Option<String>,
}

/// Sends the browser to the provider; whoever is signed in goes on, so that no link of another site ends a session.
pub(super) async fn leave(
    extract::State(state): extract::State<WebState>,
    Extension(via): Extension<Via>,
    current: Option<Extension<Current>>,
    Query(asked): Query<CallbackQuery>,
) -> Result<Response, WebRefusal> {
    let settings = settings(&state)?;
    let back = return_url::ours(asked.retour.as_deref());
    if current.as_ref().is_some_and(|current| current.is_open()) {
        return Ok(Redirect::to(&back).into_response());
    }
    state.gates().pass_address(via.address)?;
    let pending = Pending { back, state: secret()?, nonce: secret()?, verifier: secret()?, ..Pending::default() };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(pending.verifier.as_bytes()));
    let redirect = redirect_uri(&state);
    let authorization =
        Authorization { redirect: &redirect, state: &pending.state, nonce: &pending.nonce, challenge: &challenge };
    let there = match state.provider().authorization_url(settings, &authorization, state.now()).await {
        Ok(there) => there,
        Err(failure) => return Ok(told(&state, &failure)),
    };
    let nobody = person(&state, "", "", Role::Lecteur, Means::OpenId);
    let cookie = open(&state, Stage::OpenId, &nobody, &pending, current.as_deref()).await?;
    Ok((cookie, Redirect::to(&there)).into_response())
}

/// Takes the provider's answer, under a new token.
pub(super) async fn come_back(
    extract::State(state): extract::State<WebState>,
    Extension(via): Extension<Via>,
    current: Option<Extension<Current>>,
    Query(brought): Query<Return>,
) -> Result<Response, WebRefusal> {
    let settings = settings(&state)?;
    state.gates().pass_address(via.address)?;
    let Some(Extension(current)) = current.filter(|current| current.session.stage == Stage::OpenId) else {
        return Ok(told(&state, &OpenIdError::NotAsked));
    };
    match finish(&state, settings, &current, &brought).await {
        Ok(response) => Ok(response),
        Err(OpenIdFailure::OpenId(failure)) => Ok(told(&state, &failure)),
        Err(OpenIdFailure::Refused(refusal)) => Err(refusal),
    }
}

enum OpenIdFailure {
    OpenId(OpenIdError),
    Refused(WebRefusal),
}

impl From<OpenIdError> for OpenIdFailure {
    fn from(failure: OpenIdError) -> Self {
        Self::OpenId(failure)
    }
}

impl From<WebRefusal> for OpenIdFailure {
    fn from(refusal: WebRefusal) -> Self {
        Self::Refused(refusal)
    }
}

async fn finish(
    state: &WebState,
    settings: &OpenId,
    current: &Current,
    brought: &Return,
) -> Result<Response, OpenIdFailure> {
    let pending = current.pending();
    if pending.state.is_empty() || pending.state != brought.state {
        return Err(OpenIdError::NotAsked.into());
    }
    if brought.error.is_some() || brought.code.is_empty() {
        return Err(OpenIdError::Refused.into());
    }
    let redirect = redirect_uri(state);
    let tokens = state.provider().exchange(settings, &brought.code, &redirect, &pending.verifier, state.now()).await?;
    let claims = state.provider().claims(settings, &tokens, &pending.nonce, state.now()).await?;
    let known = claims::identity(settings, &claims)?;
    let person = person(state, &known.subject, &known.name, known.role, Means::OpenId);
    let values = known.values.into_iter().filter(|value| settings.roles.role_of(std::slice::from_ref(value)).is_some());
    let kept = Pending { id_token: tokens.id_token().to_owned(), role_values: values.collect(), ..Pending::default() };
    let cookie = open(state, Stage::Ouverte, &person, &kept, Some(current)).await?;
    Ok((cookie, Redirect::to(&pending.back)).into_response())
}

fn settings(state: &WebState) -> Result<&OpenId, WebRefusal> {
    state.web().openid.as_ref().ok_or(WebRefusal::NotFound)
}

/// What must be declared to the provider.
fn redirect_uri(state: &WebState) -> String {
    format!("{}/connexion/oidc/retour", state.web().origin())
}

/// 256 bits that nobody can guess.
fn secret() -> Result<String, WebRefusal> {
    let bytes = random::bytes::<32>().map_err(|error| WebRefusal::Failed(format!("OpenID Connect : {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The person reads what to do; the cause is for the log.
fn told(state: &WebState, failure: &OpenIdError) -> Response {
    warn!("connexion par OpenID Connect refusée : {failure}");
    let body = html! {
        h1 { "Connexion refusée" }
        p.erreur role="alert" { (failure.advice()) }
        p { a href="/connexion" { "Recommencer" } }
    };
    (StatusCode::FORBIDDEN, layout::public(state.config().environnement, "Connexion refusée", &body)).into_response()
}
