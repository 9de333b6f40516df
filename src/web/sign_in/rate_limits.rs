//! Limits on guessing and on work: how often an address or a login may try, how many passwords are hashed at once.

use std::fmt;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::WebRefusal;
use base::http_server::network;
use domain::access::{Login, Password, PasswordError, PasswordHash, matches};

/// Attempts of one address in a row, and so many a minute from then on. A whole agency may be behind one.
const OF_AN_ADDRESS: u32 = 30;
/// Those of one login from one origin: the lockout of the store is stricter, and outlives us.
const OF_A_LOGIN: u32 = 15;
/// Files that one address may have judged in a row, and so many a minute from then on.
const FILES_OF_AN_ADDRESS: u32 = 30;
/// Above so many known addresses or logins, those that may try again are forgotten.
const KNOWN: usize = 10_000;
/// Passwords hashed at once, each with 19 MiB.
const HASHED: usize = 2;
/// Those that may wait for their turn; one more is refused.
const WAITING: usize = 16;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The limits, shared by all requests.
pub(crate) struct RateLimits {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    logins: DefaultKeyedRateLimiter<(Login, String)>,
    files: DefaultKeyedRateLimiter<IpAddr>,
    waiting: Semaphore,
    hashing: Arc<Semaphore>,
}

impl RateLimits {
    pub(crate) fn new() -> Self {
        Self {
            addresses: RateLimiter::keyed(a_minute(OF_AN_ADDRESS)),
            logins: RateLimiter::keyed(a_minute(OF_A_LOGIN)),
            files: RateLimiter::keyed(a_minute(FILES_OF_AN_ADDRESS)),
            waiting: Semaphore::new(WAITING),
            hashing: Arc::new(Semaphore::new(HASHED)),
        }
    }

    /// Counts an attempt of an address; whoever has a /64 of IPv6 has one address.
    pub(super) fn pass_address(&self, address: IpAddr) -> Result<(), WebRefusal> {
        check(&self.addresses, &network(address))
    }

    /// Counts a file that an address brings to be judged.
    pub(crate) fn pass_file(&self, address: IpAddr) -> Result<(), WebRefusal> {
        check(&self.files, &network(address))
    }

    /// Counts an attempt for a login from an origin.
    pub(super) fn pass_login(&self, login: &Login, origin: &str) -> Result<(), WebRefusal> {
        check(&self.logins, &(login.clone(), origin.to_owned()))
    }

    /// Whether a password is right: the same work, at its turn, whether the account exists or not.
    pub(super) async fn verify(&self, hash: Option<PasswordHash>, attempt: String) -> Result<bool, WebRefusal> {
        let turn = self.turn().await?;
        let verified = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            matches(hash.as_ref(), &attempt)
        });
        verified.await.map_err(|failure| WebRefusal::Failed(format!("vérification d’un mot de passe : {failure}")))
    }

    /// The hash of a new password.
    pub(super) async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<PasswordHash, WebRefusal> {
        let failed = |what: String| WebRefusal::Failed(format!("nouveau mot de passe : {what}"));
        let turn = self.turn().await?;
        let hashed = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            password.hash(&salt)
        });
        let hashed: Result<PasswordHash, PasswordError> = hashed.await.map_err(|error| failed(error.to_string()))?;
        hashed.map_err(|error| failed(error.to_string()))
    }

    /// The right to hash. It goes into the work that it allows: a client that hangs up ends its wait, not its work.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, WebRefusal> {
        let _place = self.waiting.try_acquire().map_err(|_| WebRefusal::TooMany)?;
        match timeout(PATIENCE, self.hashing.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(WebRefusal::TooMany),
        }
    }
}

fn a_minute(attempts: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(attempts).unwrap_or(NonZeroU32::MIN))
}

fn check<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), WebRefusal> {
    if limiter.len() > KNOWN {
        limiter.retain_recent();
    }
    limiter.check_key(key).map_err(|_| WebRefusal::TooMany)
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gates").finish_non_exhaustive()
    }
}
