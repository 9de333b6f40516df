//! Browsers that are signed in or half-way there. Of a session's token only the digest is kept.

use jiff::Timestamp;
use sqlx::FromRow;

use crate::audit::append;
use crate::engine::{Tx, query, query_as};
use crate::failures::succeeded;
use crate::{Result, Store, StoreError, around, instant, millis, parse};
use domain::access::audit::AuditEntry;
use domain::access::{Lifetimes, Means, Role};

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
    /// Where its owner signed in from: the failures of there are forgotten once it is open.
    pub origin: String,
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

/// A session that goes on, for whoever may end it.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// The digest of its token: its name.
    pub digest: String,
    /// The session.
    pub session: StoredSession,
}

impl OpenSession {
    /// The login of its owner, in words where it is not known before the end of signing in.
    pub fn owner(&self) -> &str {
        if self.session.login.is_empty() { "(pas encore connu)" } else { &self.session.login }
    }

    /// The beginning of the digest, which people read and type.
    pub fn name(&self) -> &str {
        self.digest.get(..12).unwrap_or(&self.digest)
    }
}

#[derive(FromRow)]
struct Listed {
    digest: String,
    #[sqlx(flatten)]
    columns: SessionColumns,
}

#[derive(FromRow)]
struct SessionColumns {
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
        entry: Option<&AuditEntry>,
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
            succeeded(&mut tx, &new.login, &new.origin).await?;
        }
        if let Some(entry) = entry {
            append(&mut tx, entry, now).await?;
        }
        tx.commit().await
    }

    /// The session of a token's digest, if it is open still. That of a local account that is locked or gone is not; its
    /// role and name are those of now.
    pub async fn session(&self, digest: &str, lifetimes: &Lifetimes, now: Timestamp) -> Result<Option<StoredSession>> {
        let row: Option<SessionColumns> = query_as(
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

    /// Every session that goes on, the one seen last first.
    pub async fn sessions(&self, lifetimes: &Lifetimes, now: Timestamp) -> Result<Vec<OpenSession>> {
        let rows: Vec<Listed> = query_as(
            "SELECT digest, stage, means, login, name, role, opened_at, seen_at, detail FROM sessions
             ORDER BY seen_at DESC, digest",
        )
        .fetch_all(self.read())
        .await?;
        let listed = rows.into_iter().map(|row| Ok(OpenSession { digest: row.digest, session: stored(row.columns)? }));
        let mut all = listed.collect::<Result<Vec<_>>>()?;
        all.retain(|one| lifetimes.hold(one.session.opened_at, one.session.seen_at, now));
        Ok(all)
    }

    /// Ends the sessions of these digests, whatever their means, and records it. Returns how many there were.
    pub async fn end_sessions(&self, digests: &[String], entry: &AuditEntry, now: Timestamp) -> Result<u64> {
        let mut tx = self.write().await?;
        let mut ended = 0;
        for digest in digests {
            ended += query("DELETE FROM sessions WHERE digest = $1").bind(digest).execute(&mut tx).await?;
        }
        if ended > 0 {
            append(&mut tx, entry, now).await?;
        }
        tx.commit().await?;
        Ok(ended)
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
    pub async fn end_session(&self, digest: &str, entry: Option<&AuditEntry>, now: Timestamp) -> Result<()> {
        let mut tx = self.write().await?;
        let ended = query("DELETE FROM sessions WHERE digest = $1").bind(digest).execute(&mut tx).await?;
        if let Some(entry) = entry.filter(|_| ended > 0) {
            append(&mut tx, entry, now).await?;
        }
        tx.commit().await
    }

    /// Forgets the sessions that are over and the failures of long ago. Returns how many sessions.
    pub async fn purge_sessions(&self, lifetimes: &Lifetimes, now: Timestamp) -> Result<u64> {
        self.purge_failures(now).await?;
        let (opened_before, opened_beyond) = around(now, lifetimes.absolute.signed());
        let (seen_before, seen_beyond) = around(now, lifetimes.idle.signed());
        query("DELETE FROM sessions WHERE opened_at < $1 OR seen_at < $2 OR opened_at > $3 OR seen_at > $4")
            .bind(opened_before)
            .bind(seen_before)
            .bind(opened_beyond)
            .bind(seen_beyond)
            .execute(self.write_one())
            .await
    }
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

fn stored(columns: SessionColumns) -> Result<StoredSession> {
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
