//! What became of a mail, put together from its rows.

use super::documents::verdict;
use super::engine::{query_as, query_scalar};
use super::rows::UpdateColumns;
use super::{MailId, Result, Store, StoreError, instant};
use crate::capacity::Mode;
use crate::defect::Defect;
use crate::outcome::{DocumentOutcome, Etat, Line, MailOutcome, Verdict};

type DocumentColumns = (i64, String, Option<String>, String, bool, bool, Option<i64>, Option<String>);

impl Store {
    /// The verdict on a mail, `None` within while there is none yet; `None` if there is no such mail.
    pub async fn verdict_of(&self, id: MailId) -> Result<Option<Option<Verdict>>> {
        let word: Option<Option<String>> =
            query_scalar("SELECT verdict FROM mails WHERE id = $1").bind(id).fetch_optional(self.read()).await?;
        word.map(|word| verdict(word.as_deref())).transpose()
    }

    /// The outcome of a mail as it stands; `None` if there is no such mail.
    pub async fn outcome(&self, id: MailId) -> Result<Option<MailOutcome>> {
        let head: Option<(Option<String>, i64, Option<String>)> =
            query_as("SELECT message_id, received_at, verdict FROM mails WHERE id = $1")
                .bind(id)
                .fetch_optional(self.read())
                .await?;
        let Some((message_id, received_at, word)) = head else { return Ok(None) };
        let mut documents = Vec::new();
        for columns in self.documents_of(id).await? {
            documents.push(self.document_outcome(columns).await?);
        }
        Ok(Some(MailOutcome {
            message_id,
            received_at: instant(received_at),
            verdict: verdict(word.as_deref())?,
            defects: self.mail_defects(id).await?,
            documents,
        }))
    }

    async fn documents_of(&self, id: MailId) -> Result<Vec<DocumentColumns>> {
        query_as(
            "SELECT id, name, identifiant, sha256, format IS NOT NULL, test = 1, duplicate_of, verdict FROM documents
             WHERE mail_id = $1 ORDER BY rank",
        )
        .bind(id)
        .fetch_all(self.read())
        .await
    }

    async fn document_outcome(&self, columns: DocumentColumns) -> Result<DocumentOutcome> {
        let (id, name, identifiant, sha256, recognised, test, duplicate_of, word) = columns;
        let lines = self.lines_of(id).await?;
        let first_seen = match duplicate_of {
            Some(first) => Some(self.first_seen(first).await?),
            None => None,
        };
        // A refusal of the ROR is recorded without the attachment it concerns.
        let defects = self.document_defects(id).await?.into_iter().map(|defect| defect.in_piece(&name)).collect();
        Ok(DocumentOutcome {
            name,
            identifiant,
            sha256,
            recognised,
            mode: if test { Mode::Test } else { Mode::Reel },
            verdict: verdict(word.as_deref())?,
            first_seen,
            lines,
            defects,
        })
    }

    async fn lines_of(&self, document: i64) -> Result<Vec<Line>> {
        let rows: Vec<UpdateColumns> = query_as(
            "SELECT id, finess, service, indicator, nature, nombre, source, date_releve, etat, attempts
             FROM updates WHERE document_id = $1 ORDER BY id",
        )
        .bind(document)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(UpdateColumns::line).collect()
    }

    /// When a document was received, and its verdict as far as it is known.
    async fn first_seen(&self, document: i64) -> Result<(jiff::Timestamp, Verdict)> {
        let (received_at, word): (i64, Option<String>) = query_as(
            "SELECT m.received_at, d.verdict FROM documents d JOIN mails m ON m.id = d.mail_id WHERE d.id = $1",
        )
        .bind(document)
        .fetch_one(self.read())
        .await?;
        let known = match verdict(word.as_deref())? {
            Some(verdict) => verdict,
            None => document_verdict(&self.lines_of(document).await?, &self.document_defects(document).await?),
        };
        Ok((instant(received_at), known))
    }

    async fn document_defects(&self, document: i64) -> Result<Vec<Defect>> {
        let contents: Vec<String> = query_scalar("SELECT content FROM defects WHERE document_id = $1 ORDER BY id")
            .bind(document)
            .fetch_all(self.read())
            .await?;
        decode(&contents)
    }

    /// The defects of a mail as a whole.
    async fn mail_defects(&self, id: MailId) -> Result<Vec<Defect>> {
        let contents: Vec<String> =
            query_scalar("SELECT content FROM defects WHERE mail_id = $1 AND document_id IS NULL ORDER BY id")
                .bind(id)
                .fetch_all(self.read())
                .await?;
        decode(&contents)
    }
}

/// The verdict that follows from the rows and defects of a document, rows that wait being taken as
/// accepted.
pub(super) fn document_verdict(lines: &[Line], defects: &[Defect]) -> Verdict {
    let accepted = lines.iter().filter(|line| line.etat != Some(Etat::Rejetee)).count();
    Verdict::of_rows(accepted, defects.iter().any(Defect::is_rejection))
}

fn decode(contents: &[String]) -> Result<Vec<Defect>> {
    let decode = |text: &String| serde_json::from_str(text).map_err(|error| StoreError::Corrupt(error.to_string()));
    contents.iter().map(decode).collect()
}
