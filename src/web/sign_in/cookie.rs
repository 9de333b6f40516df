//! The one cookie. Over https its name holds it to this host, over TLS and to the whole site (`__Host-`, RFC 6265bis).
//!
//! `SameSite=Lax`: the return from an OpenID provider is a navigation from another site, on which a strict cookie would
//! not be sent; requests that change something are refused from other sites anyway.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use crate::access::SessionToken;
use crate::config::Web;

fn name(web: &Web) -> &'static str {
    if web.is_https() { "__Host-dispolits" } else { "dispolits" }
}

/// The token that a request brings, if it brings one that can be.
pub(super) fn read(web: &Web, headers: &HeaderMap) -> Option<SessionToken> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|all| all.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(key, _)| *key == name(web));
    values.next().and_then(|(_, value)| value.parse().ok())
}

/// What gives a browser its token; gone with the browser.
pub(super) fn set(web: &Web, token: &SessionToken) -> Option<HeaderValue> {
    written(web, &token.cookie(), "")
}

/// What takes it away.
pub(super) fn clear(web: &Web) -> Option<HeaderValue> {
    written(web, "", "; Max-Age=0")
}

fn written(web: &Web, value: &str, age: &str) -> Option<HeaderValue> {
    let secure = if web.is_https() { "; Secure" } else { "" };
    let name = name(web);
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")).ok()
}
