//! Replies and reminders on their way: claimed by one worker, resent unchanged until they are taken over.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use tracing::error;

use super::engine::{Query, locks::Lock, query, query_as, query_scalar};
use super::replies::Outbox;
use super::{MailId, ReplyId, Result, Shift, Store, StoreError, count, millis};
use crate::address::Address;

/// A reply that is due.
#[derive(Debug, Clone)]
pub struct ReplyToSend {
    /// The reply.
    pub id: ReplyId,
    /// The mail it answers; a reminder answers none.
    pub mail: Option<MailId>,
    /// Its Message-ID.
    pub message_id: String,
    /// To and Cc.
    pub recipients: Vec<Address>,
    /// Envelope sender; `None` for the null one.
    pub return_path: Option<Address>,
    /// The whole mail.
    pub content: Vec<u8>,
    /// Earlier tries.
    pub attempts: u32,
}

type ReplyColumns = (i64, Option<MailId>, String, String, String, Vec<u8>, i64);

impl Shift {
    /// Claims replies that are due, oldest first. One that cannot be read is given up, and told.
    pub async fn replies_to_send(&self, limit: u32, now: Timestamp) -> Result<Vec<ReplyToSend>> {
        if !self.store().has_replies_to_send(now).await? {
            return Ok(Vec::new());
        }
        let mut due = Vec::new();
        for outbox in Outbox::ALL {
            for columns in self.claim_letters(outbox, limit, now).await? {
                let id = ReplyId(outbox, columns.0);
                match to_send(id, columns) {
                    Ok(reply) => due.push(reply),
                    Err(fault) => {
                        error!("{id} illisible, abandonnée : {fault}");
                        self.store().reply_failed(id, &fault.to_string(), None, now).await?;
                    }
                }
            }
        }
        Ok(due)
    }

    async fn claim_letters(&self, outbox: Outbox, limit: u32, now: Timestamp) -> Result<Vec<ReplyColumns>> {
        let (table, mail) = match outbox {
            Outbox::Replies => ("replies", "mail_id"),
            Outbox::Reminders => ("reminders", "CAST(NULL AS BIGINT) AS mail_id"),
        };
        let mut tx = self.store().write().await?;
        tx.lock([Lock::once("réponses")]).await?;
        let worker = self.on_list(&mut tx).await?;
        let mut claimed: Vec<ReplyColumns> = query_as(AssertSqlSafe(format!(
            "UPDATE {table} SET worker = $1 WHERE id IN (
                 SELECT id FROM {table} WHERE etat = 'a-envoyer' AND next_at <= $2
                 AND (worker IS NULL OR worker = $1 OR NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = {table}.worker))
                 ORDER BY id LIMIT $3)
             RETURNING id, {mail}, message_id, recipients, return_path, content, attempts"
        )))
        .bind(worker)
        .bind(millis(now))
        .bind(limit)
        .fetch_all(&mut tx)
        .await?;
        tx.commit().await?;
        claimed.sort_by_key(|columns| columns.0);
        Ok(claimed)
    }

    /// Gives back the replies that are claimed and not sent: others may have a relay that works.
    pub async fn release_replies(&self) -> Result<()> {
        for outbox in Outbox::ALL {
            on(outbox, "UPDATE letters SET worker = NULL WHERE etat = 'a-envoyer' AND worker = $1")
                .bind(self.worker())
                .execute(self.store().write_one())
                .await?;
        }
        Ok(())
    }
}

impl Store {
    async fn has_replies_to_send(&self, now: Timestamp) -> Result<bool> {
        query_scalar(
            "SELECT EXISTS (SELECT 1 FROM replies WHERE etat = 'a-envoyer' AND next_at <= $1)
                 OR EXISTS (SELECT 1 FROM reminders WHERE etat = 'a-envoyer' AND next_at <= $1)",
        )
        .bind(millis(now))
        .fetch_one(self.read())
        .await
    }

    /// The relay took the reply over, for all recipients but the `refused` ones.
    pub async fn reply_sent(&self, id: ReplyId, refused: Option<&str>, now: Timestamp) -> Result<()> {
        on(
            id.0,
            "UPDATE letters SET etat = 'envoyee', worker = NULL, attempts = attempts + 1, closed_at = $2, failure = $3
             WHERE id = $1",
        )
        .bind(id.1)
        .bind(millis(now))
        .bind(refused)
        .execute(self.write_one())
        .await?;
        Ok(())
    }

    /// The relay cannot be had: no try of this reply, but the journal says why it waits.
    pub async fn reply_waits(&self, id: ReplyId, failure: &str) -> Result<()> {
        on(id.0, "UPDATE letters SET failure = $2, worker = NULL WHERE id = $1 AND etat = 'a-envoyer'")
            .bind(id.1)
            .bind(failure)
            .execute(self.write_one())
            .await?;
        Ok(())
    }

    /// The reply could not be sent: again at `next_at`, or never. If another worker sent it meanwhile, it is sent.
    pub async fn reply_failed(
        &self,
        id: ReplyId,
        failure: &str,
        next_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        on(
            id.0,
            "UPDATE letters SET attempts = attempts + 1, failure = $2, worker = NULL, next_at = COALESCE($3, next_at),
             etat = CASE WHEN $3 IS NULL THEN 'abandonnee' ELSE etat END,
             closed_at = CASE WHEN $3 IS NULL THEN CAST($4 AS BIGINT) END
             WHERE id = $1 AND etat = 'a-envoyer'",
        )
        .bind(id.1)
        .bind(failure)
        .bind(next_at.map(millis))
        .bind(millis(now))
        .execute(self.write_one())
        .await?;
        Ok(())
    }

    /// A smaller mail takes the place of one that no server took: stored before it is sent, like the first.
    pub async fn lighten_reply(&self, id: ReplyId, content: &[u8]) -> Result<()> {
        on(id.0, "UPDATE letters SET content = $2 WHERE id = $1 AND etat = 'a-envoyer'")
            .bind(id.1)
            .bind(content)
            .execute(self.write_one())
            .await?;
        Ok(())
    }
}

/// The statement of an outbox, written for the table `letters`.
fn on<'q>(outbox: Outbox, statement: &str) -> Query<'q, ()> {
    query(AssertSqlSafe(statement.replacen("letters", outbox.table(), 1)))
}

fn to_send(reply: ReplyId, columns: ReplyColumns) -> Result<ReplyToSend> {
    let (_, mail, message_id, recipients, return_path, content, attempts) = columns;
    let recipients = recipients.split(' ').map(super::parse).collect::<Result<_, StoreError>>()?;
    let return_path = if return_path.is_empty() { None } else { Some(super::parse(&return_path)?) };
    let attempts = count(attempts);
    Ok(ReplyToSend { id: reply, mail, message_id, recipients, return_path, content, attempts })
}
