//! The judgement on a mail, recorded in one transaction: documents, rows, defects, supersession.

use jiff::Timestamp;
use sqlx::{Sqlite, Transaction};

use super::mails::DefectColumns;
use super::precedence::{has_newer, supersede_waiting};
use super::{MailId, Result, Store, millis, parse};
use crate::address::Address;
use crate::capacity::{Mode, Nomenclature, ServiceCode, Update};
use crate::defect::Defect;
use crate::finess::Finess;
use crate::outcome::{Etat, Verdict};
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

/// A document after its judgement.
#[derive(Debug)]
pub struct JudgedDocument {
    /// What its root said.
    pub head: Head,
    /// The first document of the same identity, if it came before: then there is nothing else here.
    pub duplicate_of: Option<First>,
    /// The services it speaks of.
    pub mentions: Vec<(Finess, ServiceCode)>,
    /// The accepted counts.
    pub updates: Vec<Update>,
    /// All that is wrong with it.
    pub defects: Vec<Defect>,
}

/// The first document of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// One of an earlier mail.
    Stored(i64),
    /// An earlier one of the same mail, by its rank there.
    SameMail(usize),
}

/// What is known of a document's identity before it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prior {
    /// Never seen.
    New,
    /// The same identifiant with other content (D07).
    Reused,
    /// The same document.
    Duplicate(First),
}

impl Store {
    /// Whether this sender sent this document, or this identifiant, before.
    pub async fn prior(&self, sender: &Address, identifiant: &str, sha256: &str) -> Result<Prior> {
        let same: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM documents WHERE sender = $1 AND identifiant = $2 AND sha256 = $3
             AND duplicate_of IS NULL ORDER BY id LIMIT 1",
        )
        .bind(sender.as_str())
        .bind(identifiant)
        .bind(sha256)
        .fetch_optional(&self.readers)
        .await?;
        if let Some(document) = same {
            return Ok(Prior::Duplicate(First::Stored(document)));
        }
        let reused: Option<i64> =
            sqlx::query_scalar("SELECT id FROM documents WHERE sender = $1 AND identifiant = $2 LIMIT 1")
                .bind(sender.as_str())
                .bind(identifiant)
                .fetch_optional(&self.readers)
                .await?;
        Ok(if reused.is_some() { Prior::Reused } else { Prior::New })
    }

    /// Records a judgement, once: a mail already judged is left as it is.
    pub async fn record(&self, id: MailId, mail: &JudgedMail, now: Timestamp) -> Result<()> {
        let mut tx = self.write().await?;
        let done = sqlx::query(
            "UPDATE mails SET judged_at = $2, folder = $3, sender = $4, message_id = $5, verdict = $6, reading = 0
             WHERE id = $1 AND judged_at IS NULL",
        )
        .bind(id)
        .bind(millis(now))
        .bind(&mail.folder)
        .bind(mail.sender.as_ref().map(Address::as_str))
        .bind(&mail.message_id)
        .bind(mail.verdict.map(Verdict::word))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(());
        }
        insert_defects(&mut tx, id, None, &mail.defects).await?;
        let sender = mail.sender.as_ref().map_or("", Address::as_str);
        let mut inserted = Vec::new();
        for document in &mail.documents {
            inserted.push(insert_document(&mut tx, id, &inserted, sender, document, now).await?);
        }
        Ok(tx.commit().await?)
    }
}

async fn insert_document(
    tx: &mut Transaction<'static, Sqlite>,
    mail: MailId,
    before: &[i64],
    sender: &str,
    document: &JudgedDocument,
    now: Timestamp,
) -> Result<i64> {
    let head = &document.head;
    let duplicate_of = document.duplicate_of.and_then(|first| match first {
        First::Stored(id) => Some(id),
        First::SameMail(rank) => before.get(rank).copied(),
    });
    let document_id: i64 = sqlx::query_scalar(
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
    .fetch_one(&mut **tx)
    .await?;
    for (finess, service) in &document.mentions {
        sqlx::query("INSERT INTO mentions (document_id, finess, service) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(document_id)
            .bind(finess.as_str())
            .bind(service.as_str())
            .execute(&mut **tx)
            .await?;
    }
    insert_defects(tx, mail, Some(document_id), &document.defects).await?;
    for update in &document.updates {
        insert_update(tx, mail, document_id, head.mode, update, now).await?;
    }
    Ok(document_id)
}

async fn insert_defects(
    tx: &mut Transaction<'static, Sqlite>,
    mail: MailId,
    document: Option<i64>,
    defects: &[Defect],
) -> Result<()> {
    for defect in defects {
        let columns = DefectColumns::of(defect)?;
        sqlx::query("INSERT INTO defects (mail_id, document_id, code, severity, content) VALUES ($1, $2, $3, $4, $5)")
            .bind(mail)
            .bind(document)
            .bind(columns.code)
            .bind(columns.severity)
            .bind(columns.content)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Inserts a count in the state the newest observation leaves it: superseded at once by a newer
/// one, or superseding the older ones that still wait.
async fn insert_update(
    tx: &mut Transaction<'static, Sqlite>,
    mail: MailId,
    document: i64,
    mode: Mode,
    update: &Update,
    now: Timestamp,
) -> Result<()> {
    let etat = match mode {
        Mode::Test => Etat::NonTransmiseTest,
        Mode::Reel if has_newer(tx, mail, update).await? => Etat::Depassee,
        Mode::Reel => {
            supersede_waiting(tx, update, now).await?;
            Etat::EnAttente
        }
    };
    sqlx::query(
        "INSERT INTO updates (mail_id, document_id, finess, service, indicator, nature, nombre, source,
                              date_releve, etat, next_at, closed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(mail)
    .bind(document)
    .bind(update.finess().as_str())
    .bind(update.location.service().as_str())
    .bind(update.count.indicator.to_string())
    .bind(update.count.nature.word())
    .bind(update.count.nombre.get())
    .bind(update.source.word())
    .bind(millis(update.date_releve))
    .bind(etat.word())
    .bind(millis(now))
    .bind((etat != Etat::EnAttente).then_some(millis(now)))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The stored verdict of a column.
pub(super) fn verdict(word: Option<&str>) -> Result<Option<Verdict>> {
    word.map(parse).transpose()
}
