//! Replies and reminders on their way: claimed by one worker, resent unchanged to whoever has not got them, until they are
//! taken over for each recipient.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use tracing::error;

use crate::engine::locks::Lock;
use crate::engine::{Query, Tx, list, query, query_as, query_scalar};
use crate::recipients;
use crate::recipients::{Handing, Whereabouts};
use crate::replies::Outbox;
use crate::{MailId, ReplyId, Result, Store, WorkerLease, count, millis};
use domain::address::Address;

/// A reply that is due.
#[derive(Debug, Clone)]
pub struct ReplyToSend {
    /// The reply.
    pub id: ReplyId,
    /// The mail it answers; a reminder answers none.
    pub mail: Option<MailId>,
    /// Its Message-ID.
    pub message_id: String,
    /// Those of To and Cc who have not got it and may still.
    pub recipients: Vec<Address>,
    /// Envelope sender; `None` for the null one.
    pub return_path: Option<Address>,
    /// The whole mail.
    pub content: Vec<u8>,
    /// Earlier tries.
    pub attempts: u32,
}

type OutboxColumns = (i64, Option<MailId>, String, String, String, String, Vec<u8>, i64);

/// What keeps letters from being written at once by two workers.
const LOCK: &str = "réponses";

impl WorkerLease {
    /// Claims replies that are due, oldest first, but those from the envelope senders that are `refused` for now (`None`: the
    /// null one). One that cannot be read is given up, and told.
    pub async fn replies_to_send(
        &self,
        limit: u32,
        refused: &[Option<Address>],
        now: Timestamp,
    ) -> Result<Vec<ReplyToSend>> {
        if !self.store().has_replies_to_send(now).await? {
            return Ok(Vec::new());
        }
        let mut due = Vec::new();
        for outbox in Outbox::ALL {
            for columns in self.claim_letters(outbox, limit, refused, now).await? {
                let id = ReplyId(outbox, columns.0);
                match to_send(id, columns) {
                    Ok(reply) => due.push(reply),
                    Err(fault) => {
                        error!("{id} illisible, abandonnée : {fault}");
                        self.store().abandon_letter(id, &fault.to_string(), now).await?;
                    }
                }
            }
        }
        Ok(due)
    }

    async fn claim_letters(
        &self,
        outbox: Outbox,
        limit: u32,
        refused: &[Option<Address>],
        now: Timestamp,
    ) -> Result<Vec<OutboxColumns>> {
        let (table, mail) = match outbox {
            Outbox::Replies => ("replies", "mail_id"),
            Outbox::Reminders => ("reminders", "CAST(NULL AS BIGINT) AS mail_id"),
        };
        let but = if refused.is_empty() {
            String::new()
        } else {
            format!("AND return_path NOT IN ({})", list(refused.len(), 4))
        };
        let mut tx = self.store().write().await?;
        tx.lock([Lock::once(LOCK)]).await?;
        let worker = self.on_list(&mut tx).await?;
        let mut claimed: Vec<OutboxColumns> = query_as(AssertSqlSafe(format!(
            "UPDATE {table} SET worker = $1 WHERE id IN (
                 SELECT id FROM {table} WHERE etat = 'a-envoyer' AND next_at <= $2 {but}
                 AND (worker IS NULL OR worker = $1 OR NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = {table}.worker))
                 ORDER BY id LIMIT $3)
             RETURNING id, {mail}, message_id, recipients, handed, return_path, content, attempts"
        )))
        .bind(worker)
        .bind(millis(now))
        .bind(limit)
        .bind_all(refused.iter().map(|from| from.as_ref().map_or("", Address::as_str).to_owned()))
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

    /// The relay cannot be had, or not for this envelope sender: no try of this reply, but the journal says why it waits. With
    /// `next_at`, others go before it at the next round.
    pub async fn reply_waits(&self, id: ReplyId, failure: &str, next_at: Option<Timestamp>) -> Result<()> {
        on(
            id.0,
            "UPDATE letters SET failure = $2, worker = NULL, next_at = COALESCE($3, next_at)
             WHERE id = $1 AND etat = 'a-envoyer'",
        )
        .bind(id.1)
        .bind(failure)
        .bind(next_at.map(millis))
        .execute(self.write_one())
        .await?;
        Ok(())
    }

    /// A try came to its end, with what came of it for each recipient offered. Who waits is tried again at `next_at`, alone.
    /// What another worker noted meanwhile holds, if it is more final. Returns where the letter is for each.
    pub async fn reply_handed(
        &self,
        id: ReplyId,
        news: &[Handing],
        next_at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Handing>> {
        let mut tx = self.write().await?;
        tx.lock([Lock::once(LOCK)]).await?;
        let all = merged(&mut tx, id, news).await?;
        let is_waiting = all.iter().any(|one| matches!(one.whereabouts, Whereabouts::Waiting(_)));
        let (etat, unreached) = match recipients::taken(&all) {
            _ if is_waiting => ("a-envoyer", 0),
            0 => ("abandonnee", 0),
            taken => ("envoyee", all.len() - taken),
        };
        on(
            id.0,
            "UPDATE letters SET attempts = attempts + 1, worker = NULL, handed = $2, failure = $3, etat = $4,
             unreached = $5, next_at = CASE WHEN $4 = 'a-envoyer' THEN $6 ELSE next_at END,
             closed_at = CASE WHEN $4 <> 'a-envoyer' THEN CAST($7 AS BIGINT) END
             WHERE id = $1",
        )
        .bind(id.1)
        .bind(recipients::written(&all))
        .bind(recipients::failure(&all))
        .bind(etat)
        .bind(i64::try_from(unreached).unwrap_or(i64::MAX))
        .bind(millis(next_at))
        .bind(millis(now))
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(all)
    }

    /// A lighter mail takes the place of one that a server refused for what it holds, with its answer: stored before it is
    /// sent, like the first, and with what came of the first.
    pub async fn lighten_reply(&self, id: ReplyId, news: &[Handing], content: &[u8], why: &str) -> Result<()> {
        let mut tx = self.write().await?;
        tx.lock([Lock::once(LOCK)]).await?;
        let all = merged(&mut tx, id, news).await?;
        on(id.0, "UPDATE letters SET content = $2, lightened = $3, handed = $4 WHERE id = $1 AND etat = 'a-envoyer'")
            .bind(id.1)
            .bind(content)
            .bind(why)
            .bind(recipients::written(&all))
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }

    /// A letter that cannot be read will never leave.
    async fn abandon_letter(&self, id: ReplyId, why: &str, now: Timestamp) -> Result<()> {
        on(
            id.0,
            "UPDATE letters SET etat = 'abandonnee', failure = $2, worker = NULL, closed_at = $3
             WHERE id = $1 AND etat = 'a-envoyer'",
        )
        .bind(id.1)
        .bind(why)
        .bind(millis(now))
        .execute(self.write_one())
        .await?;
        Ok(())
    }
}

/// What is noted of a letter, with these news.
async fn merged(tx: &mut Tx, id: ReplyId, news: &[Handing]) -> Result<Vec<Handing>> {
    let statement = "SELECT recipients, handed, etat FROM letters WHERE id = $1";
    let columns: (String, String, String) =
        query_as(AssertSqlSafe(statement.replacen("letters", id.0.table(), 1))).bind(id.1).fetch_one(&mut *tx).await?;
    let mut all = recipients::read(&columns.0, &columns.1, &columns.2)?;
    recipients::merge(&mut all, news);
    Ok(all)
}

/// The statement of an outbox, written for the table `letters`.
fn on<'q>(outbox: Outbox, statement: &str) -> Query<'q, ()> {
    query(AssertSqlSafe(statement.replacen("letters", outbox.table(), 1)))
}

fn to_send(reply: ReplyId, columns: OutboxColumns) -> Result<ReplyToSend> {
    let (_, mail, message_id, recipients, handed, return_path, content, attempts) = columns;
    let all = recipients::read(&recipients, &handed, "a-envoyer")?;
    let waiting = all.into_iter().filter(|one| matches!(one.whereabouts, Whereabouts::Waiting(_)));
    let recipients = waiting.map(|one| one.to).collect();
    let return_path = if return_path.is_empty() { None } else { Some(crate::parse(&return_path)?) };
    let attempts = count(attempts);
    Ok(ReplyToSend { id: reply, mail, message_id, recipients, return_path, content, attempts })
}
