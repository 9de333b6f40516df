//! The same data for machines: `/api/v1`, JSON, described by the code itself (OpenAPI).
//!
//! Whoever asks is known as on the pages, by session or by certificate, and needs the same rights. What is refused is
//! told as RFC 9457 has it (`problem`); lists come in pages, each with where the next begins.

mod description;
mod dto;
mod journal;
mod params;
mod problem;
mod region;

use axum::Router;
use axum::routing::get;

use crate::WebState;

pub use description::description;
pub(super) use problem::tell_as_problem;

/// Their addresses.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route("/api/v1/openapi.json", get(description::serve))
        .route("/api/v1/courriels", get(journal::list))
        .route("/api/v1/courriels/{numero}", get(journal::one))
        .route("/api/v1/courriels/{numero}/defauts", get(journal::defects))
        .route("/api/v1/services", get(region::services))
        .route("/api/v1/etablissements/{finess}", get(region::establishment))
        .route("/api/v1/retards", get(region::late))
        .route("/api/v1/flux", get(region::flow))
        .route("/api/v1/rejets", get(region::rejections))
        .route("/api/v1/bilan", get(region::balance))
}
