//! Where an attempt to sign in comes from: failures are counted by login and origin, so that nobody keeps an account
//! locked by naming it.
//!
//! A browser that signed in before brings the token of a device, known to the store by its digest: it has a count of its
//! own, which no stranger can fill. Everybody else is counted by network. The second step has one count for each account:
//! only who gave the password comes there.

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

use super::cookie;
use super::proxy_headers::Via;
use crate::{WebRefusal, WebState};
use base::http_server::network;
use base::random;
use domain::access::{Login, SessionToken};

/// The origin of whoever is past the password.
pub(super) const SECOND_STEP: &str = "second facteur";
/// The origin of whoever is signed in and gives their password again.
pub(super) const SIGNED_IN: &str = "session ouverte";

/// Where an attempt for a login comes from: a device of its owner, or a network.
pub(super) async fn of(state: &WebState, via: &Via, login: &Login, headers: &HeaderMap) -> Result<String, WebRefusal> {
    let Some(token) = known(state, login, headers).await? else { return Ok(network(via.address).to_string()) };
    let digest = token.digest();
    Ok(format!("appareil {}", digest.get(..16).unwrap_or(&digest)))
}

/// The token of a device with which somebody signed in to the account before.
async fn known(state: &WebState, login: &Login, headers: &HeaderMap) -> Result<Option<SessionToken>, WebRefusal> {
    let Some(token) = cookie::read_device(state.web(), headers) else { return Ok(None) };
    let is_known = state.store().knows_device(login, &token.digest(), state.now()).await?;
    Ok(is_known.then_some(token))
}

/// Knows the browser from now on: its own token if it has one, else a new one.
pub(super) async fn remember(
    state: &WebState,
    login: &Login,
    headers: &HeaderMap,
    mut response: Response,
) -> Result<Response, WebRefusal> {
    let failed = |why: String| WebRefusal::Failed(format!("appareil : {why}"));
    // A token that somebody may have planted is not taken over.
    let token = match known(state, login, headers).await? {
        Some(token) => token,
        None => SessionToken::new(random::bytes().map_err(|error| failed(error.to_string()))?),
    };
    state.store().know_device(login, &token.digest(), state.now()).await?;
    let cookie: HeaderValue = cookie::set_device(state.web(), &token).ok_or_else(|| failed("cookie".to_owned()))?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}
