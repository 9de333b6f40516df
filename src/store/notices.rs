//! Notices of delivery that come back for our replies and reminders.

use crate::engine::{FromRows, query_scalar};
use crate::{MailId, Result, Store, TaskLease};

/// Each recipient may have a notice of its own; read again after a crash, a notice is not added twice.
macro_rules! noticed {
    () => {
        " SET
            notice = CASE WHEN returned_by IS NULL OR returned_by = $2 THEN $3
                          WHEN $4 = 1 THEN substr(COALESCE(notice || ' ; ', '') || $3, 1, 2000)
                          ELSE notice END,
            returned_by = CASE WHEN $4 = 1 THEN $2 ELSE returned_by END
         WHERE message_id = $1 "
    };
}

/// What a notice of delivery says of a letter of ours.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// The Message-ID of the letter.
    pub message_id: &'a str,
    /// The mail that brought it.
    pub by: MailId,
    /// What it says.
    pub words: &'a str,
    /// Whether the letter did not arrive, which no later notice of a delay takes back.
    pub is_failure: bool,
}

impl Store {
    /// Ties a notice to the reply it speaks of and keeps what it says. Returns the mail that the reply answers; `None` if it
    /// is not ours.
    pub async fn reply_noticed(&self, duty: &TaskLease, notice: &Notice<'_>) -> Result<Option<MailId>> {
        self.noticed(duty, concat!("UPDATE replies", noticed!(), "RETURNING mail_id"), notice).await
    }

    /// The same for a reminder. Returns the number of the establishment that it reminded; `None` if it is not ours.
    pub async fn reminder_noticed(&self, duty: &TaskLease, notice: &Notice<'_>) -> Result<Option<String>> {
        self.noticed(duty, concat!("UPDATE reminders", noticed!(), "RETURNING finess"), notice).await
    }

    async fn noticed<T>(&self, duty: &TaskLease, statement: &'static str, notice: &Notice<'_>) -> Result<Option<T>>
    where
        (T,): FromRows,
    {
        let mut tx = self.write_under(duty).await?;
        let whose = query_scalar(statement)
            .bind(notice.message_id)
            .bind(notice.by)
            .bind(notice.words)
            .bind(notice.is_failure)
            .fetch_optional(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(whose)
    }
}
