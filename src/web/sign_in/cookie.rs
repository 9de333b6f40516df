//! The cookie of the session, and that of a device that somebody signed in with. Over https its name holds it to this host, over TLS and to the whole site (`__Host-`, RFC 6265bis).
//!
//! `SameSite=Lax`: the return from an OpenID provider is a navigation from another site, on which a strict cookie would
//! not be sent; requests that change something are refused from other sites anyway.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use domain::access::SessionToken;
use service::config::Web;
use store::DEVICE_KEPT;

fn name(web: &Web) -> &'static str {
    if web.is_https() { "__Host-dispolits" } else { "dispolits" }
}

fn device_name(web: &Web) -> &'static str {
    if web.is_https() { "__Host-dispolits-appareil" } else { "dispolits-appareil" }
}

/// The token that a request brings, if it brings one that can be.
pub(super) fn read(web: &Web, headers: &HeaderMap) -> Option<SessionToken> {
    brought(name(web), headers)
}

/// The token of the device, likewise.
pub(super) fn read_device(web: &Web, headers: &HeaderMap) -> Option<SessionToken> {
    brought(device_name(web), headers)
}

/// What makes a browser a known device, for as long as the store knows it.
pub(super) fn set_device(web: &Web, token: &SessionToken) -> Option<HeaderValue> {
    written(web, device_name(web), &token.cookie(), &format!("; Max-Age={}", DEVICE_KEPT.as_secs()))
}

fn brought(name: &str, headers: &HeaderMap) -> Option<SessionToken> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|all| all.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(key, _)| *key == name);
    values.next().and_then(|(_, value)| value.parse().ok())
}

/// What gives a browser its token; gone with the browser.
pub(super) fn set(web: &Web, token: &SessionToken) -> Option<HeaderValue> {
    written(web, name(web), &token.cookie(), "")
}

/// What takes it away.
pub(super) fn clear(web: &Web) -> Option<HeaderValue> {
    written(web, name(web), "", "; Max-Age=0")
}

fn written(web: &Web, name: &str, value: &str, age: &str) -> Option<HeaderValue> {
    let secure = if web.is_https() { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")).ok()
}
