//! What a replay starts from: the counts of a mail as its record has them, and the mails that a cause concerns.

use jiff::Timestamp;
use sqlx::FromRow;

use crate::engine::{query_as, query_scalar};
use crate::queue::precedence::has_newer;
use crate::queue::row::UpdateColumns;
use crate::{MailId, Result, Store, instant};
use domain::capacity::Update;
use domain::defect::Code;
use domain::finess::Finess;
use domain::outcome::OutcomeLine;

/// A count of a mail's record.
#[derive(Debug, Clone)]
pub struct StoredRow {
    /// Its number, as operators name it.
    pub number: i64,
    /// The rank of its document in the mail.
    pub rank: usize,
    /// What it says and where it stands.
    pub line: OutcomeLine,
    /// The code under which the ROR refused it.
    pub code: Option<String>,
    /// Whether no other count of its indicator is newer.
    pub newest: bool,
    /// When it was judged.
    pub since: Timestamp,
    /// What the ROR held instead, if it was superseded there: the date and the number.
    pub held: Option<(Timestamp, i64)>,
}

#[derive(FromRow)]
struct RowColumns {
    rank: i64,
    code: Option<String>,
    newest: bool,
    since: i64,
    ror_date: Option<i64>,
    ror_nombre: Option<i64>,
    #[sqlx(flatten)]
    update: UpdateColumns,
}

impl Store {
    /// The counts of a mail, in the order of its documents.
    pub async fn rows_of(&self, id: MailId) -> Result<Vec<StoredRow>> {
        let rows: Vec<RowColumns> = query_as(
            "SELECT d.rank, u.id, u.finess, u.service, u.indicator, u.nature, u.nombre, u.source, u.date_releve, u.etat,
                    u.attempts, COALESCE(m.judged_at, m.received_at) AS since, u.ror_date, u.ror_nombre,
                    (SELECT MIN(f.code) FROM defects f WHERE f.update_id = u.id) AS code,
                    NOT EXISTS (SELECT 1 FROM updates n
                        WHERE n.finess = u.finess AND n.service = u.service AND n.indicator = u.indicator
                        AND n.date_releve >= u.date_releve AND n.etat <> 'non-transmise-test'
                        AND (n.date_releve, n.mail_id, n.id) > (u.date_releve, u.mail_id, u.id)) AS newest
             FROM updates u JOIN documents d ON d.id = u.document_id JOIN mails m ON m.id = u.mail_id
             WHERE u.mail_id = $1 ORDER BY d.rank, u.id",
        )
        .bind(id)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(stored_row).collect()
    }

    /// The mail of a count.
    pub async fn mail_of_row(&self, number: i64) -> Result<Option<MailId>> {
        query_scalar("SELECT mail_id FROM updates WHERE id = $1").bind(number).fetch_optional(self.read()).await
    }

    /// The settled mails in which something was rejected under a code, the newest first. A place holds for documents
    /// that speak of it.
    pub async fn rejected_for(&self, code: Code, finess: Option<Finess>, service: Option<&str>) -> Result<Vec<MailId>> {
        query_scalar(
            "SELECT m.id FROM facets f JOIN mails m ON m.id = f.mail_id
             WHERE f.facet = $1 AND f.rejection = 1 AND m.settled_at IS NOT NULL
               AND (($2 IS NULL AND $3 IS NULL) OR EXISTS (
                    SELECT 1 FROM mentions n
                    WHERE n.mail_id = m.id AND ($2 IS NULL OR n.finess = $2) AND ($3 IS NULL OR n.service = $3)))
             ORDER BY m.id DESC",
        )
        .bind(code.as_str())
        .bind(finess.map(|finess| finess.to_string()))
        .bind(service)
        .fetch_all(self.read())
        .await
    }

    /// Whether a count of this mail would be superseded as soon as it is recorded.
    pub async fn has_newer(&self, mail: MailId, update: &Update) -> Result<bool> {
        has_newer(self.read(), mail, update).await
    }

    /// When a mail was judged again, oldest first.
    pub async fn replays(&self, id: MailId) -> Result<Vec<(Timestamp, i64)>> {
        let rows: Vec<(i64, i64)> = query_as("SELECT at, sent FROM replays WHERE mail_id = $1 ORDER BY id")
            .bind(id)
            .fetch_all(self.read())
            .await?;
        Ok(rows.into_iter().map(|(at, sent)| (instant(at), sent)).collect())
    }
}

fn stored_row(row: &RowColumns) -> Result<StoredRow> {
    Ok(StoredRow {
        number: row.update.id,
        rank: usize::try_from(row.rank).unwrap_or(usize::MAX),
        line: row.update.line()?,
        code: row.code.clone(),
        newest: row.newest,
        since: instant(row.since),
        held: row.ror_date.map(instant).zip(row.ror_nombre),
    })
}
