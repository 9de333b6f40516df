//! What is forgotten when its time is up: contents early, the journal later, and what was rejected later than what went
//! well.
//!
//! Nothing is forgotten of a mail that is not settled and moved, of a row or a reply that still has its way to go, nor
//! the first of several that are the same while one of the others is kept.

use jiff::Timestamp;

use crate::engine::locks::Lock;
use crate::engine::{Tx, list, query, query_scalar, shares};
use crate::{MailId, Result, Store, millis};
use base::fail_point;

/// Mails whose content is forgotten in one transaction: others must not wait long for it.
const CONTENTS: u32 = 500;
/// Mails that are forgotten as a whole in one transaction.
const MAILS: u32 = 100;

/// Transactions of one kind in one call.
const ROUNDS: u32 = 50;

/// What is received before these instants is forgotten.
#[derive(Debug, Clone, Copy)]
pub struct Expiry {
    /// The raw mails of which nothing was rejected, and the replies to them.
    pub content: Timestamp,
    /// Those of which something was rejected, or that nobody could judge: they can be judged again until then.
    pub rejected_content: Timestamp,
    /// Those of which a defect is M06 (patient documents).
    pub patient_content: Timestamp,
    /// Those that hold something that was not recognised as a report.
    pub unrecognised_content: Timestamp,
    /// All that the journal tells of a mail of which nothing was rejected.
    pub journal: Timestamp,
    /// All that it tells of the others.
    pub rejected_journal: Timestamp,
}

impl Expiry {
    /// All at one instant.
    pub fn at(instant: Timestamp) -> Self {
        Self {
            content: instant,
            rejected_content: instant,
            patient_content: instant,
            unrecognised_content: instant,
            journal: instant,
            rejected_journal: instant,
        }
    }
}

/// What defects quote of a content, and what they call it, goes with it.
const QUOTES_IN_SQLITE: &str = "UPDATE defects SET content = json_set(content, '$.trouve', NULL, '$.piece', '')";
const QUOTES_IN_POSTGRES: &str =
    r#"UPDATE defects SET content = (CAST(content AS jsonb) || '{"trouve": null, "piece": ""}')::text"#;

/// What goes with a mail, in an order that every reference allows.
const OF_A_MAIL: [&str; 12] = [
    "DELETE FROM attempts WHERE update_id IN (SELECT id FROM updates WHERE mail_id = $1)",
    "DELETE FROM defects WHERE mail_id = $1",
    "DELETE FROM updates WHERE mail_id = $1",
    "DELETE FROM mentions WHERE mail_id = $1",
    "DELETE FROM facets WHERE mail_id = $1",
    "DELETE FROM journal WHERE mail_id = $1",
    "DELETE FROM documents WHERE mail_id = $1",
    "DELETE FROM withheld WHERE mail_id = $1",
    "DELETE FROM replies WHERE mail_id = $1",
    "DELETE FROM replays WHERE mail_id = $1",
    "DELETE FROM handled WHERE mail_id = $1",
    "DELETE FROM mails WHERE id = $1",
];

/// What goes with an indicator that was deleted in the ROR.
const OF_A_REMOVAL: [&str; 2] = ["DELETE FROM attempts WHERE removal_id = $1", "DELETE FROM removals WHERE id = $1"];

impl Store {
    /// Forgets the content of mails, what defects quote of it, what its files are called, and the content of the replies;
    /// the rows stay. Returns how many mails. So many are
    /// left to the next call that this one ends soon.
    pub async fn purge_content(&self, expiry: &Expiry) -> Result<u64> {
        let mut purged = 0;
        for _ in 0..ROUNDS {
            let mails = self.purge_mails(expiry).await?;
            let replies = self.purge_replies(expiry).await?;
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

    /// Forgets mails as a whole, and what was done for them. Returns how many, no more than are soon done.
    pub async fn purge_journal(&self, expiry: &Expiry) -> Result<u64> {
        self.purge_removals(expiry.journal).await?;
        self.purge_unread(expiry.journal).await?;
        let mut purged = 0;
        for _ in 0..ROUNDS {
            let mails = self.forget_mails(expiry).await?;
            purged += mails;
            if mails == 0 {
                break;
            }
        }
        Ok(purged)
    }

    /// Gives the space of what was forgotten back to the file system, where the engine keeps it for itself.
    pub async fn give_back_space(&self) -> Result<()> {
        self.engine.give_back_space().await
    }

    async fn purge_mails(&self, expiry: &Expiry) -> Result<u64> {
        let Some(mut tx) = self.purge().await? else { return Ok(0) };
        let purged: Vec<MailId> = query_scalar(
            "UPDATE mails SET raw = NULL WHERE id IN (
                 SELECT id FROM mails
                 WHERE raw IS NOT NULL AND settled_at IS NOT NULL AND (
                    (moved_at IS NOT NULL OR left_at IS NOT NULL) AND (
                        received_at < $1 AND verdict IN ('integre', 'ignore', 'doublon')
                        OR received_at < $2 AND verdict NOT IN ('integre', 'ignore', 'doublon'))
                    OR received_at < $3 AND EXISTS (SELECT 1 FROM defects d
                        WHERE d.mail_id IN (mails.id, mails.duplicate_of) AND d.code = 'M06')
                    OR received_at < $4 AND unrecognised = 1)
                 LIMIT $5)
             RETURNING id",
        )
        .bind(millis(expiry.content))
        .bind(millis(expiry.rejected_content))
        .bind(millis(expiry.patient_content))
        .bind(millis(expiry.unrecognised_content))
        .bind(CONTENTS)
        .fetch_all(&mut tx)
        .await?;
        forget_quotes(&mut tx, &purged).await?;
        fail_point!("purge-written");
        tx.commit().await?;
        Ok(purged.len() as u64)
    }

    async fn purge_replies(&self, expiry: &Expiry) -> Result<u64> {
        let Some(mut tx) = self.purge().await? else { return Ok(0) };
        let nothing: &[u8] = &[];
        let purged = query(
            "UPDATE replies SET content = $3 WHERE id IN (
                 SELECT r.id FROM replies r JOIN mails m ON m.id = r.mail_id
                 WHERE length(r.content) > 0 AND r.etat <> 'a-envoyer' AND (
                    r.created_at < $1 AND m.verdict IN ('integre', 'ignore', 'doublon')
                    OR r.created_at < $2 AND m.verdict NOT IN ('integre', 'ignore', 'doublon'))
                 LIMIT $4)",
        )
        .bind(millis(expiry.content))
        .bind(millis(expiry.rejected_content))
        .bind(nothing)
        .bind(CONTENTS)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(purged)
    }

    async fn forget_mails(&self, expiry: &Expiry) -> Result<u64> {
        let Some(mut tx) = self.purge().await? else { return Ok(0) };
        let mails = forgettable(&mut tx, expiry).await?;
        for mail in &mails {
            for statement in OF_A_MAIL {
                query(statement).bind(mail).execute(&mut tx).await?;
            }
        }
        tx.commit().await?;
        Ok(mails.len() as u64)
    }

    /// A removal is kept while a count tells of its code: it says that nothing is left to delete.
    /// Mails that were left unread and have gone.
    async fn purge_unread(&self, before: Timestamp) -> Result<()> {
        let Some(mut tx) = self.purge().await? else { return Ok(()) };
        query("DELETE FROM unread WHERE gone_at < $1").bind(millis(before)).execute(&mut tx).await?;
        tx.commit().await
    }

    async fn purge_removals(&self, before: Timestamp) -> Result<()> {
        let Some(mut tx) = self.purge().await? else { return Ok(()) };
        let done: Vec<i64> = query_scalar(
            "SELECT id FROM removals WHERE done_at < $1 AND NOT EXISTS (
                 SELECT 1 FROM updates u WHERE u.finess = removals.finess AND u.service = removals.service
                 AND u.indicator = removals.indicator AND u.genre_code = removals.genre_code) LIMIT $2",
        )
        .bind(millis(before))
        .bind(MAILS)
        .fetch_all(&mut tx)
        .await?;
        for removal in done {
            for statement in OF_A_REMOVAL {
                query(statement).bind(removal).execute(&mut tx).await?;
            }
        }
        tx.commit().await
    }

    /// A transaction that is the only one of its kind; `None` while another worker is at it.
    async fn purge(&self) -> Result<Option<Tx>> {
        let mut tx = self.write().await?;
        if tx.try_lock(Lock::once("purge")).await? {
            return Ok(Some(tx));
        }
        tx.rollback().await?;
        Ok(None)
    }
}

async fn forget_quotes(tx: &mut Tx, mails: &[MailId]) -> Result<()> {
    let quotes = if matches!(tx, Tx::Sqlite(_)) { QUOTES_IN_SQLITE } else { QUOTES_IN_POSTGRES };
    for statement in [quotes, "UPDATE documents SET name = ''"] {
        for some in shares(mails) {
            let statement = format!("{statement} WHERE mail_id IN ({})", list(some.len(), 1));
            query(sqlx::AssertSqlSafe(statement)).bind_all(some.iter().copied()).execute(&mut *tx).await?;
        }
    }
    Ok(())
}

/// Mails whose time is up, and of which nothing is under way nor referred to by what is kept.
async fn forgettable(tx: &mut Tx, expiry: &Expiry) -> Result<Vec<MailId>> {
    query_scalar(
        "SELECT id FROM mails
         WHERE settled_at IS NOT NULL AND moved_at IS NOT NULL AND id IN (
             SELECT mail_id FROM journal WHERE verdict IN ('integre', 'ignore', 'doublon') AND received_at < $1
             UNION ALL
             SELECT mail_id FROM journal
             WHERE verdict IN ('partiellement-integre', 'rejete', 'quarantaine') AND received_at < $2)
           AND NOT EXISTS (SELECT 1 FROM updates u WHERE u.mail_id = mails.id AND
               (u.etat = 'en-attente' OR u.in_flight_at IS NOT NULL OR u.again_at IS NOT NULL OR u.in_doubt = 1))
           AND NOT EXISTS (SELECT 1 FROM replies r WHERE r.mail_id = mails.id AND r.etat = 'a-envoyer')
           AND NOT EXISTS (SELECT 1 FROM withheld w WHERE w.mail_id = mails.id AND w.digest_id IS NULL)
           AND NOT EXISTS (SELECT 1 FROM mails d WHERE d.duplicate_of = mails.id)
           AND NOT EXISTS (SELECT 1 FROM replies b WHERE b.returned_by = mails.id)
           AND NOT EXISTS (SELECT 1 FROM documents o JOIN documents d ON d.duplicate_of = o.id
                           WHERE o.mail_id = mails.id AND d.mail_id <> mails.id)
           AND NOT EXISTS (SELECT 1 FROM replies r JOIN withheld w ON w.digest_id = r.id
                           WHERE r.mail_id = mails.id AND w.mail_id <> mails.id)
         LIMIT $3",
    )
    .bind(millis(expiry.journal))
    .bind(millis(expiry.rejected_journal))
    .bind(MAILS)
    .fetch_all(&mut *tx)
    .await
}
