//! The pages.

mod alerts;
mod audit;
mod check;
mod components;
mod dashboard;
mod establishments;
mod journal;
mod mail;
mod sessions;

use axum::Router;
use axum::routing::get;

use crate::WebState;

/// Their addresses.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route("/", get(dashboard::show))
        .route("/alertes", get(alerts::show))
        .route("/audit", get(audit::show))
        .route("/sessions", get(sessions::show).post(sessions::end))
        .merge(journal::routes())
        .merge(mail::routes())
        .merge(establishments::routes())
        .merge(check::routes())
}
