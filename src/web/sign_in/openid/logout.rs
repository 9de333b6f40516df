//! Signing out at the provider too (OpenID Connect RP-Initiated Logout 1.0), once the session here is over.

use axum::http::HeaderValue;
use axum::http::header::REFRESH;
use axum::response::{IntoResponse, Response};
use maud::html;
use tracing::warn;

use super::error::OpenIdError;
use super::provider::{encoded, with_query};
use crate::sign_in::session::Current;
use crate::{WebState, layout};
use domain::access::Means;
use service::config::OpenId;

/// A page that leads on to the provider; nothing where the session was not opened there, or it has no such place.
///
/// No redirection: browsers hold the answers to a form to `form-action`, which names this site alone.
pub(in crate::sign_in) async fn end_there_too(state: &WebState, current: &Current) -> Option<Response> {
    let is_its = current.is_open() && current.session.means == Means::OpenId;
    let settings = state.web().openid.as_ref().filter(|_| is_its)?;
    match address(state, settings, current).await {
        Ok(there) => Some(page(state, settings, &there?)),
        Err(failure) => {
            warn!("déconnexion chez le fournisseur OpenID Connect impossible : {failure}");
            None
        }
    }
}

async fn address(state: &WebState, settings: &OpenId, current: &Current) -> Result<Option<String>, OpenIdError> {
    let endpoint = state.provider().end_session_endpoint(settings, state.now()).await?;
    let (pending, back) = (current.pending(), format!("{}/connexion", state.web().origin()));
    let query = encoded(&[
        ("id_token_hint", Some(pending.id_token.as_str()).filter(|token| !token.is_empty())),
        ("client_id", Some(&settings.client_id)),
        ("post_logout_redirect_uri", Some(&back)),
    ]);
    Ok(endpoint.map(|endpoint| with_query(&endpoint, &query)))
}

fn page(state: &WebState, settings: &OpenId, there: &str) -> Response {
    let body = html! {
        h1 { "Déconnexion" }
        p { "Votre session de Dispolits est fermée. Celle de " (settings.name) " se ferme aussi…" }
        p { a href=(there) { "Fermer la session de " (settings.name) } }
    };
    let mut response = layout::public(state.config().environnement, "Déconnexion", &body).into_response();
    if let Ok(refresh) = HeaderValue::from_str(&format!("0; url={there}")) {
        response.headers_mut().insert(REFRESH, refresh);
    }
    response
}
