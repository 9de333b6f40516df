//! The requests sent for a row or a removal: what the operators' journal keeps of them.

use jiff::Timestamp;

use super::engine::{Tx, query};
use super::{Result, millis};

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

pub(super) async fn insert_probes(
    tx: &mut Tx,
    update: Option<i64>,
    removal: Option<i64>,
    probes: &[Probe],
    now: Timestamp,
) -> Result<()> {
    for probe in probes {
        query(
            "INSERT INTO attempts (update_id, removal_id, at, operation, status, duration_ms, failure, answer)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(update)
        .bind(removal)
        .bind(millis(now))
        .bind(&probe.operation)
        .bind(probe.status)
        .bind(i64::try_from(probe.duration_ms).unwrap_or(i64::MAX))
        .bind(&probe.failure)
        .bind(&probe.answer)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}
