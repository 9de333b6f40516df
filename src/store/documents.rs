//! The judgements on mails, recorded in one transaction: documents, rows, defects, supersession.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::duplicates::{First, Prior, is_overtaken};
use crate::engine::locks::Lock;
use crate::engine::{Tx, list, query, query_scalar, rows, shares};
use crate::mails::DefectColumns;
use crate::projections;
use crate::queue::insert::insert_updates;
use crate::{MailId, Result, Store, TaskLease, millis, parse};
use base::fail_point;
use domain::address::Address;
use domain::capacity::{Mode, ServiceCode, Update};
use domain::defect::Defect;
use domain::finess::Finess;
use domain::outcome::Verdict;
use reading::report::ReportHead;

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
    /// Whether something that should be a report was not recognised as one, or could not be read to its end: its content
    /// is kept for a shorter time.
    pub unrecognised: bool,
    /// The verdict, where it does not follow from the documents.
    pub verdict: Option<Verdict>,
}

impl JudgedMail {
    /// The sender as documents have it: nothing if there is none.
    pub(super) fn sender_word(&self) -> &str {
        self.sender.as_ref().map_or("", Address::as_str)
    }

    /// Every defect: the mail's own, then each document's.
    pub fn all_defects(&self) -> impl Iterator<Item = &Defect> {
        self.defects.iter().chain(self.documents.iter().flat_map(|document| &document.defects))
    }
}

/// A document after its judgement.
#[derive(Debug)]
pub struct JudgedDocument {
    /// What its root said.
    pub head: ReportHead,
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
    /// Records a judgement, once.
    pub async fn record(&self, duty: &TaskLease, id: MailId, mail: &JudgedMail, now: Timestamp) -> Result<Recorded> {
        let recorded = self.record_all(duty, &[(id, mail)], now).await?;
        Ok(recorded.first().copied().unwrap_or(Recorded::Stands))
    }

    /// Records judgements in one transaction, each once: a mail already judged is left as it is. What a judgement took
    /// for known is looked at again in the same transaction: two mailboxes may get one document at one time, and so may
    /// two mails of this call.
    pub async fn record_all(
        &self,
        duty: &TaskLease,
        judgements: &[(MailId, &JudgedMail)],
        now: Timestamp,
    ) -> Result<Vec<Recorded>> {
        let mut tx = self.write_under(duty).await?;
        tx.lock(judgements.iter().flat_map(|(_, mail)| locks(mail.sender_word(), &mail.documents))).await?;
        let (mut recorded, mut new) = (Vec::new(), Vec::new());
        let open = unjudged(&mut tx, judgements).await?;
        // The rows of places repeat what the journal says, so it is told first. Whatever is overtaken has documents, hence
        // no verdict yet.
        projections::judged(&mut tx, judgements.iter().filter(|(id, _)| open.contains(id)).copied()).await?;
        for (id, mail) in judgements {
            if !open.contains(id) {
                recorded.push(Recorded::Stands);
            } else if is_overtaken(&mut tx, mail.sender_word(), &mail.documents, None).await? {
                recorded.push(Recorded::Overtaken);
            } else {
                record_contents(&mut tx, *id, mail, now).await?;
                new.push((*id, *mail));
                recorded.push(Recorded::Stands);
            }
        }
        mark_judged(&mut tx, &new, now).await?;
        fail_point!("judgement-written");
        tx.commit().await?;
        Ok(recorded)
    }
}

/// Those of these mails that are not judged: they stay so until the end of the transaction, which has the duty.
async fn unjudged(tx: &mut Tx, judgements: &[(MailId, &JudgedMail)]) -> Result<HashSet<MailId>> {
    let mut open = HashSet::new();
    for some in shares(judgements) {
        let numbers = list(some.len(), 1);
        let statement = format!("SELECT id FROM mails WHERE judged_at IS NULL AND id IN ({numbers})");
        let asked = query_scalar(sqlx::AssertSqlSafe(statement));
        let found: Vec<MailId> = asked.bind_all(some.iter().map(|(id, _)| *id)).fetch_all(&mut *tx).await?;
        open.extend(found);
    }
    Ok(open)
}

async fn record_contents(tx: &mut Tx, id: MailId, mail: &JudgedMail, now: Timestamp) -> Result<()> {
    insert_defects(tx, id, None, &mail.defects).await?;
    let mut inserted = Vec::new();
    for document in &mail.documents {
        inserted.push(insert_document(tx, id, &inserted, mail.sender_word(), document, now).await?);
    }
    if mail.all_defects().next().is_some() { projections::blamed(tx, id).await } else { Ok(()) }
}

async fn mark_judged(tx: &mut Tx, judgements: &[(MailId, &JudgedMail)], now: Timestamp) -> Result<()> {
    for some in shares(judgements) {
        let judged = rows(some.len(), 6, 2, |_, at| {
            let words: Vec<String> = (at + 2..at + 6).map(|at| format!("CAST(${at} AS TEXT)")).collect();
            format!("(CAST(${at} AS BIGINT), CAST(${} AS BIGINT), {})", at + 1, words.join(", "))
        });
        // The same bytes are kept for the same time.
        let statement = format!(
            "WITH judged (mail, strange, in_folder, of_sender, named, word) AS (VALUES {judged})
             UPDATE mails SET judged_at = $1, folder = in_folder, sender = of_sender, message_id = named, verdict = word,
                              reading = 0,
                              unrecognised = COALESCE(
                                  (SELECT f.unrecognised FROM mails f WHERE f.id = mails.duplicate_of), strange)
             FROM judged WHERE id = mail"
        );
        let marking = query(sqlx::AssertSqlSafe(statement)).bind(millis(now));
        let marking = some.iter().fold(marking, |marking, (id, mail)| {
            let sender = mail.sender.as_ref().map(Address::as_str);
            let marking = marking.bind(*id).bind(i64::from(mail.unrecognised)).bind(&mail.folder).bind(sender);
            marking.bind(&mail.message_id).bind(mail.verdict.map(Verdict::word))
        });
        marking.execute(&mut *tx).await?;
    }
    Ok(())
}

/// What recording these documents looks at, and what must not change meanwhile.
pub(super) fn locks(sender: &str, documents: &[JudgedDocument]) -> Vec<Lock> {
    let names = documents.iter().filter_map(|document| document.head.identifiant.as_deref());
    let names = names.map(|identifiant| Lock::document(sender, identifiant));
    let updates = documents.iter().flat_map(|document| &document.updates);
    let locations = updates.map(|update| Lock::of(&update.location));
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
    projections::named(tx, mail, &document.mentions).await?;
    insert_defects(tx, mail, Some(document_id), &document.defects).await?;
    insert_updates(tx, mail, document_id, head.mode, &document.updates, now).await?;
    if head.mode == Mode::Reel {
        projections::observed(tx, mail, document).await?;
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
