//! What became of mails, put together from their rows.

use std::collections::HashMap;

use sqlx::FromRow;

use crate::documents::verdict;
use crate::engine::{FromRows, list, query_as, query_scalar, shares};
use crate::queue::row::UpdateColumns;
use crate::{MailId, Result, Store, StoreError, instant};
use domain::capacity::Mode;
use domain::defect::Defect;
use domain::outcome::{DocumentOutcome, Etat, MailOutcome, OutcomeLine, Verdict};

/// The columns of a document.
#[derive(Debug, FromRow)]
struct DocumentColumns {
    id: i64,
    mail_id: MailId,
    name: String,
    identifiant: Option<String>,
    sha256: String,
    recognised: bool,
    test: bool,
    duplicate_of: Option<i64>,
    verdict: Option<String>,
}

/// A count, and the document it is of.
#[derive(Debug, FromRow)]
struct LineColumns {
    document_id: i64,
    #[sqlx(flatten)]
    update: UpdateColumns,
}

type MailColumns = (MailId, Option<String>, i64, Option<String>);
type DefectColumns = (MailId, Option<i64>, String);

/// The defects of a document, and those of a mail as a whole.
type Defects = HashMap<(MailId, Option<i64>), Vec<Defect>>;

/// What the rows of some mails say, by whom they are of.
struct OutcomeParts {
    documents: Vec<DocumentColumns>,
    /// Those of a document, in the order of judgement.
    lines: HashMap<i64, Vec<OutcomeLine>>,
    defects: Defects,
}

impl Store {
    /// The verdict on a mail, `None` within while there is none yet; `None` if there is no such mail.
    pub async fn verdict_of(&self, id: MailId) -> Result<Option<Option<Verdict>>> {
        let word: Option<Option<String>> =
            query_scalar("SELECT verdict FROM mails WHERE id = $1").bind(id).fetch_optional(self.read()).await?;
        word.map(|word| verdict(word.as_deref())).transpose()
    }

    /// The outcome of a mail as it stands; `None` if there is no such mail.
    pub async fn outcome(&self, id: MailId) -> Result<Option<MailOutcome>> {
        Ok(self.outcomes(&[id]).await?.pop().map(|(_, outcome)| outcome))
    }

    /// The outcomes of mails as they stand, in the order of reception, those that there are.
    pub async fn outcomes(&self, ids: &[MailId]) -> Result<Vec<(MailId, MailOutcome)>> {
        let mut outcomes = Vec::new();
        for ids in shares(ids) {
            let heads = "SELECT id, message_id, received_at, verdict FROM mails WHERE id IN ({numbers}) ORDER BY id";
            let mails: Vec<MailColumns> = self.of_mails(heads, ids).await?;
            let mut parts = self.parts(ids).await?;
            for (id, message_id, received_at, word) in mails {
                let documents = self.documents_of(id, &mut parts).await?;
                let defects = parts.defects.remove(&(id, None)).unwrap_or_default();
                let (received_at, verdict) = (instant(received_at), verdict(word.as_deref())?);
                outcomes.push((id, MailOutcome { message_id, received_at, verdict, defects, documents }));
            }
        }
        Ok(outcomes)
    }

    async fn parts(&self, ids: &[MailId]) -> Result<OutcomeParts> {
        let documents = "SELECT id, mail_id, name, identifiant, sha256, format IS NOT NULL AS recognised,
            test = 1 AS test, duplicate_of, verdict FROM documents WHERE mail_id IN ({numbers}) ORDER BY mail_id, rank";
        let lines = "SELECT document_id, id, finess, service, indicator, nature, nombre, source, date_releve, etat,
            attempts FROM updates WHERE mail_id IN ({numbers}) ORDER BY id";
        let defects = "SELECT mail_id, document_id, content FROM defects WHERE mail_id IN ({numbers}) ORDER BY id";
        Ok(OutcomeParts {
            documents: self.of_mails(documents, ids).await?,
            lines: by_document(self.of_mails(lines, ids).await?)?,
            defects: by_owner(self.of_mails(defects, ids).await?)?,
        })
    }

    /// The rows of a statement about the mails of these `{numbers}`.
    async fn of_mails<T: FromRows>(&self, statement: &str, ids: &[MailId]) -> Result<Vec<T>> {
        let statement = statement.replace("{numbers}", &list(ids.len(), 1));
        query_as(sqlx::AssertSqlSafe(statement)).bind_all(ids.iter().copied()).fetch_all(self.read()).await
    }

    async fn documents_of(&self, mail: MailId, parts: &mut OutcomeParts) -> Result<Vec<DocumentOutcome>> {
        let mut documents = Vec::new();
        for columns in parts.documents.extract_if(.., |columns| columns.mail_id == mail) {
            let lines = parts.lines.remove(&columns.id).unwrap_or_default();
            let defects = parts.defects.remove(&(mail, Some(columns.id))).unwrap_or_default();
            documents.push(self.document_outcome(columns, lines, defects).await?);
        }
        Ok(documents)
    }

    async fn document_outcome(
        &self,
        columns: DocumentColumns,
        lines: Vec<OutcomeLine>,
        defects: Vec<Defect>,
    ) -> Result<DocumentOutcome> {
        let first_seen = match columns.duplicate_of {
            Some(first) => Some(self.first_seen(first).await?),
            None => None,
        };
        // A refusal of the ROR is recorded without the attachment it concerns.
        let defects = defects.into_iter().map(|defect| defect.in_piece(&columns.name)).collect();
        Ok(DocumentOutcome {
            name: columns.name,
            identifiant: columns.identifiant,
            sha256: columns.sha256,
            recognised: columns.recognised,
            mode: if columns.test { Mode::Test } else { Mode::Reel },
            verdict: verdict(columns.verdict.as_deref())?,
            first_seen,
            lines,
            defects,
        })
    }

    /// When a document was received, and its verdict as far as it is known.
    async fn first_seen(&self, document: i64) -> Result<(jiff::Timestamp, Verdict)> {
        let (mail, received_at, word): (MailId, i64, Option<String>) = query_as(
            "SELECT m.id, m.received_at, d.verdict FROM documents d JOIN mails m ON m.id = d.mail_id WHERE d.id = $1",
        )
        .bind(document)
        .fetch_one(self.read())
        .await?;
        if let Some(verdict) = verdict(word.as_deref())? {
            return Ok((instant(received_at), verdict));
        }
        let OutcomeParts { lines, defects, .. } = self.parts(&[mail]).await?;
        let lines = lines.get(&document).map_or(&[][..], Vec::as_slice);
        let defects = defects.get(&(mail, Some(document))).map_or(&[][..], Vec::as_slice);
        Ok((instant(received_at), document_verdict(lines, defects)))
    }
}

fn by_document(counts: Vec<LineColumns>) -> Result<HashMap<i64, Vec<OutcomeLine>>> {
    let mut by_document: HashMap<_, Vec<OutcomeLine>> = HashMap::new();
    for LineColumns { document_id, update } in counts {
        by_document.entry(document_id).or_default().push(update.line()?);
    }
    Ok(by_document)
}

fn by_owner(defects: Vec<DefectColumns>) -> Result<Defects> {
    let mut by_owner = Defects::new();
    for (mail, document, content) in defects {
        let defect = serde_json::from_str(&content).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        by_owner.entry((mail, document)).or_default().push(defect);
    }
    Ok(by_owner)
}

/// The verdict that follows from the rows and defects of a document, rows that wait being taken as
/// accepted.
pub(super) fn document_verdict(lines: &[OutcomeLine], defects: &[Defect]) -> Verdict {
    let accepted = lines.iter().filter(|line| line.etat != Some(Etat::Rejetee)).count();
    Verdict::of_rows(accepted, defects.iter().any(Defect::is_rejection))
}
