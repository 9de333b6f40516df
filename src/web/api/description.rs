//! The description of the API, made from its code.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa::OpenApi;

use super::problem::Problem;
use super::{journal, region};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dispolits",
        description = "Le journal des courriels de disponibilité en lits, pour les machines. Les mêmes droits que sur les \
                       pages : une session ouverte, ou un certificat que la configuration nomme.",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2"),
    ),
    paths(
        journal::list,
        journal::one,
        journal::defects,
        region::services,
        region::establishment,
        region::late,
        region::flow,
        region::rejections,
        region::balance,
    ),
    components(schemas(Problem))
)]
struct Description;

/// The description as `/api/v1/openapi.json` gives it, and `schemas/openapi.json` keeps it.
pub fn description() -> String {
    Description::openapi().to_pretty_json().map_or_else(|_| String::new(), |json| json + "\n")
}

pub(super) async fn serve() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], description())
}
