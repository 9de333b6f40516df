//! Notices of delivery that come back for our replies.

use super::engine::query_scalar;
use super::{Duty, MailId, Result, Store};

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
        // Each recipient may have a notice of its own; read again after a crash, a notice is not added twice.
        let mut tx = self.write_under(duty).await?;
        let answered = query_scalar(
            "UPDATE replies SET
                notice = CASE WHEN returned_by IS NULL OR returned_by = $2 THEN $3
                              WHEN $4 = 1 THEN substr(COALESCE(notice || ' ; ', '') || $3, 1, 2000)
                              ELSE notice END,
                returned_by = CASE WHEN $4 = 1 THEN $2 ELSE returned_by END
             WHERE message_id = $1 RETURNING mail_id",
        )
        .bind(message_id)
        .bind(by)
        .bind(words)
        .bind(is_failure)
        .fetch_optional(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(answered)
    }
}
