//! Reminders to establishments: stored with the record of who wrote them, sent by the outbox of the replies.

use jiff::Timestamp;
use sqlx::FromRow;

use crate::audit::append;
use crate::engine::{query, query_as};
use crate::{MailId, Result, Store, instant, millis};
use domain::access::audit::AuditEntry;
use domain::address::Address;
use domain::finess::Finess;

/// A reminder, ready to be sent.
#[derive(Debug, Clone)]
pub struct NewReminder {
    /// Whom it reminds.
    pub finess: Finess,
    /// Its subject as it was written.
    pub subject: String,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// To.
    pub to: Address,
    /// Envelope sender.
    pub return_path: Address,
    /// The whole mail.
    pub content: Vec<u8>,
}

/// A reminder of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReminder {
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it, as the audit log names them.
    pub who: String,
    /// Its subject.
    pub subject: String,
    /// To.
    pub to: String,
    /// `a-envoyer`, `envoyee`, `abandonnee`.
    pub etat: String,
    /// Why the last try failed.
    pub failure: Option<String>,
    /// What a notice of delivery says of it.
    pub notice: Option<String>,
    /// The mail that says that it did not arrive.
    pub returned_by: Option<MailId>,
}

impl StoredReminder {
    /// Whether it is known not to have arrived.
    pub fn is_lost(&self) -> bool {
        self.returned_by.is_some() || self.etat == "abandonnee"
    }
}

#[derive(FromRow)]
struct ReminderColumns {
    created_at: i64,
    who: String,
    subject: String,
    recipients: String,
    etat: String,
    failure: Option<String>,
    notice: Option<String>,
    returned_by: Option<i64>,
}

impl Store {
    /// Stores a reminder, to be sent at once; false, and nothing changes, if it was stored before.
    pub async fn remind(&self, new: &NewReminder, entry: &AuditEntry, now: Timestamp) -> Result<bool> {
        let mut tx = self.write().await?;
        let stored = query(
            "INSERT INTO reminders (finess, who, subject, message_id, recipients, return_path, content, etat,
                                    created_at, next_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'a-envoyer', $8, $8) ON CONFLICT (message_id) DO NOTHING",
        )
        .bind(new.finess.as_str())
        .bind(&entry.who)
        .bind(&new.subject)
        .bind(&new.message_id)
        .bind(new.to.as_str())
        .bind(new.return_path.as_str())
        .bind(&new.content)
        .bind(millis(now))
        .execute(&mut tx)
        .await?;
        if stored == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        append(&mut tx, entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The reminders to an establishment, the newest first.
    pub async fn reminders(&self, finess: Finess, limit: u32) -> Result<Vec<StoredReminder>> {
        let rows: Vec<ReminderColumns> = query_as(
            "SELECT created_at, who, subject, recipients, etat, failure, notice, returned_by FROM reminders
             WHERE finess = $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(finess.as_str())
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        Ok(rows.into_iter().map(reminder).collect())
    }
}

fn reminder(columns: ReminderColumns) -> StoredReminder {
    StoredReminder {
        at: instant(columns.created_at),
        who: columns.who,
        subject: columns.subject,
        to: columns.recipients,
        etat: columns.etat,
        failure: columns.failure,
        notice: columns.notice,
        returned_by: columns.returned_by.map(MailId::of),
    }
}
