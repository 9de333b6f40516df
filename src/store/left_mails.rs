//! Mails that are in their mailbox and could not be taken: when they are tried again, and what operators decided of them.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::FromRow;

use crate::audit::append;
use crate::engine::{Query, Tx, query, query_as};
use crate::{Result, Store, TaskLease, instant, millis, parse};
use base::unread::Cause;
use domain::access::audit::AuditEntry;

/// A mail that could not be taken, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUnread {
    /// Its account.
    pub account: String,
    /// Its position there.
    pub position: String,
    /// Why.
    pub cause: Cause,
    /// What the server said.
    pub detail: String,
    /// Its size in bytes, as announced.
    pub size: u64,
    /// When it reached the mailbox, if that is known.
    pub arrived_at: Option<Timestamp>,
    /// When it is to be tried again.
    pub next_at: Timestamp,
}

/// What a sweep must know of a mail that was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownUnread {
    /// How often it was tried.
    pub tries: u32,
    /// When it is to be tried again; never by itself if it was set aside.
    pub next_at: Option<Timestamp>,
}

/// A mail that was left, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// Its number.
    pub numero: i64,
    /// Its account.
    pub boite: String,
    /// Its position there.
    pub position: String,
    /// The word of the cause.
    pub cause: String,
    /// What the server said of it.
    pub detail: String,
    /// Its size in bytes, as announced.
    pub octets: i64,
    /// When it reached the mailbox.
    pub arrive_a: Option<Timestamp>,
    /// When it was first left.
    pub depuis: Timestamp,
    /// When it was last tried.
    pub essaye_a: Timestamp,
    /// How often.
    pub essais: i64,
    /// When it is tried again.
    pub prochain_essai: Timestamp,
    /// When an operator set it aside.
    pub ecarte_a: Option<Timestamp>,
    /// Who did.
    pub ecarte_par: Option<String>,
    /// Why.
    pub motif: Option<String>,
    /// When it was no longer in the mailbox.
    pub parti_a: Option<Timestamp>,
}

/// How many mails of an account wait to be read, for one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadCount {
    /// The account.
    pub mailbox: String,
    /// Why.
    pub cause: Cause,
    /// How many.
    pub mails: i64,
    /// How many of them were tried more than once.
    pub told: i64,
    /// Since when the oldest of those is.
    pub oldest: Timestamp,
}

/// How many judged mails of an account are still where they came.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Unfiled {
    /// The account.
    pub mailbox: String,
    /// Mails that a folder refuses.
    pub refused: i64,
    /// Mails that their server cannot move.
    pub unmoved: i64,
}

impl Store {
    /// The mails of an account that were left and are there as far as we know, by position.
    pub async fn known_unread(&self, account: &str) -> Result<HashMap<String, KnownUnread>> {
        let rows: Vec<(String, i64, i64, Option<i64>)> =
            query_as("SELECT position, tries, next_at, aside_at FROM unread WHERE account = $1 AND gone_at IS NULL")
                .bind(account)
                .fetch_all(self.read())
                .await?;
        let known = |(position, tries, next_at, aside_at): (String, i64, i64, Option<i64>)| {
            let next_at = aside_at.is_none().then(|| instant(next_at));
            (position, KnownUnread { tries: crate::count(tries), next_at })
        };
        Ok(rows.into_iter().map(known).collect())
    }

    /// Takes note that mails could not be taken. What an operator decided of one that went from its position and came to
    /// another, as those of a server do that numbers its mails anew, still holds: it is known by its size, by when it
    /// reached the mailbox, and by what is wrong with it.
    pub async fn leave_unread(&self, duty: &TaskLease, mails: &[NewUnread], now: Timestamp) -> Result<()> {
        if mails.is_empty() {
            return Ok(());
        }
        let mut tx = self.write_under(duty).await?;
        for mail in mails {
            find_again(&mut tx, mail).await?;
            query(
                "INSERT INTO unread (account, position, cause, detail, size, arrived_at, since, tried_at, tries, next_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1, $8)
                 ON CONFLICT (account, position) WHERE gone_at IS NULL
                 DO UPDATE SET cause = excluded.cause, detail = excluded.detail, tried_at = excluded.tried_at,
                     tries = unread.tries + 1, next_at = excluded.next_at",
            )
            .bind(&mail.account)
            .bind(&mail.position)
            .bind(mail.cause.word())
            .bind(&mail.detail)
            .bind(i64::try_from(mail.size).unwrap_or(i64::MAX))
            .bind(mail.arrived_at.map(millis))
            .bind(millis(now))
            .bind(millis(mail.next_at))
            .execute(&mut tx)
            .await?;
        }
        tx.commit().await
    }

    /// Takes note that mails that were left could be read after all.
    pub async fn read_at_last(&self, duty: &TaskLease, account: &str, positions: &[&str]) -> Result<()> {
        self.end_unread(duty, account, positions, &[&format!("DELETE FROM unread {THERE}")]).await
    }

    /// Takes note that mails that were left are no longer there. What an operator decided of one is kept.
    pub async fn unread_gone(&self, duty: &TaskLease, account: &str, positions: &[&str], now: Timestamp) -> Result<()> {
        let gone = format!("UPDATE unread SET gone_at = {} {THERE}", millis(now));
        let undecided = format!("DELETE FROM unread {THERE} AND aside_at IS NULL");
        self.end_unread(duty, account, positions, &[&undecided, &gone]).await
    }

    /// These statements for each of the mails that were left at these positions.
    async fn end_unread(&self, duty: &TaskLease, account: &str, positions: &[&str], statements: &[&str]) -> Result<()> {
        if positions.is_empty() {
            return Ok(());
        }
        let mut tx = self.write_under(duty).await?;
        for position in positions {
            for statement in statements {
                let ending = query(sqlx::AssertSqlSafe((*statement).to_owned()));
                ending.bind(account).bind(*position).execute(&mut tx).await?;
            }
        }
        tx.commit().await
    }

    /// What was left, the oldest first: of one account or of all, with those that were set aside or without.
    pub async fn unread(&self, account: Option<&str>, aside: bool, limit: u32) -> Result<Vec<Unread>> {
        let rows: Vec<LeftMailRow> = query_as(
            "SELECT id, account, position, cause, detail, size, arrived_at, since, tried_at, tries, next_at, aside_at,
                    aside_by, aside_note, gone_at
             FROM unread WHERE ($1 IS NULL OR account = $1) AND ($2 = 1 OR aside_at IS NULL) ORDER BY id LIMIT $3",
        )
        .bind(account)
        .bind(i64::from(aside))
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        Ok(rows.into_iter().map(LeftMailRow::told).collect())
    }

    /// How many wait to be read, those that were set aside left out.
    pub async fn unread_counts(&self) -> Result<Vec<UnreadCount>> {
        let rows: Vec<(String, String, i64, i64, i64)> = query_as(COUNTS).fetch_all(self.read()).await?;
        rows.into_iter().map(counted).collect()
    }

    /// Has a mail that was left be tried at the next sweep, one that was set aside too; false, and nothing changes, if
    /// none of this number is there.
    pub async fn retry_unread(&self, number: i64, entry: &AuditEntry, now: Timestamp) -> Result<bool> {
        let again = query(
            "UPDATE unread SET next_at = $2, aside_at = NULL, aside_by = NULL, aside_note = NULL
             WHERE id = $1 AND gone_at IS NULL",
        );
        self.decide(again.bind(number).bind(millis(now)), entry, now).await
    }

    /// Sets a mail aside: it is on the list, and nobody waits for it. False, and nothing changes, if none of this number
    /// is there, or if it was set aside before.
    pub async fn set_unread_aside(&self, number: i64, entry: &AuditEntry, now: Timestamp) -> Result<bool> {
        let aside = query(
            "UPDATE unread SET aside_at = $2, aside_by = $3, aside_note = $4
             WHERE id = $1 AND gone_at IS NULL AND aside_at IS NULL",
        );
        self.decide(aside.bind(number).bind(millis(now)).bind(&entry.who).bind(&entry.note), entry, now).await
    }

    /// Changes one mail that is there, and records who did; false, and nothing changes, if there is none.
    async fn decide(&self, change: Query<'_, ()>, entry: &AuditEntry, now: Timestamp) -> Result<bool> {
        let mut tx = self.write().await?;
        if change.execute(&mut tx).await? == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        append(&mut tx, entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// How many judged mails of each account are still where they came: those whose filing was begun before `since` and
    /// never confirmed, since a folder refuses them, and those that their server cannot move.
    pub async fn unfiled_counts(&self, since: Timestamp) -> Result<Vec<Unfiled>> {
        query_as(
            "SELECT account AS mailbox, COUNT(*) FILTER (WHERE left_at IS NULL) AS refused,
                 COUNT(*) FILTER (WHERE left_at IS NOT NULL) AS unmoved
             FROM mails WHERE moved_at IS NULL AND judged_at IS NOT NULL AND (left_at IS NOT NULL OR filing_at < $1)
             GROUP BY account ORDER BY account",
        )
        .bind(millis(since))
        .fetch_all(self.read())
        .await
    }

    /// How many judged mails of each account stay where they came, since their server cannot move them; since when.
    pub async fn unmoved_counts(&self) -> Result<Vec<(String, i64, Timestamp)>> {
        let rows: Vec<(String, i64, i64)> = query_as(
            "SELECT account, COUNT(*), MIN(left_at) FROM mails
             WHERE moved_at IS NULL AND left_at IS NOT NULL GROUP BY account ORDER BY account",
        )
        .fetch_all(self.read())
        .await?;
        Ok(rows.into_iter().map(|(account, mails, since)| (account, mails, instant(since))).collect())
    }
}

/// A mail that was left at a position and is there as far as we know.
const THERE: &str = "WHERE account = $1 AND position = $2 AND gone_at IS NULL";

/// A mail that was set aside, that went and that this one is. Sizes of 0 tell nothing apart.
async fn find_again(tx: &mut Tx, mail: &NewUnread) -> Result<()> {
    let (Some(arrived_at), 1..) = (mail.arrived_at, mail.size) else { return Ok(()) };
    query(
        "UPDATE unread SET position = $2, gone_at = NULL WHERE id = (
             SELECT MIN(id) FROM unread
             WHERE account = $1 AND aside_at IS NOT NULL AND gone_at IS NOT NULL AND cause = $3 AND size = $4
               AND arrived_at = $5)
         AND NOT EXISTS (SELECT 1 FROM unread WHERE account = $1 AND position = $2 AND gone_at IS NULL)",
    )
    .bind(&mail.account)
    .bind(&mail.position)
    .bind(mail.cause.word())
    .bind(i64::try_from(mail.size).unwrap_or(i64::MAX))
    .bind(millis(arrived_at))
    .execute(tx)
    .await?;
    Ok(())
}

/// What failed once may have been the line: a mail is told of from its second try on, unless no try can help.
pub(super) const COUNTS: &str =
    "SELECT account, cause, COUNT(*), COUNT(*) FILTER (WHERE tries >= 2 OR cause = 'inclassable'),
        COALESCE(MIN(CASE WHEN tries >= 2 THEN since END), MIN(since))
     FROM unread WHERE aside_at IS NULL AND gone_at IS NULL GROUP BY account, cause ORDER BY account, cause";

pub(super) fn counted(row: (String, String, i64, i64, i64)) -> Result<UnreadCount> {
    let (mailbox, cause, mails, told, oldest) = row;
    Ok(UnreadCount { mailbox, cause: parse(&cause)?, mails, told, oldest: instant(oldest) })
}

#[derive(FromRow)]
struct LeftMailRow {
    id: i64,
    account: String,
    position: String,
    cause: String,
    detail: String,
    size: i64,
    arrived_at: Option<i64>,
    since: i64,
    tried_at: i64,
    tries: i64,
    next_at: i64,
    aside_at: Option<i64>,
    aside_by: Option<String>,
    aside_note: Option<String>,
    gone_at: Option<i64>,
}

impl LeftMailRow {
    fn told(self) -> Unread {
        Unread {
            numero: self.id,
            boite: self.account,
            position: self.position,
            cause: self.cause,
            detail: self.detail,
            octets: self.size,
            arrive_a: self.arrived_at.map(instant),
            depuis: instant(self.since),
            essaye_a: instant(self.tried_at),
            essais: self.tries,
            prochain_essai: instant(self.next_at),
            ecarte_a: self.aside_at.map(instant),
            ecarte_par: self.aside_by,
            motif: self.aside_note,
            parti_a: self.gone_at.map(instant),
        }
    }
}
