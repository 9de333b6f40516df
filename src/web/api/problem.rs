//! What is refused, as machines are told it (RFC 9457).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::openapi::{self, ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::error::ErrorMessage;

/// Where machines ask.
const PATH: &str = "/api/";
/// What a problem is (RFC 9457, section 3).
const MEDIA_TYPE: &str = "application/problem+json";

/// A request refused.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// `about:blank` : le statut dit tout.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Le statut en mots.
    title: &'static str,
    /// Le statut HTTP.
    status: u16,
    /// Ce qui ne va pas, en français.
    detail: String,
}

/// How any request may be refused, for the description.
pub(super) struct Refused;

/// The same, and that there is nothing there.
pub(super) struct Missing;

const REFUSALS: [(StatusCode, &str); 5] = [
    (StatusCode::BAD_REQUEST, "Un paramètre ne convient pas"),
    (StatusCode::UNAUTHORIZED, "Personne n’est connecté"),
    (StatusCode::FORBIDDEN, "Le rôle ne suffit pas"),
    (StatusCode::METHOD_NOT_ALLOWED, "Cette adresse se lit seulement"),
    (StatusCode::SERVICE_UNAVAILABLE, "La base de données ne répond pas"),
];

type Responses = BTreeMap<String, RefOr<openapi::Response>>;

fn refusal((status, description): (StatusCode, &str)) -> (String, RefOr<openapi::Response>) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build();
    (status.as_str().to_owned(), response.into())
}

impl IntoResponses for Refused {
    fn responses() -> Responses {
        REFUSALS.into_iter().map(refusal).collect()
    }
}

impl IntoResponses for Missing {
    fn responses() -> Responses {
        let missing = (StatusCode::NOT_FOUND, "Il n’y a rien de tel, ou ce n’est plus conservé");
        REFUSALS.into_iter().chain([missing]).map(refusal).collect()
    }
}

/// Tells machines in JSON what people are told on a page.
pub(crate) async fn tell_as_problem(request: Request, next: Next) -> Response {
    let is_for_machines = request.uri().path().starts_with(PATH);
    let response = next.run(request).await;
    if is_for_machines && is_refused(&response) { problem(&response) } else { response }
}

/// Redirections lead people to a page: there is none for machines.
fn is_refused(response: &Response) -> bool {
    let status = response.status();
    status.is_client_error() || status.is_server_error() || status.is_redirection()
}

fn problem(response: &Response) -> Response {
    let status = if response.status().is_redirection() { StatusCode::UNAUTHORIZED } else { response.status() };
    let detail = match response.extensions().get::<ErrorMessage>() {
        Some(ErrorMessage(detail)) => detail.clone(),
        None => default_detail(status).to_owned(),
    };
    let title = status.canonical_reason().unwrap_or("Error");
    let body = Json(Problem { kind: "about:blank", title, status: status.as_u16(), detail });
    let mut told = (status, body).into_response();
    let headers = told.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Cookie realm=\"Dispolits\""));
    }
    if let Some(allowed) = response.headers().get(ALLOW) {
        headers.insert(ALLOW, allowed.clone());
    }
    told
}

fn default_detail(status: StatusCode) -> &'static str {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => "cette adresse se lit seulement",
        StatusCode::SERVICE_UNAVAILABLE => "la réponse a demandé trop de temps",
        StatusCode::PAYLOAD_TOO_LARGE => "cette demande est trop longue",
        _ => "cette demande ne convient pas",
    }
}
