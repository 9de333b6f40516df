//! A settled mail judged again: what its record says, and what a new judgement changes of it.
//!
//! What the ROR acknowledged, and what waits, is never withdrawn; a row that is sent again is the newest of its key.

pub(super) mod source;

use jiff::Timestamp;

use crate::audit::append;
use crate::documents;
use crate::documents::{insert_defects, insert_document};
use crate::duplicates::is_overtaken;
use crate::engine::locks::Lock;
use crate::engine::{Tx, query, query_as, query_scalar};
use crate::projections;
use crate::queue::insert::insert_updates;
use crate::queue::precedence::supersede_waiting;
use crate::queue::row::UpdateColumns;
use crate::{JudgedDocument, JudgedMail, MailId, Result, Store, StoreError, millis};
use domain::access::audit::AuditEntry;
use domain::address::Address;
use domain::capacity::{Mode, Update};
use domain::outcome::Verdict;

/// What one document becomes.
#[derive(Debug)]
pub enum Redone<'a> {
    /// It is not in the record yet.
    New(&'a JudgedDocument),
    /// Its record takes the new defects, the new counts, and sends these refused rows again.
    Changed(&'a JudgedDocument, Vec<i64>),
    /// It stays as it is.
    Kept,
}

/// What a mail becomes.
#[derive(Debug)]
pub enum Redo<'a> {
    /// The new judgement takes the place of the old one; one entry for each document, in order.
    Mail(&'a JudgedMail, Vec<Redone<'a>>),
    /// These refused rows are sent again, and nothing else changes.
    Rows(Vec<i64>),
}

impl Store {
    /// Puts a settled mail in progress again, with what changes of it and the record of who had it done, in one
    /// transaction. `before` is kept. Returns
    /// how many rows are on their way with it; `None`, and nothing changes, if the mail is not settled (any more) or
    /// no row of [`Redo::Rows`] can be sent.
    pub async fn redo(
        &self,
        id: MailId,
        redo: &Redo<'_>,
        before: &str,
        entry: &AuditEntry,
        now: Timestamp,
    ) -> Result<Option<u64>> {
        let mut tx = self.write().await?;
        lock(&mut tx, redo).await?;
        let reopened = query(
            "UPDATE mails SET verdict = NULL, settled_at = NULL, silent = NULL WHERE id = $1 AND settled_at IS NOT NULL",
        )
        .bind(id)
        .execute(&mut tx)
        .await?;
        if reopened == 0 || redo.is_overtaken(&mut tx, id).await? {
            tx.rollback().await?;
            return Ok(None);
        }
        let sent = match redo {
            Redo::Rows(rows) => {
                projections::decided(&mut tx, &[(id, None)]).await?;
                send_again(&mut tx, id, rows, now).await?
            }
            Redo::Mail(mail, documents) => change(&mut tx, id, mail, documents, now).await?,
        };
        if sent == 0 && matches!(redo, Redo::Rows(_)) {
            tx.rollback().await?;
            return Ok(None);
        }
        projections::blamed(&mut tx, id).await?;
        query("INSERT INTO replays (mail_id, at, before, sent) VALUES ($1, $2, $3, $4)")
            .bind(id)
            .bind(millis(now))
            .bind(before)
            .bind(i64::try_from(sent).unwrap_or(i64::MAX))
            .execute(&mut tx)
            .await?;
        append(&mut tx, entry, now).await?;
        tx.commit().await?;
        Ok(Some(sent))
    }
}

impl Redo<'_> {
    /// Whether a document was recorded since this was proposed that changes it.
    async fn is_overtaken(&self, tx: &mut Tx, id: MailId) -> Result<bool> {
        let Self::Mail(mail, _) = self else { return Ok(false) };
        is_overtaken(tx, mail.sender.as_ref().map_or("", Address::as_str), &mail.documents, Some(id)).await
    }
}

/// What is decided about a location is decided by one at a time.
async fn lock(tx: &mut Tx, redo: &Redo<'_>) -> Result<()> {
    let mut locks = Vec::new();
    match redo {
        Redo::Mail(mail, _) => {
            locks.extend(documents::locks(mail.sender.as_ref().map_or("", Address::as_str), &mail.documents));
        }
        Redo::Rows(rows) => {
            for row in rows {
                let place = query_as("SELECT finess, service FROM updates WHERE id = $1").bind(*row);
                let place: Option<(String, String)> = place.fetch_optional(&mut *tx).await?;
                locks.extend(place.map(|(finess, service)| Lock::location(&finess, &service)));
            }
        }
    }
    tx.lock(locks).await
}

async fn change(tx: &mut Tx, id: MailId, mail: &JudgedMail, documents: &[Redone<'_>], now: Timestamp) -> Result<u64> {
    let sender = mail.sender.as_ref().map(Address::as_str);
    query("UPDATE mails SET sender = $2, message_id = $3, verdict = $4, unrecognised = $5 WHERE id = $1")
        .bind(id)
        .bind(sender)
        .bind(&mail.message_id)
        .bind(mail.verdict.map(Verdict::word))
        .bind(i64::from(mail.unrecognised))
        .execute(&mut *tx)
        .await?;
    projections::judged(tx, [(id, mail)]).await?;
    query("DELETE FROM defects WHERE mail_id = $1 AND document_id IS NULL AND update_id IS NULL")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    insert_defects(tx, id, None, &mail.defects).await?;
    let mut known: Vec<i64> =
        query_scalar("SELECT id FROM documents WHERE mail_id = $1 ORDER BY rank").bind(id).fetch_all(&mut *tx).await?;
    let before = waiting(tx, id).await?;
    for (rank, document) in documents.iter().enumerate() {
        match (document, known.get(rank).copied()) {
            (Redone::Kept, _) => {}
            (Redone::New(document), None) => {
                known.push(insert_document(tx, id, &known, sender.unwrap_or_default(), document, now).await?);
            }
            (Redone::Changed(document, rows), Some(stored)) => {
                send_again(tx, id, rows, now).await?;
                change_document(tx, id, stored, document, now).await?;
            }
            (Redone::New(_) | Redone::Changed(..), _) => {
                return Err(StoreError::Corrupt(format!("documents du courriel {}", id.number())));
            }
        }
    }
    Ok(waiting(tx, id).await?.saturating_sub(before))
}

/// How many rows of a mail wait.
async fn waiting(tx: &mut Tx, id: MailId) -> Result<u64> {
    let waiting: i64 = query_scalar("SELECT COUNT(*) FROM updates WHERE mail_id = $1 AND etat = 'en-attente'")
        .bind(id)
        .fetch_one(&mut *tx)
        .await?;
    Ok(u64::try_from(waiting).unwrap_or(0))
}

/// The defects are those of today; counts that are not in the record come into it.
async fn change_document(tx: &mut Tx, mail: MailId, id: i64, document: &JudgedDocument, now: Timestamp) -> Result<()> {
    query("DELETE FROM defects WHERE document_id = $1 AND update_id IS NULL").bind(id).execute(&mut *tx).await?;
    insert_defects(tx, mail, Some(id), &document.defects).await?;
    projections::named(tx, mail, &document.mentions).await?;
    let mut more = Vec::new();
    for update in &document.updates {
        if !is_recorded(tx, id, update).await? {
            more.push(update.clone());
        }
    }
    insert_updates(tx, mail, id, document.head.mode, &more, now).await?;
    if document.head.mode == Mode::Reel {
        projections::observed(tx, mail, document).await?;
    }
    query("UPDATE documents SET verdict = NULL WHERE id = $1").bind(id).execute(&mut *tx).await?;
    Ok(())
}

async fn is_recorded(tx: &mut Tx, document: i64, update: &Update) -> Result<bool> {
    query_scalar(
        "SELECT EXISTS (SELECT 1 FROM updates
             WHERE document_id = $1 AND finess = $2 AND service = $3 AND indicator = $4)",
    )
    .bind(document)
    .bind(update.finess().as_str())
    .bind(update.location.service().as_str())
    .bind(update.count.indicator.to_string())
    .fetch_one(&mut *tx)
    .await
}

/// Refused rows wait again, those that are still the newest of their key: what the ROR said of them is in the trace of
/// their requests.
async fn send_again(tx: &mut Tx, mail: MailId, rows: &[i64], now: Timestamp) -> Result<u64> {
    let mut sent = 0;
    for row in rows {
        let columns: Option<UpdateColumns> = query_as(
            "SELECT id, finess, service, indicator, nature, nombre, source, date_releve, etat, attempts FROM updates u
             WHERE id = $1 AND mail_id = $2 AND etat = 'rejetee' AND in_flight_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM updates n
                   WHERE n.finess = u.finess AND n.service = u.service AND n.indicator = u.indicator
                   AND n.date_releve >= u.date_releve AND n.etat <> 'non-transmise-test'
                   AND (n.date_releve, n.mail_id, n.id) > (u.date_releve, u.mail_id, u.id))",
        )
        .bind(*row)
        .bind(mail)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(columns) = columns else { continue };
        supersede_waiting(tx, &columns.update()?, now).await?;
        wait_again(tx, *row, now).await?;
        sent += 1;
    }
    Ok(sent)
}

async fn wait_again(tx: &mut Tx, row: i64, now: Timestamp) -> Result<()> {
    query("DELETE FROM defects WHERE update_id = $1").bind(row).execute(&mut *tx).await?;
    query("UPDATE updates SET etat = 'en-attente', attempts = 0, next_at = $2, closed_at = NULL WHERE id = $1")
        .bind(row)
        .bind(millis(now))
        .execute(&mut *tx)
        .await?;
    query("UPDATE documents SET verdict = NULL WHERE id = (SELECT document_id FROM updates WHERE id = $1)")
        .bind(row)
        .execute(&mut *tx)
        .await?;
    Ok(())
}
