//! What operators say of a mail or an establishment: handled, silent for a known reason.

pub(super) mod retry_now;

use jiff::Timestamp;
use sqlx::FromRow;

use crate::audit::append;
use crate::engine::{query, query_as};
use crate::{MailId, Result, Store, instant, millis, parse};
use domain::access::audit::AuditEntry;
use domain::finess::Finess;

/// Who said that nothing is left to do about a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// When.
    pub at: Timestamp,
    /// Who, as the audit log names them.
    pub who: String,
    /// What they noted.
    pub note: String,
}

/// An establishment whose silence needs no telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mute {
    /// Which.
    pub finess: Finess,
    /// Until when.
    pub until: Timestamp,
    /// Since when.
    pub at: Timestamp,
    /// Who said so.
    pub who: String,
    /// Why.
    pub note: String,
}

#[derive(FromRow)]
struct MuteColumns {
    finess: String,
    until: i64,
    at: i64,
    who: String,
    note: String,
}

impl Store {
    /// Marks a mail as handled, or marks it anew; false, and nothing changes, if there is no such mail.
    pub async fn mark_handled(&self, id: MailId, note: &str, entry: &AuditEntry, now: Timestamp) -> Result<bool> {
        let mut tx = self.write().await?;
        let marked = query(
            "INSERT INTO handled (mail_id, at, who, note) SELECT id, $2, $3, $4 FROM mails WHERE id = $1
             ON CONFLICT (mail_id) DO UPDATE SET at = excluded.at, who = excluded.who, note = excluded.note",
        )
        .bind(id)
        .bind(millis(now))
        .bind(&entry.who)
        .bind(note)
        .execute(&mut tx)
        .await?;
        if marked == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        append(&mut tx, entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes the mark off; false, and nothing changes, if there was none.
    pub async fn reopen(&self, id: MailId, entry: &AuditEntry, now: Timestamp) -> Result<bool> {
        let mut tx = self.write().await?;
        let reopened = query("DELETE FROM handled WHERE mail_id = $1").bind(id).execute(&mut tx).await?;
        if reopened == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        append(&mut tx, entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Who marked a mail as handled, if somebody did.
    pub async fn handled(&self, id: MailId) -> Result<Option<Handled>> {
        let row: Option<(i64, String, String)> = query_as("SELECT at, who, note FROM handled WHERE mail_id = $1")
            .bind(id)
            .fetch_optional(self.read())
            .await?;
        Ok(row.map(|(at, who, note)| Handled { at: instant(at), who, note }))
    }

    /// Mutes an establishment until an instant, in the place of what was said before.
    pub async fn mute(
        &self,
        finess: Finess,
        until: Timestamp,
        note: &str,
        entry: &AuditEntry,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        query(
            "INSERT INTO mutes (finess, until, at, who, note) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (finess) DO UPDATE
             SET until = excluded.until, at = excluded.at, who = excluded.who, note = excluded.note",
        )
        .bind(finess.as_str())
        .bind(millis(until))
        .bind(millis(now))
        .bind(&entry.who)
        .bind(note)
        .execute(&mut tx)
        .await?;
        append(&mut tx, entry, now).await?;
        tx.commit().await
    }

    /// Takes a mute off; false, and nothing changes, if there was none.
    pub async fn unmute(&self, finess: Finess, entry: &AuditEntry, now: Timestamp) -> Result<bool> {
        let mut tx = self.write().await?;
        let taken_off = query("DELETE FROM mutes WHERE finess = $1").bind(finess.as_str()).execute(&mut tx).await?;
        if taken_off == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        append(&mut tx, entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The establishments that are muted now.
    pub async fn mutes(&self, now: Timestamp) -> Result<Vec<Mute>> {
        let rows: Vec<MuteColumns> =
            query_as("SELECT finess, until, at, who, note FROM mutes WHERE until > $1 ORDER BY finess")
                .bind(millis(now))
                .fetch_all(self.read())
                .await?;
        rows.into_iter().map(mute).collect()
    }

    /// The mute of one establishment, if it is muted now.
    pub async fn mute_of(&self, finess: Finess, now: Timestamp) -> Result<Option<Mute>> {
        let row: Option<MuteColumns> =
            query_as("SELECT finess, until, at, who, note FROM mutes WHERE finess = $1 AND until > $2")
                .bind(finess.as_str())
                .bind(millis(now))
                .fetch_optional(self.read())
                .await?;
        row.map(mute).transpose()
    }
}

fn mute(columns: MuteColumns) -> Result<Mute> {
    Ok(Mute {
        finess: parse(&columns.finess)?,
        until: instant(columns.until),
        at: instant(columns.at),
        who: columns.who,
        note: columns.note,
    })
}
