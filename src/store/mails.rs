//! Mails: received before anything changes in the mailbox, read under a mark that a crash leaves
//! behind, moved once.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::FromRow;

use crate::engine::{list, query, query_as, query_scalar, shares};
use crate::projections;
use crate::{Result, Store, TaskLease, instant, millis};
use base::fail_point;
use domain::defect::Defect;

/// The receipt number of a mail: later mails have greater ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct MailId(pub(super) i64);

impl MailId {
    /// The number, as operators see it.
    pub fn number(self) -> i64 {
        self.0
    }

    /// The mail of this number, as operators name it.
    pub fn of(number: i64) -> Self {
        Self(number)
    }
}

/// A mail as it comes from the mailbox.
#[derive(Debug)]
pub struct Received<'a> {
    /// The mailbox account.
    pub account: &'a str,
    /// Its position there.
    pub position: &'a str,
    /// Its bytes, or its headers only.
    pub raw: &'a [u8],
    /// Its whole size in bytes.
    pub size: u64,
    /// Whether the body was left on the server.
    pub headers_only: bool,
}

impl Received<'_> {
    /// The identity: SHA-256 of the bytes. Where the body was left on the server, the size stands
    /// for it.
    pub fn sha256(&self) -> String {
        if !self.headers_only {
            return sha256(self.raw);
        }
        let mut hash = Sha256::new();
        hash.update(self.raw);
        hash.update(self.size.to_le_bytes());
        base16ct::lower::encode_string(&hash.finalize())
    }
}

/// The identity of a whole mail: SHA-256 of its bytes, lower-case hexadecimal.
pub fn sha256(raw: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(raw))
}

/// What a crash left of the reading of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Judging {
    /// The mail.
    pub id: MailId,
    /// Whether it must be read alone.
    pub suspect: bool,
    /// Readings cut short in which it was alone.
    #[sqlx(try_from = "i64")]
    pub attempts: u32,
}

/// How many mails are being read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadingMark {
    /// One batch of several.
    Together,
    /// This mail and nothing else: if the process dies, it is to blame.
    Alone,
}

/// A mail of the store.
#[derive(Debug, Clone)]
pub struct StoredMail {
    /// Its receipt number.
    pub id: MailId,
    /// Its mailbox account.
    pub account: String,
    /// Its bytes, or its headers only; `None` once purged.
    pub raw: Option<Vec<u8>>,
    /// Its whole size in bytes.
    pub size: u64,
    /// Whether the body was left on the server.
    pub headers_only: bool,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// The earlier mail of the same bytes.
    pub duplicate_of: Option<MailId>,
    /// When it was left in the mailbox, whose server cannot move it.
    pub left_at: Option<Timestamp>,
}

impl StoredMail {
    /// The same where only what is known of it is needed: its bytes take no memory.
    #[must_use]
    pub fn without_bytes(self) -> Self {
        Self { raw: None, ..self }
    }
}

type MailColumns = (i64, String, Option<Vec<u8>>, i64, bool, String, i64, Option<i64>, Option<i64>);

impl Store {
    /// Makes mails durable, in this order. Bytes already recorded in the same account and neither
    /// moved nor left are a re-sighting: only their position is brought up to date.
    pub async fn receive(&self, duty: &TaskLease, mails: &[Received<'_>], now: Timestamp) -> Result<()> {
        let mut tx = self.write_under(duty).await?;
        let mut ids: Vec<i64> = Vec::new();
        for mail in mails {
            let id = query_scalar(
                "INSERT INTO mails (account, position, sha256, raw, size, headers_only, received_at, duplicate_of)
                 VALUES ($1, $2, $3, $4, $5, $6, $7,
                         (SELECT MIN(id) FROM mails WHERE account = $1 AND sha256 = $3
                             AND (moved_at IS NOT NULL OR left_at IS NOT NULL)))
                 ON CONFLICT (account, sha256) WHERE moved_at IS NULL AND left_at IS NULL
                 DO UPDATE SET position = excluded.position RETURNING id",
            )
            .bind(mail.account)
            .bind(mail.position)
            .bind(mail.sha256())
            .bind(mail.raw)
            .bind(i64::try_from(mail.size).unwrap_or(i64::MAX))
            .bind(mail.headers_only)
            .bind(millis(now))
            .fetch_one(&mut tx)
            .await?;
            ids.push(id);
        }
        projections::received(&mut tx, &ids).await?;
        fail_point!("mail-inserted");
        tx.commit().await
    }

    /// Mails of this account not judged yet, oldest first.
    pub async fn to_judge(&self, account: &str, limit: u32) -> Result<Vec<Judging>> {
        query_as(
            "SELECT id, suspect = 1 AS suspect, attempts FROM mails WHERE account = $1 AND judged_at IS NULL ORDER BY id LIMIT $2",
        )
        .bind(account)
        .bind(limit)
        .fetch_all(self.read())
        .await
    }

    /// Marks mails as being read: durable before the first of their bytes is interpreted.
    pub async fn begin_reading(&self, duty: &TaskLease, ids: &[MailId], how: ReadingMark) -> Result<()> {
        let size = match how {
            ReadingMark::Alone => 1,
            ReadingMark::Together => i64::try_from(ids.len()).unwrap_or(i64::MAX).max(2),
        };
        let mut tx = self.write_under(duty).await?;
        for ids in shares(ids) {
            let marked = list(ids.len(), 2);
            let statement = format!("UPDATE mails SET reading = $1 WHERE id IN ({marked})");
            let marking = query(sqlx::AssertSqlSafe(statement)).bind(size);
            marking.bind_all(ids.iter().copied()).execute(&mut tx).await?;
        }
        tx.commit().await
    }

    /// The bytes of a mail that is read alone are interpreted: what comes now is the work of the store, and whoever
    /// ends the program meanwhile was not the mail. Durable before its judgement is recorded.
    pub async fn interpreted_alone(&self, duty: &TaskLease, id: MailId) -> Result<()> {
        let mut tx = self.write_under(duty).await?;
        query("UPDATE mails SET reading = -1 WHERE id = $1 AND reading = 1").bind(id).execute(&mut tx).await?;
        tx.commit().await
    }

    /// Takes note of a reading that failed: the mail is suspect from then on, and blamed only if it was alone.
    pub async fn reading_failed(&self, duty: &TaskLease, id: MailId) -> Result<()> {
        let mut tx = self.write_under(duty).await?;
        query(
            "UPDATE mails SET attempts = attempts + CASE WHEN reading IN (1, -1) THEN 1 ELSE 0 END, suspect = 1, reading = 0
             WHERE id = $1",
        )
        .bind(id)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// Takes note that readings of this account were given up for a reason outside its mails.
    pub async fn end_readings(&self, duty: &TaskLease, account: &str) -> Result<()> {
        let mut tx = self.write_under(duty).await?;
        query("UPDATE mails SET reading = 0 WHERE account = $1 AND judged_at IS NULL AND reading <> 0")
            .bind(account)
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }

    /// After the duty was taken: every reading of this account that a crash cut short. Returns how many.
    pub async fn recover_readings(&self, duty: &TaskLease, account: &str) -> Result<u64> {
        let mut tx = self.write_under(duty).await?;
        let cut_short = query(
            "UPDATE mails SET attempts = attempts + CASE WHEN reading = 1 THEN 1 ELSE 0 END, suspect = 1, reading = 0
             WHERE account = $1 AND judged_at IS NULL AND reading <> 0",
        )
        .bind(account)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(cut_short)
    }

    /// One mail, with its bytes.
    pub async fn mail(&self, id: MailId) -> Result<Option<StoredMail>> {
        let row: Option<MailColumns> = query_as(
            "SELECT id, account, raw, size, headers_only = 1, sha256, received_at, duplicate_of, left_at
             FROM mails WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(self.read())
        .await?;
        Ok(row.map(stored))
    }
}

fn stored(columns: MailColumns) -> StoredMail {
    let (id, account, raw, size, headers_only, sha256, received_at, duplicate_of, left_at) = columns;
    StoredMail {
        id: MailId(id),
        account,
        raw,
        size: u64::try_from(size).unwrap_or(0),
        headers_only,
        sha256,
        received_at: instant(received_at),
        duplicate_of: duplicate_of.map(MailId),
        left_at: left_at.map(instant),
    }
}

/// The columns of a defect.
pub(super) struct DefectColumns {
    pub(super) code: &'static str,
    pub(super) severity: &'static str,
    pub(super) content: String,
}

impl DefectColumns {
    pub(super) fn of(defect: &Defect) -> Result<Self> {
        let content = serde_json::to_string(defect).map_err(|error| crate::StoreError::Corrupt(error.to_string()))?;
        Ok(Self { code: defect.code().as_str(), severity: defect.severity().word(), content })
    }
}
