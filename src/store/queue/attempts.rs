//! The requests sent for a row or a removal: what the operators' journal keeps of them.

use jiff::Timestamp;

use crate::engine::{Tx, query, rows, shares};
use crate::{Result, millis};

/// One request, as the journal keeps it.
#[derive(Debug, Clone)]
pub struct Probe {
    /// `replace`, `add`, `delete`, `jeton`.
    pub operation: String,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What failed, in French.
    pub failure: Option<String>,
    /// The beginning of the answer.
    pub answer: String,
}

/// A request with what it was sent for, an update or a removal, and when its answer came.
pub(crate) struct Sent<'a> {
    pub(crate) update: Option<i64>,
    pub(crate) removal: Option<i64>,
    pub(crate) probe: &'a Probe,
    pub(crate) at: Timestamp,
}

pub(crate) async fn insert_probes(tx: &mut Tx, requests: &[Sent<'_>]) -> Result<()> {
    for requests in shares(requests) {
        let values = rows(requests.len(), 8, 1, |_, at| {
            let own: Vec<String> = (at..at + 8).map(|placeholder| format!("${placeholder}")).collect();
            format!("({})", own.join(", "))
        });
        let statement = format!(
            "INSERT INTO attempts (update_id, removal_id, at, operation, status, duration_ms, failure, answer)
             VALUES {values}"
        );
        let mut inserting = query(sqlx::AssertSqlSafe(statement));
        for Sent { update, removal, probe, at } in requests {
            inserting = inserting
                .bind(*update)
                .bind(*removal)
                .bind(millis(*at))
                .bind(&probe.operation)
                .bind(probe.status)
                .bind(i64::try_from(probe.duration_ms).unwrap_or(i64::MAX))
                .bind(&probe.failure)
                .bind(&probe.answer);
        }
        inserting.execute(&mut *tx).await?;
    }
    Ok(())
}
