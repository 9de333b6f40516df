//! An answer of the simulator, before it is sent.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, LAST_MODIFIED, PRAGMA, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::refusal::SimulatedRefusal;

/// Status, headers and body.
pub(super) struct Reply {
    pub(super) status: u16,
    headers: Vec<(HeaderName, String)>,
    content: Content,
}

enum Content {
    Json(Value),
    Refusal { refusal: SimulatedRefusal, swapped: bool },
    Text(String),
}

impl Reply {
    /// A FHIR resource.
    pub(super) fn json(status: u16, json: Value) -> Self {
        Self::new(status, "application/fhir+json;charset=UTF-8", Content::Json(json))
    }

    /// What the token endpoint says (RFC 6749, sections 5.1 and 5.2).
    pub(super) fn of_tokens(status: u16, json: Value) -> Self {
        let mut reply = Self::new(status, "application/json", Content::Json(json));
        reply.headers.extend([(CACHE_CONTROL, "no-store".to_owned()), (PRAGMA, "no-cache".to_owned())]);
        reply
    }

    /// An `OperationOutcome`.
    pub(super) fn refusal(refusal: SimulatedRefusal) -> Self {
        let status = refusal.status;
        Self::new(status, "application/fhir+json;charset=UTF-8", Content::Refusal { refusal, swapped: false })
    }

    /// What a gateway says: a page.
    pub(super) fn page(status: u16) -> Self {
        let page = format!("<html><body><h1>{status}</h1><p>Passerelle du simulateur</p></body></html>");
        Self::new(status, "text/html; charset=utf-8", Content::Text(page))
    }

    /// A success that is none.
    pub(super) fn gibberish() -> Self {
        Self::new(200, "text/plain; charset=utf-8", Content::Text("?? charabia ??".to_owned()))
    }

    fn new(status: u16, media_type: &str, content: Content) -> Self {
        Self { status, headers: vec![(CONTENT_TYPE, media_type.to_owned())], content }
    }

    /// With the shape of the expressions changed, if it has any.
    pub(super) fn swapped(mut self) -> Self {
        if let Content::Refusal { swapped, .. } = &mut self.content {
            *swapped = true;
        }
        self
    }

    pub(super) fn retry_after(mut self, value: Option<String>) -> Self {
        self.headers.extend(value.map(|value| (RETRY_AFTER, value)));
        self
    }

    pub(super) fn version(mut self, version: u64, modified: Option<String>) -> Self {
        self.headers.push((ETAG, format!("W/\"{version}\"")));
        self.headers.extend(modified.map(|modified| (LAST_MODIFIED, modified)));
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let text = match self.content {
            Content::Json(json) => json.to_string(),
            Content::Refusal { refusal, swapped } => refusal.body(swapped).to_string(),
            Content::Text(text) => text,
        };
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
