//! What is forgotten when its time is up: contents, never the rows that tell of them.

use jiff::Timestamp;

use super::engine::{Tx, query, query_scalar};
use super::{MailId, Result, Store, millis};
use crate::fail_point::fail_point;

/// Mails whose content is forgotten in one transaction: others must not wait long for it.
const BATCH: u32 = 500;

impl Store {
    /// Forgets the content of mails settled, and moved or left, and of the replies to them that are closed:
    /// those received before `general`, and those of which a defect is M06 (patient documents)
    /// received before `patient`. Their rows stay. Returns how many mails.
    pub async fn purge_content(&self, general: Timestamp, patient: Timestamp) -> Result<u64> {
        let mut purged = 0;
        loop {
            let mails = self.purge_mails(general, patient).await?;
            let replies = self.purge_replies(general).await?;
            purged += mails;
            if mails + replies == 0 {
                break;
            }
        }
        if purged > 0 {
            fail_point!("purge-committed");
            self.engine.forget_journal().await?;
        }
        Ok(purged)
    }

    async fn purge_mails(&self, general: Timestamp, patient: Timestamp) -> Result<u64> {
        let mut tx = self.purge().await?;
        let purged: Vec<MailId> = query_scalar(
            "UPDATE mails SET raw = NULL WHERE id IN (
                 SELECT id FROM mails
                 WHERE raw IS NOT NULL AND settled_at IS NOT NULL AND (moved_at IS NOT NULL OR left_at IS NOT NULL)
                    AND (received_at < $1
                    OR received_at < $2 AND EXISTS
                       (SELECT 1 FROM defects d WHERE d.mail_id = mails.id AND d.code = 'M06'))
                 LIMIT $3)
             RETURNING id",
        )
        .bind(millis(general))
        .bind(millis(patient))
        .bind(BATCH)
        .fetch_all(&mut tx)
        .await?;
        fail_point!("purge-written");
        tx.commit().await?;
        Ok(purged.len() as u64)
    }

    async fn purge_replies(&self, general: Timestamp) -> Result<u64> {
        let mut tx = self.purge().await?;
        let nothing: &[u8] = &[];
        let purged = query(
            "UPDATE replies SET content = $2 WHERE id IN (
                 SELECT id FROM replies WHERE content <> $2 AND etat <> 'a-envoyer' AND created_at < $1 LIMIT $3)",
        )
        .bind(millis(general))
        .bind(nothing)
        .bind(BATCH)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(purged)
    }

    /// A transaction that is the only one of its kind.
    async fn purge(&self) -> Result<Tx> {
        let mut tx = self.write().await?;
        tx.lock([super::engine::locks::Lock::once("purge")]).await?;
        Ok(tx)
    }
}
