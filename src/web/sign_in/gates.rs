//! Limits on guessing: how often an address or a login may try, and how many passwords are verified at once.

use std::fmt;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::access::{Login, PasswordHash, matches};
use crate::web::Refusal;

/// Attempts of one address in a row, and so many a minute from then on. A whole agency may be behind one.
const OF_AN_ADDRESS: u32 = 30;
/// Those of one login: the lockout of the store is stricter, and outlives us.
const OF_A_LOGIN: u32 = 15;
/// Above so many known addresses or logins, those that may try again are forgotten.
const KNOWN: usize = 10_000;
/// Passwords verified at once, each with 19 MiB.
const VERIFIED: usize = 2;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The limits, shared by all requests.
pub(in crate::web) struct Gates {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    logins: DefaultKeyedRateLimiter<Login>,
    verifying: Semaphore,
}

impl Gates {
    pub(in crate::web) fn new() -> Self {
        Self {
            addresses: RateLimiter::keyed(a_minute(OF_AN_ADDRESS)),
            logins: RateLimiter::keyed(a_minute(OF_A_LOGIN)),
            verifying: Semaphore::new(VERIFIED),
        }
    }

    /// Counts an attempt of an address; whoever has a /64 of IPv6 has one address.
    pub(super) fn pass_address(&self, address: IpAddr) -> Result<(), Refusal> {
        check(&self.addresses, &network(address))
    }

    /// Counts an attempt for a login.
    pub(super) fn pass_login(&self, login: &Login) -> Result<(), Refusal> {
        check(&self.logins, login)
    }

    /// Whether a password is right: the same work, at its turn, whether the account exists or not.
    pub(super) async fn verify(&self, hash: Option<PasswordHash>, attempt: String) -> Result<bool, Refusal> {
        let turn = timeout(PATIENCE, self.verifying.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(Refusal::TooMany) };
        let verified = tokio::task::spawn_blocking(move || matches(hash.as_ref(), &attempt)).await;
        verified.map_err(|failure| Refusal::Failed(format!("vérification d’un mot de passe : {failure}")))
    }
}

fn a_minute(attempts: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(attempts).unwrap_or(NonZeroU32::MIN))
}

fn check<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Refusal> {
    if limiter.len() > KNOWN {
        limiter.retain_recent();
    }
    limiter.check_key(key).map_err(|_| Refusal::TooMany)
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6((six.to_bits() >> 64 << 64).into()),
        four @ IpAddr::V4(_) => four,
    }
}

impl fmt::Debug for Gates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gates").finish_non_exhaustive()
    }
}
