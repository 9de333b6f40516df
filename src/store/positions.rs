//! Where mails are: at a known position, moved to their folder, or left for ever where they came.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::FromRow;

use crate::engine::{list, query, query_as, shares};
use crate::{MailId, Result, Store, TaskLease, millis};

/// A mail that still lies in its mailbox, as far as we know.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct KnownPosition {
    /// Which.
    pub id: MailId,
    /// Its last known position.
    pub position: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Whether it was left there, since the server cannot move it.
    pub stays: bool,
    /// Whether its bytes are the whole mail, not its header alone.
    pub whole: bool,
    /// Whether its move was asked for and is not confirmed.
    pub filing: bool,
}

/// A judged mail to be moved.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ToMove {
    /// Which.
    pub id: MailId,
    /// Its position.
    pub position: String,
    /// The word of its folder.
    pub folder: String,
    /// Whether a move was asked for before, and may have been done in part.
    pub tried: bool,
    /// If so, how many other mails of the same bytes were moved to its folder: as many copies found there are theirs, and
    /// removing this one for one of them would leave one of two.
    #[sqlx(try_from = "i64")]
    pub others: u32,
}

impl Store {
    /// The mails of this account that are recorded and not moved, by position.
    pub async fn known_positions(&self, account: &str) -> Result<HashMap<String, KnownPosition>> {
        let rows: Vec<KnownPosition> = query_as(
            "SELECT id, position, sha256, 1 = 0 AS stays, headers_only = 0 AS whole,
                    filing_at IS NOT NULL AS filing FROM mails
             WHERE account = $1 AND moved_at IS NULL AND left_at IS NULL
             UNION ALL
             SELECT id, position, sha256, 1 = 1 AS stays, headers_only = 0 AS whole,
                    filing_at IS NOT NULL AS filing FROM mails
             WHERE account = $1 AND moved_at IS NULL AND left_at IS NOT NULL",
        )
        .bind(account)
        .fetch_all(self.read())
        .await?;
        Ok(rows.into_iter().map(|known| (known.position.clone(), known)).collect())
    }

    /// Takes note that mails were found at another position: the server renumbered its folder.
    pub async fn relocate(&self, duty: &TaskLease, found: &[(MailId, &str)]) -> Result<()> {
        let mut tx = self.write_under(duty).await?;
        for (id, position) in found {
            query("UPDATE mails SET position = $2 WHERE id = $1").bind(id).bind(*position).execute(&mut tx).await?;
        }
        tx.commit().await
    }

    /// The positions of the mails that stay in this mailbox mean nothing any more: each is to be found anew by its bytes.
    pub async fn forget_positions(&self, duty: &TaskLease, account: &str) -> Result<()> {
        let mut tx = self.write_under(duty).await?;
        query(
            "UPDATE mails SET position = 'perdue-' || id
             WHERE account = $1 AND left_at IS NOT NULL AND moved_at IS NULL",
        )
        .bind(account)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// Judged mails that are neither moved nor left, oldest first, those after `after` only: the next
    /// page. Those of the folders `but` are left out.
    pub async fn to_move(&self, account: &str, but: &[&str], after: Option<MailId>, limit: u32) -> Result<Vec<ToMove>> {
        let others = if but.is_empty() { String::new() } else { format!("AND folder NOT IN ({})", list(but.len(), 4)) };
        let statement = format!(
            "SELECT id, position, folder, filing_at IS NOT NULL AS tried, CASE WHEN filing_at IS NULL THEN 0 ELSE (
                 SELECT COUNT(*) FROM mails o WHERE o.account = mails.account AND o.sha256 = mails.sha256
                     AND o.folder = mails.folder AND o.moved_at IS NOT NULL) END AS others FROM mails
             WHERE account = $1 AND moved_at IS NULL AND left_at IS NULL AND judged_at IS NOT NULL AND id > $2 {others}
             ORDER BY id LIMIT $3"
        );
        let mut reading =
            query_as(sqlx::AssertSqlSafe(statement)).bind(account).bind(after.map_or(0, MailId::number)).bind(limit);
        for folder in but {
            reading = reading.bind(*folder);
        }
        reading.fetch_all(self.read()).await
    }

    /// Before moves are asked for: where a move is a copy, a crash may leave it half done.
    pub async fn begin_filing(&self, duty: &TaskLease, ids: &[MailId], now: Timestamp) -> Result<()> {
        self.mark(duty, "filing_at", ids, now).await
    }

    /// Takes note that moves were asked for and refused: nothing of them was done.
    pub async fn not_filed(&self, duty: &TaskLease, ids: &[MailId]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut tx = self.write_under(duty).await?;
        for ids in shares(ids) {
            let numbers = list(ids.len(), 1);
            let statement = format!("UPDATE mails SET filing_at = NULL WHERE id IN ({numbers})");
            let marking = query(sqlx::AssertSqlSafe(statement));
            marking.bind_all(ids.iter().copied()).execute(&mut tx).await?;
        }
        tx.commit().await
    }

    /// Confirms moves: from then on the same bytes are a duplicate.
    pub async fn moved(&self, duty: &TaskLease, ids: &[MailId], now: Timestamp) -> Result<()> {
        self.mark(duty, "moved_at", ids, now).await
    }

    /// Takes note that mails stay where they are: from then on the same bytes elsewhere in the folder
    /// are a duplicate.
    pub async fn left(&self, duty: &TaskLease, ids: &[MailId], now: Timestamp) -> Result<()> {
        self.mark(duty, "left_at", ids, now).await
    }

    /// Puts the instant into a column of these mails, unless there is one.
    async fn mark(&self, duty: &TaskLease, column: &'static str, ids: &[MailId], now: Timestamp) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut tx = self.write_under(duty).await?;
        for ids in shares(ids) {
            let marked = list(ids.len(), 2);
            let statement = format!("UPDATE mails SET {column} = $1 WHERE {column} IS NULL AND id IN ({marked})");
            let marking = query(sqlx::AssertSqlSafe(statement)).bind(millis(now));
            marking.bind_all(ids.iter().copied()).execute(&mut tx).await?;
        }
        tx.commit().await
    }
}
