//! For which services counts were accepted, and when: read on from where it was read before. What was refused, or only
//! named by somebody else, is no news of a ward.

use jiff::Timestamp;

use crate::engine::{query_as, query_scalar};
use crate::{Result, Store, instant, millis};
use domain::capacity::ServiceCode;
use domain::finess::Finess;

/// Documents read again at each turn: on a server a number may be given before, and seen after, a greater one.
const AGAIN: i64 = 200;

/// Counts came for a service, and so for its establishment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// When the mail was received.
    pub at: Timestamp,
    /// The establishment.
    pub finess: Finess,
    /// The service.
    pub service: ServiceCode,
}

/// One page of arrivals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// What came, some of it perhaps read before.
    pub arrivals: Vec<Arrival>,
    /// The document to read on from.
    pub next: i64,
    /// Whether there is more.
    pub more: bool,
}

type AcceptedColumns = (i64, Option<i64>, Option<String>, Option<String>);

impl Store {
    /// The document before the first one that came since then.
    pub async fn document_before(&self, since: Timestamp) -> Result<i64> {
        let first: Option<i64> =
            query_scalar("SELECT mail_id FROM journal WHERE received_at >= $1 ORDER BY received_at, mail_id LIMIT 1")
                .bind(millis(since))
                .fetch_optional(self.read())
                .await?;
        let document: Option<i64> =
            query_scalar("SELECT id FROM documents WHERE mail_id >= $1 ORDER BY mail_id, rank LIMIT 1")
                .bind(first.unwrap_or(i64::MAX))
                .fetch_optional(self.read())
                .await?;
        match document {
            Some(document) => Ok(document - 1),
            None => query_scalar("SELECT COALESCE(MAX(id), 0) FROM documents").fetch_one(self.read()).await,
        }
    }

    /// What was accepted in the `limit` documents after this one, those of trials left out.
    pub async fn arrivals(&self, after: i64, limit: u32) -> Result<Arrivals> {
        let rows: Vec<AcceptedColumns> = query_as(
            "SELECT page.id, n.received_at, n.finess, n.service
             FROM (SELECT id, mail_id, test FROM documents WHERE id > $1 ORDER BY id LIMIT $2) AS page
             LEFT JOIN mentions n ON n.mail_id = page.mail_id AND page.test = 0
                  AND EXISTS (SELECT 1 FROM updates u
                              WHERE u.document_id = page.id AND u.finess = n.finess AND u.service = n.service)
             ORDER BY page.id",
        )
        .bind(after.saturating_sub(AGAIN).max(0))
        .bind(limit.saturating_add(u32::try_from(AGAIN).unwrap_or(0)))
        .fetch_all(self.read())
        .await?;
        let next = rows.last().map_or(after, |row| row.0.max(after));
        let arrivals = rows.into_iter().filter_map(arrival).collect();
        Ok(Arrivals { arrivals, next, more: next > after && self.has_documents_after(next).await? })
    }

    async fn has_documents_after(&self, document: i64) -> Result<bool> {
        query_scalar("SELECT EXISTS (SELECT 1 FROM documents WHERE id > $1)")
            .bind(document)
            .fetch_one(self.read())
            .await
    }
}

fn arrival((_, at, finess, service): AcceptedColumns) -> Option<Arrival> {
    Some(Arrival { at: instant(at?), finess: finess?.parse().ok()?, service: service?.parse().ok()? })
}
