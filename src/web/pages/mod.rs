//! The pages.

mod check;
mod dashboard;
mod mail;
mod parts;

use axum::Router;
use axum::routing::get;

use super::State;

/// Their addresses.
pub(super) fn routes() -> Router<State> {
    Router::new().route("/", get(dashboard::show)).merge(mail::routes()).merge(check::routes())
}
