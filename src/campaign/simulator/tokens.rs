//! The tokens that the simulated endpoint delivered.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use base::clock::Clock;

/// The most tokens valid at a time; the one that expires first gives way.
const TOKENS: usize = 10_000;

/// The valid tokens.
pub(super) struct Issued {
    clock: Clock,
    lifetime: SignedDuration,
    valid: Mutex<BTreeMap<String, TokenRequest>>,
}

/// Until when a token is valid, and whose it is.
struct TokenRequest {
    expiry: Timestamp,
    client: String,
}

impl Issued {
    pub(super) fn new(clock: Clock, lifetime: SignedDuration) -> Self {
        Self { clock, lifetime, valid: Mutex::default() }
    }

    /// A new token of this client. It has the form of the real one, a JWT (RFC 7519) that clients need not read, and
    /// nothing signs it.
    pub(super) fn issue(&self, client: &str) -> String {
        let now = self.clock.now();
        let expiry = now.saturating_add(self.lifetime).unwrap_or(now);
        let claims = json!({"exp": expiry.as_second(), "iat": now.as_second(), "typ": "Bearer", "azp": client});
        let token =
            format!("{}.{}.{:032x}", part(&json!({"alg": "none", "typ": "JWT"})), part(&claims), fastrand::u128(..));
        let mut issued = self.valid.lock().unwrap_or_else(PoisonError::into_inner);
        issued.retain(|_, issue| issue.expiry > now);
        if issued.len() >= TOKENS {
            let first = issued.iter().min_by_key(|(_, issue)| issue.expiry).map(|(token, _)| token.clone());
            first.map(|token| issued.remove(&token));
        }
        issued.insert(token.clone(), TokenRequest { expiry, client: client.to_owned() });
        token
    }

    /// Whose token the `Authorization` header holds, if it is still valid.
    pub(super) fn client_of(&self, authorization: Option<&str>) -> Option<String> {
        let token = authorization?.strip_prefix("Bearer ")?;
        let issued = self.valid.lock().unwrap_or_else(PoisonError::into_inner);
        issued.get(token).filter(|issue| issue.expiry > self.clock.now()).map(|issue| issue.client.clone())
    }

    /// Seconds for which a token is valid.
    pub(super) fn lifetime(&self) -> i64 {
        self.lifetime.as_secs()
    }

    pub(super) fn forget(&self) {
        self.valid.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}
