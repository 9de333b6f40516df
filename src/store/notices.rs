//! Notices of delivery that come back for our replies and reminders.

use super::engine::{FromRows, query_scalar};
use super::{Duty, MailId, Result, Store};

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

impl Store {
    /// Ties a notice to the reply of this Message-ID and keeps what it says; `is_failure` if the reply did not arrive,
    /// which no later notice of a delay takes back. Returns the mail that the reply answers; `None` if it is not ours.
    pub async fn reply_noticed(
        &self,
        duty: &Duty,
        message_id: &str,
        by: MailId,
        words: &str,
        is_failure: bool,
    ) -> Result<Option<MailId>> {
        let statement = concat!("UPDATE replies", noticed!(), "RETURNING mail_id");
        self.noticed(duty, statement, message_id, by, words, is_failure).await
    }

    /// The same for a reminder. Returns the number of the establishment that it reminded; `None` if it is not ours.
    pub async fn reminder_noticed(
        &self,
        duty: &Duty,
        message_id: &str,
        by: MailId,
        words: &str,
        is_failure: bool,
    ) -> Result<Option<String>> {
        let statement = concat!("UPDATE reminders", noticed!(), "RETURNING finess");
        self.noticed(duty, statement, message_id, by, words, is_failure).await
    }

    async fn noticed<T>(
        &self,
        duty: &Duty,
        statement: &'static str,
        message_id: &str,
        by: MailId,
        words: &str,
        is_failure: bool,
    ) -> Result<Option<T>>
    where
        (T,): FromRows,
    {
        let mut tx = self.write_under(duty).await?;
        let whose = query_scalar(statement)
            .bind(message_id)
            .bind(by)
            .bind(words)
            .bind(is_failure)
            .fetch_optional(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(whose)
    }
}
