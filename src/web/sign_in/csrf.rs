//! Requests that another site made a browser send: refused by where they come from (`Sec-Fetch-Site`, `Origin`), and
//! by the token that only our forms hold.

use axum::body::{Body, to_bytes};
use axum::extract::{Form, FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use serde::Deserialize;

use super::session::Current;
use crate::WebRefusal;
use service::config::Web;

/// The largest form, in bytes.
const LARGEST: usize = 64 * 1024;

/// Takes a file, changes nothing, and is open to all: no session is at stake.
const HARMLESS: [&str; 1] = ["/verifier"];

/// What every form of a session brings.
#[derive(Deserialize)]
struct Brought {
    #[serde(default)]
    jeton: String,
}

fn forged() -> WebRefusal {
    WebRefusal::Denied("cette demande ne vient pas d’une page de ce site ; revenez à la page et recommencez".to_owned())
}

/// Whether a request may change something. Browsers say where it comes from; what says nothing is no browser.
pub(super) fn check_origin(web: &Web, method: &Method, headers: &HeaderMap) -> Result<(), WebRefusal> {
    if method.is_safe() {
        return Ok(());
    }
    let told = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let same_site = told("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let same_origin = told(ORIGIN.as_str()).is_none_or(|origin| is_ours(web, origin, told(HOST.as_str())));
    if same_site && same_origin { Ok(()) } else { Err(forged()) }
}

/// The address that browsers see; without one, whatever this machine answers to.
fn is_ours(web: &Web, origin: &str, host: Option<&str>) -> bool {
    if web.public_url.is_some() {
        return origin.eq_ignore_ascii_case(&web.origin());
    }
    origin.strip_prefix("http://").is_some_and(|authority| Some(authority) == host)
}

/// Reads the form of a session and looks for its token; the request goes on as it was.
pub(super) async fn check_token(request: Request, current: &Current) -> Result<Request, WebRefusal> {
    if request.method().is_safe() || HARMLESS.contains(&request.uri().path()) {
        return Ok(request);
    }
    let is_form = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !is_form.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return Err(forged());
    }
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, LARGEST).await.map_err(|_| WebRefusal::Bad("formulaire trop grand".to_owned()))?;
    let copy = Request::from_parts(parts.clone(), Body::from(bytes.clone()));
    let Form(brought) = Form::<Brought>::from_request(copy, &()).await.map_err(|_| forged())?;
    if !current.token.is_form_token(&brought.jeton) {
        return Err(forged());
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}
