//! Browsers that are signed in or half-way there, and the attempts that failed. Of a session's token only the digest
//! is kept.

use jiff::{SignedDuration, Timestamp};
use sqlx::FromRow;

use super::audit::append;
use super::engine::{Tx, query, query_as, query_scalar};
use super::{Result, Store, StoreError, count, instant, millis, parse};
use crate::access::audit::{Deed, Entry};
use crate::access::{Lifetimes, Lockout, Login, Means, Role};

/// After this, failures are forgotten.
const FAILURES_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How far signing in is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The password was right, the second factor is asked for.
    SecondFacteur,
    /// The password was right, and a second factor must be enrolled.
    Enrolement,
    /// On its way to the OpenID provider and back.
    OpenId,
    /// Signed in.
    Ouverte,
}

impl Stage {
    const ALL: [Self; 4] = [Self::SecondFacteur, Self::Enrolement, Self::OpenId, Self::Ouverte];

    fn word(self) -> &'static str {
        match self {
            Self::SecondFacteur => "second-facteur",
            Self::Enrolement => "enrolement",
            Self::OpenId => "openid",
            Self::Ouverte => "ouverte",
        }
    }
}

/// What becomes of an attempt to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Refused unseen until then: too many failed.
    Refused(Timestamp),
    /// Counted as if it failed, on top of these.
    Counted(Lockout),
}

/// A session to be kept.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The digest of its token.
    pub digest: String,
    /// How far it is.
    pub stage: Stage,
    /// How its owner shows who they are.
    pub means: Means,
    /// Its owner's login or subject; empty while unknown.
    pub login: String,
    /// What they are called.
    pub name: String,
    /// Their role. That of a local account is read with each request instead.
    pub role: Role,
    /// What its stage needs to go on.
    pub detail: String,
}

/// A session that is kept.
#[derive(Debug, Clone)]
pub struct StoredSession {
    /// How far it is.
    pub stage: Stage,
    /// How its owner shows who they are.
    pub means: Means,
    /// Its owner.
    pub login: String,
    /// What they are called.
    pub name: String,
    /// Their role now.
    pub role: Role,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was last seen.
    pub seen_at: Timestamp,
    /// What its stage needs to go on.
    pub detail: String,
}

#[derive(FromRow)]
struct Columns {
    stage: String,
    means: String,
    login: String,
    name: String,
    role: String,
    opened_at: i64,
    seen_at: i64,
    detail: String,
}

impl Store {
    /// Keeps a session in the place of another, if there was one, and records what is to be told of it: a token never
    /// outlives the stage that it was made for.
    pub async fn open_session(
        &self,
        new: &NewSession,
        instead_of: Option<&str>,
        entry: Option<&Entry>,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        if let Some(digest) = instead_of {
            query("DELETE FROM sessions WHERE digest = $1").bind(digest).execute(&mut tx).await?;
        }
        insert(&mut tx, new, now).await?;
        if new.stage == Stage::Ouverte && new.means == Means::Local {
            query("UPDATE users SET seen_at = $2 WHERE login = $1")
                .bind(&new.login)
                .bind(millis(now))
                .execute(&mut tx)
                .await?;
            query("DELETE FROM failures WHERE login = $1").bind(&new.login).execute(&mut tx).await?;
        }
        if let Some(entry) = entry {
            append(&mut tx, entry, now).await?;
        }
        tx.commit().await
    }

    /// The session of a token's digest, if it is open still. That of a local account that is locked or gone is not; its
    /// role and name are those of now.
    pub async fn session(&self, digest: &str, lifetimes: &Lifetimes, now: Timestamp) -> Result<Option<StoredSession>> {
        let row: Option<Columns> = query_as(
            "SELECT s.stage, s.means, s.login, COALESCE(u.name, s.name) AS name, COALESCE(u.role, s.role) AS role,
                    s.opened_at, s.seen_at, s.detail
             FROM sessions s LEFT JOIN users u ON s.means = 'local' AND u.login = s.login
             WHERE s.digest = $1 AND (s.means <> 'local' OR (u.login IS NOT NULL AND u.locked_at IS NULL))",
        )
        .bind(digest)
        .fetch_optional(self.read())
        .await?;
        let session = row.map(stored).transpose()?;
        Ok(session.filter(|session| lifetimes.hold(session.opened_at, session.seen_at, now)))
    }

    /// Takes note that a session was seen.
    pub async fn see_session(&self, digest: &str, now: Timestamp) -> Result<()> {
        query("UPDATE sessions SET seen_at = $2 WHERE digest = $1")
            .bind(digest)
            .bind(millis(now))
            .execute(self.write_one())
            .await
            .map(drop)
    }

    /// Ends a session and records what is to be told of it.
    pub async fn end_session(&self, digest: &str, entry: Option<&Entry>, now: Timestamp) -> Result<()> {
        let mut tx = self.write().await?;
        let ended = query("DELETE FROM sessions WHERE digest = $1").bind(digest).execute(&mut tx).await?;
        if let Some(entry) = entry.filter(|_| ended > 0) {
            append(&mut tx, entry, now).await?;
        }
        tx.commit().await
    }

    /// Forgets the sessions that are over and the failures of long ago. Returns how many sessions.
    pub async fn purge_sessions(&self, lifetimes: &Lifetimes, now: Timestamp) -> Result<u64> {
        let before = |span: SignedDuration| now.saturating_sub(span).map_or(0, millis);
        let beyond = |span: SignedDuration| now.saturating_add(span).map_or(i64::MAX, millis);
        query("DELETE FROM failures WHERE last_at < $1 OR last_at > $2")
            .bind(before(FAILURES_KEPT))
            .bind(beyond(FAILURES_KEPT))
            .execute(self.write_one())
            .await?;
        let (absolute, idle) = (lifetimes.absolute.signed(), lifetimes.idle.signed());
        query("DELETE FROM sessions WHERE opened_at < $1 OR seen_at < $2 OR opened_at > $3 OR seen_at > $4")
            .bind(before(absolute))
            .bind(before(idle))
            .bind(beyond(absolute))
            .bind(beyond(idle))
            .execute(self.write_one())
            .await
    }

    /// Counts an attempt to sign in before it is looked at, so that many at once are all counted. Signing in forgets the
    /// count; one of two steps that succeeds takes its own back.
    pub async fn attempt(&self, login: &Login, now: Timestamp) -> Result<Attempt> {
        let mut tx = self.write().await?;
        let counted: (i64, i64) = query_as(
            "INSERT INTO failures (login, failures, last_at) VALUES ($1, 0, $2)
             ON CONFLICT (login) DO UPDATE SET failures = failures.failures RETURNING failures, last_at",
        )
        .bind(login.as_str())
        .bind(millis(now))
        .fetch_one(&mut tx)
        .await?;
        let before = Lockout { failures: count(counted.0), last: Some(instant(counted.1)) };
        if let Some(until) = before.until(now) {
            tx.rollback().await?;
            return Ok(Attempt::Refused(until));
        }
        query("UPDATE failures SET failures = failures + 1, last_at = $2 WHERE login = $1")
            .bind(login.as_str())
            .bind(millis(now))
            .execute(&mut tx)
            .await?;
        let after = Lockout { failures: before.failures.saturating_add(1), last: Some(now) };
        if let Some(until) = after.until(now) {
            tell_lockout(&mut tx, login, until, now).await?;
        }
        tx.commit().await?;
        Ok(Attempt::Counted(before))
    }

    /// Takes an attempt that succeeded back, unless others were counted since.
    pub async fn take_back(&self, login: &Login, before: Lockout) -> Result<()> {
        query("UPDATE failures SET failures = $2, last_at = $3 WHERE login = $1 AND failures = $2 + 1")
            .bind(login.as_str())
            .bind(before.failures)
            .bind(before.last.map(millis))
            .execute(self.write_one())
            .await
            .map(drop)
    }
}

/// Of an account that exists: guesses at others are no news, and would fill the log.
async fn tell_lockout(tx: &mut Tx, login: &Login, until: Timestamp, now: Timestamp) -> Result<()> {
    let exists: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE login = $1)")
        .bind(login.as_str())
        .fetch_one(&mut *tx)
        .await?;
    if exists {
        let entry = Entry::new("dispolits", Deed::ConnexionBloquee, format!("compte {login}"));
        append(tx, &entry.changing("", format!("jusqu’à {until}")), now).await?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx, new: &NewSession, now: Timestamp) -> Result<()> {
    query(
        "INSERT INTO sessions (digest, stage, means, login, name, role, opened_at, seen_at, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
    )
    .bind(&new.digest)
    .bind(new.stage.word())
    .bind(new.means.word())
    .bind(&new.login)
    .bind(&new.name)
    .bind(new.role.word())
    .bind(millis(now))
    .bind(&new.detail)
    .execute(tx)
    .await
    .map(drop)
}

fn stored(columns: Columns) -> Result<StoredSession> {
    let corrupt = |word: &str| StoreError::Corrupt(word.to_owned());
    Ok(StoredSession {
        stage: Stage::ALL
            .into_iter()
            .find(|stage| stage.word() == columns.stage)
            .ok_or_else(|| corrupt(&columns.stage))?,
        means: Means::ALL
            .into_iter()
            .find(|means| means.word() == columns.means)
            .ok_or_else(|| corrupt(&columns.means))?,
        login: columns.login,
        name: columns.name,
        role: parse(&columns.role)?,
        opened_at: instant(columns.opened_at),
        seen_at: instant(columns.seen_at),
        detail: columns.detail,
    })
}
