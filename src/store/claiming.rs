//! Rows on their way to the ROR: claimed, durably, before a request leaves.

use jiff::{SignedDuration, Timestamp};
use tracing::error;

use super::engine::{Tx, query, query_as, query_scalar};
use super::precedence::supersede_if_older;
use super::removals::{Removal, claim_removals};
use super::rows::UpdateColumns;
use super::{Result, Store, millis, parse};
use crate::capacity::{Location, Update};

/// How long a row that cannot be read is left alone before it is tried again.
const UNREADABLE_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// A row of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowId(pub(super) i64);

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

impl Store {
    /// Takes back requests that were cut short: by a crash, or by a fault of ours while the answer
    /// was recorded. They may still be applied, so their locations are held until `hold_until`, and
    /// the newest value is then sent again. Returns how many there were. To be called only while
    /// no request is under way.
    pub async fn recover_in_flight(&self, hold_until: Timestamp) -> Result<u64> {
        if !self.has_in_flight().await? {
            return Ok(0);
        }
        let mut tx = self.write().await?;
        query(
            "INSERT INTO holds (finess, service, until)
             SELECT finess, service, CAST($1 AS BIGINT) FROM updates WHERE in_flight_at IS NOT NULL
             UNION SELECT finess, service, CAST($1 AS BIGINT) FROM removals WHERE done_at IS NULL AND in_flight_at IS NOT NULL
             ON CONFLICT (finess, service) DO UPDATE SET until =
                 CASE WHEN holds.until > excluded.until THEN holds.until ELSE excluded.until END",
        )
        .bind(millis(hold_until))
        .execute(&mut tx)
        .await?;
        let ids: Vec<i64> = query_scalar(
            "UPDATE updates SET in_flight_at = NULL, in_doubt = 1, next_at = $1,
             again_at = CASE WHEN again_at IS NOT NULL THEN CAST($1 AS BIGINT) END WHERE in_flight_at IS NOT NULL RETURNING id",
        )
        .bind(millis(hold_until))
        .fetch_all(&mut tx)
        .await?;
        for id in &ids {
            supersede_if_older(&mut tx, *id, hold_until).await?;
        }
        let removals =
            query("UPDATE removals SET in_flight_at = NULL WHERE done_at IS NULL AND in_flight_at IS NOT NULL")
                .execute(&mut tx)
                .await?;
        tx.commit().await?;
        Ok(ids.len() as u64 + removals)
    }

    async fn has_in_flight(&self) -> Result<bool> {
        Ok(query_scalar(
            "SELECT EXISTS (SELECT 1 FROM updates WHERE in_flight_at IS NOT NULL)
                 OR EXISTS (SELECT 1 FROM removals WHERE done_at IS NULL AND in_flight_at IS NOT NULL)",
        )
        .fetch_one(self.read())
        .await?)
    }

    /// Claims what is due, at most `locations` locations, none of them held or in flight. A row that
    /// cannot be read is told and left alone for an hour: it stops neither its location nor others.
    pub async fn claim(&self, locations: u32, now: Timestamp) -> Result<Vec<Batch>> {
        let due = self.due_locations(locations, now).await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.write().await?;
        let mut batches = Vec::new();
        for (finess, service) in due {
            batches.extend(claim_location(&mut tx, &finess, &service, now).await?);
        }
        tx.commit().await?;
        Ok(batches)
    }

    async fn due_locations(&self, limit: u32, now: Timestamp) -> Result<Vec<(String, String)>> {
        Ok(query_as(
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
        .await?)
    }

    /// Gives back unsent what is still claimed at a location.
    pub async fn release(&self, location: &Location, next_at: Timestamp, now: Timestamp) -> Result<()> {
        let (finess, service) = (location.finess(), location.service().as_str());
        let mut tx = self.write().await?;
        let ids: Vec<i64> = query_scalar(
            "UPDATE updates SET in_flight_at = NULL, next_at = $3,
             again_at = CASE WHEN again_at IS NOT NULL THEN CAST($3 AS BIGINT) END
             WHERE finess = $1 AND service = $2 AND in_flight_at IS NOT NULL RETURNING id",
        )
        .bind(finess.as_str())
        .bind(service)
        .bind(millis(next_at))
        .fetch_all(&mut tx)
        .await?;
        for id in ids {
            supersede_if_older(&mut tx, id, now).await?;
        }
        query(
            "UPDATE removals SET in_flight_at = NULL, next_at = $3
             WHERE finess = $1 AND service = $2 AND done_at IS NULL AND in_flight_at IS NOT NULL",
        )
        .bind(finess.as_str())
        .bind(service)
        .bind(millis(next_at))
        .execute(&mut tx)
        .await?;
        Ok(tx.commit().await?)
    }
}

/// Claims the counts that are due at a location or, if there are none, the removals. `None` if
/// nothing that was due can be read.
async fn claim_location(tx: &mut Tx, finess: &str, service: &str, now: Timestamp) -> Result<Option<Batch>> {
    let mut rows = Vec::new();
    for columns in claim_rows(tx, finess, service, now).await? {
        match columns.update() {
            Ok(update) => rows.push(RowToSend { id: RowId(columns.id), update, attempts: columns.attempts }),
            Err(fault) => set_aside(tx, columns.id, &fault, now).await?,
        }
    }
    let removals = if rows.is_empty() { claim_removals(tx, finess, service, now).await? } else { Vec::new() };
    if rows.is_empty() && removals.is_empty() {
        return Ok(None);
    }
    Ok(Some(Batch { location: Location::new(parse(finess)?, parse(service)?), rows, removals }))
}

async fn claim_rows(tx: &mut Tx, finess: &str, service: &str, now: Timestamp) -> Result<Vec<UpdateColumns>> {
    let waiting = "etat = 'en-attente' AND next_at <= $3";
    let again = "again_at IS NOT NULL AND again_at <= $3";
    let mut columns: Vec<UpdateColumns> = Vec::new();
    for due in [waiting, again] {
        let statement = format!(
            "UPDATE updates SET in_flight_at = $3
             WHERE finess = $1 AND service = $2 AND in_flight_at IS NULL AND {due}
             RETURNING id, finess, service, indicator, nature, nombre, source, date_releve, etat, attempts"
        );
        let claimed = query_as(sqlx::AssertSqlSafe(statement))
            .bind(finess)
            .bind(service)
            .bind(millis(now))
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
    query("UPDATE updates SET in_flight_at = NULL, next_at = $2, again_at = NULL WHERE id = $1")
        .bind(id)
        .bind(millis(later))
        .execute(&mut *tx)
        .await?;
    Ok(())
}
