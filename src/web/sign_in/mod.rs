//! Signing in: who asks is known before any page is made.
//!
//! `middleware` runs before every page. It takes the visitor's address and client certificate from a trusted proxy alone
//! (`proxy_headers`), finds the session of the cookie (`session`), and refuses what another site may have made a browser
//! send (`csrf`). Sessions are opened by a local account (`local`, then `totp`) or by OpenID Connect (`openid`),
//! under a new token each time, so that nobody can set it beforehand. A machine is known by its certificate, under
//! `/api` alone.

mod account;
mod cookie;
mod csrf;
mod local;
mod middleware;
mod openid;
mod origin;
mod proxy_headers;
mod rate_limits;
mod return_url;
mod seed;
mod session;
mod totp;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};

use crate::WebState;

pub(super) use middleware::identify;
pub(super) use openid::Provider;
pub use openid::try_provider;
pub(super) use proxy_headers::Via;
pub(super) use rate_limits::RateLimits;

/// Its pages.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route("/connexion", get(local::show).post(local::sign_in))
        .route("/connexion/code", get(totp::show).post(totp::prove))
        .route("/connexion/oidc", get(openid::leave))
        .route("/connexion/oidc/retour", get(openid::come_back))
        .route("/deconnexion", post(account::sign_out))
        .route("/compte", get(account::show))
        .route("/compte/mot-de-passe", get(to_account).post(account::change_password))
}

/// The form is on the account's page: its address, typed or kept by a browser, leads there.
async fn to_account() -> Redirect {
    Redirect::to("/compte")
}
