//! The judgement on a mail, recorded in one transaction: documents, rows, defects, supersession.

use jiff::Timestamp;

use super::engine::locks::Lock;
use super::engine::{Tx, query, query_scalar};
use super::inserting::insert_updates;
use super::mails::DefectColumns;
use super::prior::{First, Prior, is_overtaken};
use super::search::upkeep;
use super::{Duty, MailId, Result, Store, millis, parse};
use crate::address::Address;
use crate::capacity::{Mode, ServiceCode, Update};
use crate::defect::Defect;
use crate::fail_point::fail_point;
use crate::finess::Finess;
use crate::outcome::Verdict;
use crate::report::Head;

/// A mail after its judgement.
#[derive(Debug)]
pub struct JudgedMail {
    /// The logical folder it goes to, in the words of the store.
    pub folder: String,
    /// Its sender, if it has exactly one.
    pub sender: Option<Address>,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// What is wrong with the mail as a whole.
    pub defects: Vec<Defect>,
    /// Its documents, in order.
    pub documents: Vec<JudgedDocument>,
    /// The verdict, where it does not follow from the documents.
    pub verdict: Option<Verdict>,
}

impl JudgedMail {
    /// Every defect: the mail's own, then each document's.
    pub fn all_defects(&self) -> impl Iterator<Item = &Defect> {
        self.defects.iter().chain(self.documents.iter().flat_map(|document| &document.defects))
    }
}

/// A document after its judgement.
#[derive(Debug)]
pub struct JudgedDocument {
    /// What its root said.
    pub head: Head,
    /// What was known of its identity when it was judged; of a duplicate there is nothing else here.
    pub prior: Prior,
    /// The services it speaks of.
    pub mentions: Vec<(Finess, ServiceCode)>,
    /// The accepted counts.
    pub updates: Vec<Update>,
    /// All that is wrong with it.
    pub defects: Vec<Defect>,
}

/// What became of a judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Recorded {
    /// It stands; or the mail was judged before, and that judgement does.
    Stands,
    /// Nothing was written: meanwhile one of its documents was recorded from another mailbox. It is to be
    /// judged again.
    Overtaken,
}

impl Store {
    /// Records a judgement, once: a mail already judged is left as it is. What the judgement took for known
    /// is looked at again in the same transaction: two mailboxes may get one document at one time.
    pub async fn record(&self, duty: &Duty, id: MailId, mail: &JudgedMail, now: Timestamp) -> Result<Recorded> {
        let mut tx = self.write_under(duty).await?;
        let done = query(
            "UPDATE mails SET judged_at = $2, folder = $3, sender = $4, message_id = $5, verdict = $6, reading = 0
             WHERE id = $1 AND judged_at IS NULL",
        )
        .bind(id)
        .bind(millis(now))
        .bind(&mail.folder)
        .bind(mail.sender.as_ref().map(Address::as_str))
        .bind(&mail.message_id)
        .bind(mail.verdict.map(Verdict::word))
        .execute(&mut tx)
        .await?;
        if done == 0 {
            tx.rollback().await?;
            return Ok(Recorded::Stands);
        }
        let sender = mail.sender.as_ref().map_or("", Address::as_str);
        tx.lock(locks(sender, &mail.documents)).await?;
        if is_overtaken(&mut tx, sender, &mail.documents, None).await? {
            tx.rollback().await?;
            return Ok(Recorded::Overtaken);
        }
        upkeep::judged(&mut tx, id, mail.sender.as_ref(), mail.verdict).await?;
        insert_defects(&mut tx, id, None, &mail.defects).await?;
        let mut inserted = Vec::new();
        for document in &mail.documents {
            inserted.push(insert_document(&mut tx, id, &inserted, sender, document, now).await?);
        }
        if mail.all_defects().next().is_some() {
            upkeep::blamed(&mut tx, id).await?;
        }
        fail_point!("judgement-written");
        tx.commit().await?;
        Ok(Recorded::Stands)
    }
}

/// What recording these documents looks at, and what must not change meanwhile.
pub(super) fn locks(sender: &str, documents: &[JudgedDocument]) -> Vec<Lock> {
    let names = documents.iter().filter_map(|document| document.head.identifiant.as_deref());
    let names = names.map(|identifiant| Lock::document(sender, identifiant));
    let locations = documents.iter().flat_map(|document| &document.updates).map(|update| {
        let service = update.location.service().as_str();
        Lock::location(update.finess().as_str(), service)
    });
    names.chain(locations).collect()
}

pub(super) async fn insert_document(
    tx: &mut Tx,
    mail: MailId,
    before: &[i64],
    sender: &str,
    document: &JudgedDocument,
    now: Timestamp,
) -> Result<i64> {
    let head = &document.head;
    let duplicate_of = match document.prior {
        Prior::New | Prior::Reused => None,
        Prior::Duplicate(First::Stored(id)) => Some(id),
        Prior::Duplicate(First::SameMail(rank)) => before.get(rank).copied(),
    };
    let document_id: i64 = query_scalar(
        "INSERT INTO documents (mail_id, rank, name, format, sender, identifiant, sha256, test, duplicate_of, verdict)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
    )
    .bind(mail)
    .bind(i64::try_from(before.len()).unwrap_or(i64::MAX))
    .bind(&head.name)
    .bind(head.format)
    .bind(sender)
    .bind(&head.identifiant)
    .bind(&head.sha256)
    .bind(head.mode == Mode::Test)
    .bind(duplicate_of)
    .bind(duplicate_of.map(|_| Verdict::Doublon.word()))
    .fetch_one(&mut *tx)
    .await?;
    upkeep::named(tx, mail, &document.mentions).await?;
    insert_defects(tx, mail, Some(document_id), &document.defects).await?;
    insert_updates(tx, mail, document_id, head.mode, &document.updates, now).await?;
    if head.mode == Mode::Reel {
        upkeep::observed(tx, mail, document).await?;
    }
    Ok(document_id)
}

pub(super) async fn insert_defects(tx: &mut Tx, mail: MailId, document: Option<i64>, defects: &[Defect]) -> Result<()> {
    for defect in defects {
        let columns = DefectColumns::of(defect)?;
        query("INSERT INTO defects (mail_id, document_id, code, severity, content) VALUES ($1, $2, $3, $4, $5)")
            .bind(mail)
            .bind(document)
            .bind(columns.code)
            .bind(columns.severity)
            .bind(columns.content)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// The stored verdict of a column.
pub(super) fn verdict(word: Option<&str>) -> Result<Option<Verdict>> {
    word.map(parse).transpose()
}
