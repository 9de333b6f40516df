//! The tokens that the simulated endpoint delivered.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

/// The most tokens valid at a time; the one that expires first gives way.
const TOKENS: usize = 10_000;

/// The valid tokens.
pub(super) struct Issued {
    clock: Clock,
    lifetime: SignedDuration,
    expiries: Mutex<BTreeMap<String, Timestamp>>,
}

impl Issued {
    pub(super) fn new(clock: Clock, lifetime: SignedDuration) -> Self {
        Self { clock, lifetime, expiries: Mutex::default() }
    }

    /// A new token, opaque.
    pub(super) fn issue(&self) -> String {
        let token = format!("simulateur-{:032x}", fastrand::u128(..));
        let now = self.clock.now();
        let mut expiries = self.expiries.lock().unwrap_or_else(PoisonError::into_inner);
        expiries.retain(|_, expiry| *expiry > now);
        if expiries.len() >= TOKENS {
            let first = expiries.iter().min_by_key(|(_, expiry)| **expiry).map(|(token, _)| token.clone());
            first.map(|token| expiries.remove(&token));
        }
        expiries.insert(token.clone(), now.saturating_add(self.lifetime).unwrap_or(now));
        token
    }

    /// Whether the `Authorization` header holds a token that is still valid.
    pub(super) fn admits(&self, authorization: Option<&str>) -> bool {
        let Some(token) = authorization.and_then(|header| header.strip_prefix("Bearer ")) else { return false };
        let expiries = self.expiries.lock().unwrap_or_else(PoisonError::into_inner);
        expiries.get(token).is_some_and(|expiry| *expiry > self.clock.now())
    }

    /// Seconds for which a token is valid.
    pub(super) fn lifetime(&self) -> i64 {
        self.lifetime.as_secs()
    }

    pub(super) fn forget(&self) {
        self.expiries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
