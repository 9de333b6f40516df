//! The one style sheet, kept by browsers until it changes.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

const SHEET: &str = include_str!("style.css");

/// Where it is; another version of the program has another address.
pub(super) const PATH: &str = concat!("/style-", env!("CARGO_PKG_VERSION"), ".css");

pub(super) async fn serve() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")], SHEET)
}
