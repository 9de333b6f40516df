//! Rows on their way to the ROR: claimed, durably, before a request leaves, by one worker at a time for a location.

use jiff::{SignedDuration, Timestamp};
use tracing::error;

use super::engine::{Tx, locks::Lock, query, query_as, query_scalar};
use super::precedence::supersede_if_older;
use super::removals::{Removal, claim_removals};
use super::rows::UpdateColumns;
use super::{Result, Shift, Store, millis, parse};
use crate::capacity::{Location, Update};

/// How long a row that cannot be read is left alone before it is tried again.
const UNREADABLE_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// A row under a claim: what becomes of it is recorded only while the claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowId {
    pub(super) row: i64,
    pub(super) claim: i64,
}

/// What is due at one location: counts, or removals once no count is. Requests for it are sent one
/// by one; until all of it is closed or released nothing else of the location is claimed.
#[derive(Debug)]
pub struct Batch {
    /// Where.
    pub location: Location,
    /// Counts to push, at most one of each indicator key, in the order of judgement.
    pub rows: Vec<RowToSend>,
    /// Indicators to delete; empty if there are rows.
    pub removals: Vec<Removal>,
    claim: i64,
}

/// A claimed row.
#[derive(Debug)]
pub struct RowToSend {
    /// The row.
    pub id: RowId,
    /// What to push.
    pub update: Update,
    /// Requests already answered with a transient failure.
    pub attempts: u32,
}

impl Shift {
    /// Claims what is due, at most `locations` locations, none of them held or in flight. A row that
    /// cannot be read is told and left alone for an hour: it stops neither its location nor others.
    pub async fn claim(&self, locations: u32, now: Timestamp) -> Result<Vec<Batch>> {
        let due = self.store().due_locations(locations, now).await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.store().write().await?;
        let worker = self.on_list(&mut tx).await?;
        let mut batches = Vec::new();
        for (finess, service) in due {
            // Another worker may have been faster: what it is at is not waited for.
            if tx.try_lock(Lock::location(&finess, &service)).await? && is_free(&mut tx, &finess, &service, now).await?
            {
                let claim = Claim { number: tx.number().await?, worker, at: now };
                batches.extend(claim_location(&mut tx, &finess, &service, &claim).await?);
            }
        }
        tx.commit().await?;
        Ok(batches)
    }
}

impl Store {
    async fn due_locations(&self, limit: u32, now: Timestamp) -> Result<Vec<(String, String)>> {
        query_as(
            "WITH due AS (
                 SELECT finess, service, next_at AS due, id AS first FROM updates
                 WHERE etat = 'en-attente' AND in_flight_at IS NULL AND next_at <= $1
                 UNION ALL
                 SELECT finess, service, again_at, id FROM updates
                 WHERE again_at IS NOT NULL AND again_at <= $1 AND in_flight_at IS NULL
                 UNION ALL
                 SELECT finess, service, next_at, 9223372036854775807 FROM removals WHERE done_at IS NULL AND next_at <= $1)
             SELECT finess, service FROM due
             WHERE NOT EXISTS (SELECT 1 FROM holds h
                               WHERE h.finess = due.finess AND h.service = due.service AND h.until > $1)
               AND NOT EXISTS (SELECT 1 FROM updates f WHERE f.finess = due.finess AND f.service = due.service
                               AND f.in_flight_at IS NOT NULL)
               AND NOT EXISTS (SELECT 1 FROM removals f WHERE f.finess = due.finess AND f.service = due.service
                               AND f.done_at IS NULL AND f.in_flight_at IS NOT NULL)
             GROUP BY finess, service ORDER BY MIN(due.due), MIN(first) LIMIT $2",
        )
        .bind(millis(now))
        .bind(limit)
        .fetch_all(self.read())
        .await
    }

    /// Gives back unsent what is still claimed of a batch.
    pub async fn release(&self, batch: &Batch, next_at: Timestamp, now: Timestamp) -> Result<()> {
        let (finess, service) = (batch.location.finess(), batch.location.service().as_str());
        let finess = finess.as_str();
        let mut tx = self.write().await?;
        tx.lock([Lock::location(finess, service)]).await?;
        let ids: Vec<i64> = query_scalar(
            "UPDATE updates SET in_flight_at = NULL, claim = NULL, worker = NULL, next_at = $4,
             again_at = CASE WHEN again_at IS NOT NULL THEN CAST($4 AS BIGINT) END
             WHERE finess = $1 AND service = $2 AND in_flight_at IS NOT NULL AND claim = $3 RETURNING id",
        )
        .bind(finess)
        .bind(service)
        .bind(batch.claim)
        .bind(millis(next_at))
        .fetch_all(&mut tx)
        .await?;
        for id in ids {
            supersede_if_older(&mut tx, id, now).await?;
        }
        query(
            "UPDATE removals SET in_flight_at = NULL, claim = NULL, worker = NULL, next_at = $4
             WHERE finess = $1 AND service = $2 AND done_at IS NULL AND in_flight_at IS NOT NULL AND claim = $3",
        )
        .bind(finess)
        .bind(service)
        .bind(batch.claim)
        .bind(millis(next_at))
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }
}

/// What a claimed row bears.
pub(super) struct Claim {
    pub(super) number: i64,
    pub(super) worker: i64,
    pub(super) at: Timestamp,
}

/// Whether nothing of the location is in flight, and it is not held: under its lock that stays so.
async fn is_free(tx: &mut Tx, finess: &str, service: &str, now: Timestamp) -> Result<bool> {
    query_scalar(
        "SELECT NOT EXISTS (SELECT 1 FROM holds WHERE finess = $1 AND service = $2 AND until > $3)
            AND NOT EXISTS (SELECT 1 FROM updates WHERE finess = $1 AND service = $2 AND in_flight_at IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM removals WHERE finess = $1 AND service = $2 AND in_flight_at IS NOT NULL)",
    )
    .bind(finess)
    .bind(service)
    .bind(millis(now))
    .fetch_one(&mut *tx)
    .await
}

/// Claims the counts that are due at a location or, if there are none, the removals. `None` if
/// nothing that was due can be read.
async fn claim_location(tx: &mut Tx, finess: &str, service: &str, claim: &Claim) -> Result<Option<Batch>> {
    let mut rows = Vec::new();
    for columns in claim_rows(tx, finess, service, claim).await? {
        match columns.update() {
            Ok(update) => {
                let id = RowId { row: columns.id, claim: claim.number };
                rows.push(RowToSend { id, update, attempts: columns.attempts });
            }
            Err(fault) => set_aside(tx, columns.id, &fault, claim.at).await?,
        }
    }
    let removals = if rows.is_empty() { claim_removals(tx, finess, service, claim).await? } else { Vec::new() };
    if rows.is_empty() && removals.is_empty() {
        return Ok(None);
    }
    let location = Location::new(parse(finess)?, parse(service)?);
    Ok(Some(Batch { location, rows, removals, claim: claim.number }))
}

async fn claim_rows(tx: &mut Tx, finess: &str, service: &str, claim: &Claim) -> Result<Vec<UpdateColumns>> {
    let waiting = "etat = 'en-attente' AND next_at <= $3";
    let again = "again_at IS NOT NULL AND again_at <= $3";
    let mut columns: Vec<UpdateColumns> = Vec::new();
    for due in [waiting, again] {
        let statement = format!(
            "UPDATE updates SET in_flight_at = $3, claim = $4, worker = $5
             WHERE finess = $1 AND service = $2 AND in_flight_at IS NULL AND {due}
             RETURNING id, finess, service, indicator, nature, nombre, source, date_releve, etat, attempts"
        );
        let claimed = query_as(sqlx::AssertSqlSafe(statement))
            .bind(finess)
            .bind(service)
            .bind(millis(claim.at))
            .bind(claim.number)
            .bind(claim.worker)
            .fetch_all(&mut *tx)
            .await?;
        columns.extend(claimed);
    }
    columns.sort_by_key(|row| row.id);
    Ok(columns)
}

/// The row waits: a fault of ours is never a verdict.
async fn set_aside(tx: &mut Tx, id: i64, fault: &super::StoreError, now: Timestamp) -> Result<()> {
    error!("ligne {id} illisible, mise de côté pour une heure : {fault}");
    let later = now.saturating_add(UNREADABLE_PAUSE).unwrap_or(now);
    query(
        "UPDATE updates SET in_flight_at = NULL, claim = NULL, worker = NULL, next_at = $2, again_at = NULL
         WHERE id = $1",
    )
    .bind(id)
    .bind(millis(later))
    .execute(&mut *tx)
    .await?;
    Ok(())
}
