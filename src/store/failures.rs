//! Attempts to sign in that failed, by login and by where they come from, and the devices that signed in before.
//!
//! Whoever fails from one network is refused from there alone, and somebody's own device is counted apart: nobody keeps
//! an account locked by naming it. What is kept is bounded: beyond so many origins of one login the others are counted as
//! one, and beyond so many counts in all the oldest are forgotten.

use jiff::{SignedDuration, Timestamp};

use crate::audit::append;
use crate::engine::{Tx, query, query_as, query_scalar};
use crate::{Result, Store, around, count, instant, millis};
use domain::access::audit::{AuditEntry, Deed};
use domain::access::{Lockout, Login};

/// After this, failures are forgotten.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// So many origins of one login are told apart.
const ORIGINS: i64 = 100;
/// All others.
const OTHERS: &str = "autres";
/// So many counts are kept in all, and so many of the oldest are forgotten beyond.
const MOST: i64 = 20_000;
const FORGOTTEN: i64 = 1000;
/// How long a device is known after it was last signed in with.
pub const DEVICE_KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);
/// So many devices of one account are known.
const DEVICES: i64 = 10;

/// What becomes of an attempt to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Refused unseen until then: too many failed.
    Refused(Timestamp),
    /// Counted as if it failed, on top of these.
    Counted(Lockout),
}

impl Store {
    /// Counts an attempt to sign in before it is looked at, so that many at once are all counted. Signing in forgets the
    /// count of its origin; one of two steps that succeeds takes its own back.
    pub async fn attempt(&self, login: &Login, origin: &str, now: Timestamp) -> Result<Attempt> {
        let mut tx = self.write().await?;
        let origin = counted_as(&mut tx, login, origin).await?;
        let counted: (i64, i64) = query_as(
            "INSERT INTO failures (login, origin, failures, last_at) VALUES ($1, $2, 0, $3)
             ON CONFLICT (login, origin) DO UPDATE SET failures = failures.failures RETURNING failures, last_at",
        )
        .bind(login.as_str())
        .bind(origin)
        .bind(millis(now))
        .fetch_one(&mut tx)
        .await?;
        let before = Lockout { failures: count(counted.0), last: Some(instant(counted.1)) };
        if let Some(until) = before.until(now) {
            tx.rollback().await?;
            return Ok(Attempt::Refused(until));
        }
        query("UPDATE failures SET failures = failures + 1, last_at = $3 WHERE login = $1 AND origin = $2")
            .bind(login.as_str())
            .bind(origin)
            .bind(millis(now))
            .execute(&mut tx)
            .await?;
        let after = Lockout { failures: before.failures.saturating_add(1), last: Some(now) };
        if let Some(until) = after.until(now) {
            tell_lockout(&mut tx, login, origin, until, now).await?;
        }
        tx.commit().await?;
        Ok(Attempt::Counted(before))
    }

    /// Takes an attempt that succeeded back, unless others were counted since.
    pub async fn take_back(&self, login: &Login, origin: &str, before: Lockout) -> Result<()> {
        query(
            "UPDATE failures SET failures = $3, last_at = $4
             WHERE login = $1 AND origin IN ($2, $5) AND failures = $3 + 1",
        )
        .bind(login.as_str())
        .bind(origin)
        .bind(before.failures)
        .bind(before.last.map(millis))
        .bind(OTHERS)
        .execute(self.write_one())
        .await
        .map(drop)
    }

    /// Forgets the failures of an origin that got through.
    pub async fn succeed(&self, login: &Login, origin: &str) -> Result<()> {
        let mut tx = self.write().await?;
        succeeded(&mut tx, login.as_str(), origin).await?;
        tx.commit().await
    }

    /// Whether somebody signed in to the account with this device before.
    pub async fn knows_device(&self, login: &Login, digest: &str, now: Timestamp) -> Result<bool> {
        query_scalar("SELECT EXISTS (SELECT 1 FROM devices WHERE login = $1 AND digest = $2 AND seen_at >= $3)")
            .bind(login.as_str())
            .bind(digest)
            .bind(around(now, DEVICE_KEPT).0)
            .fetch_one(self.read())
            .await
    }

    /// Knows a device that was just signed in with; of each account the last few.
    pub async fn know_device(&self, login: &Login, digest: &str, now: Timestamp) -> Result<()> {
        let mut tx = self.write().await?;
        query(
            "INSERT INTO devices (login, digest, seen_at) VALUES ($1, $2, $3)
             ON CONFLICT (login, digest) DO UPDATE SET seen_at = $3",
        )
        .bind(login.as_str())
        .bind(digest)
        .bind(millis(now))
        .execute(&mut tx)
        .await?;
        query(
            "DELETE FROM devices WHERE login = $1 AND digest NOT IN
             (SELECT digest FROM devices WHERE login = $1 ORDER BY seen_at DESC, digest LIMIT $2)",
        )
        .bind(login.as_str())
        .bind(DEVICES)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// Forgets the failures and the devices of long ago.
    pub(super) async fn purge_failures(&self, now: Timestamp) -> Result<()> {
        // A failure from later than now is of a clock that was set back since.
        let (before, beyond) = around(now, KEPT);
        query("DELETE FROM failures WHERE last_at < $1 OR last_at > $2")
            .bind(before)
            .bind(beyond)
            .execute(self.write_one())
            .await?;
        query("DELETE FROM devices WHERE seen_at < $1")
            .bind(around(now, DEVICE_KEPT).0)
            .execute(self.write_one())
            .await
            .map(drop)
    }
}

/// The origin itself, or all others where the login has too many already.
async fn counted_as<'a>(tx: &mut Tx, login: &Login, origin: &'a str) -> Result<&'a str> {
    let (of_login, known): (i64, i64) = query_as(
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN origin = $2 THEN 1 ELSE 0 END), 0) FROM failures WHERE login = $1",
    )
    .bind(login.as_str())
    .bind(origin)
    .fetch_one(&mut *tx)
    .await?;
    if known > 0 {
        return Ok(origin);
    }
    make_room(tx).await?;
    Ok(if of_login < ORIGINS { origin } else { OTHERS })
}

async fn make_room(tx: &mut Tx) -> Result<()> {
    let counts: i64 = query_scalar("SELECT COUNT(*) FROM failures").fetch_one(&mut *tx).await?;
    if counts < MOST {
        return Ok(());
    }
    query(
        "DELETE FROM failures WHERE (login, origin) IN
         (SELECT login, origin FROM failures ORDER BY last_at, login, origin LIMIT $1)",
    )
    .bind(FORGOTTEN)
    .execute(tx)
    .await
    .map(drop)
}

/// Somebody signed in from there: its failures are forgotten.
pub(super) async fn succeeded(tx: &mut Tx, login: &str, origin: &str) -> Result<()> {
    query("DELETE FROM failures WHERE login = $1 AND origin = $2").bind(login).bind(origin).execute(tx).await.map(drop)
}

/// Of an account that exists: guesses at others are no news, and would fill the log.
async fn tell_lockout(tx: &mut Tx, login: &Login, origin: &str, until: Timestamp, now: Timestamp) -> Result<()> {
    let exists: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE login = $1)")
        .bind(login.as_str())
        .fetch_one(&mut *tx)
        .await?;
    if exists {
        let entry = AuditEntry::new("dispolits", Deed::ConnexionBloquee, format!("compte {login}"));
        append(tx, &entry.changing("", format!("depuis {origin}, jusqu’à {until}")), now).await?;
    }
    Ok(())
}
