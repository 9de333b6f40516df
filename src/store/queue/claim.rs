//! Rows on their way to the ROR: claimed, durably, before a request leaves, by one worker at a time for a location.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use tracing::error;

use super::precedence::supersede_if_older;
use super::removals::{Removal, claim_removals};
use super::row::{RowPlace, UpdateColumns};
use crate::engine::locks::Lock;
use crate::engine::{Tx, query, query_as, query_scalar, rows, shares};
use crate::{Result, Store, WorkerLease, millis, parse};
use domain::capacity::{Location, Update};

/// Rows of the queue that are read for each location that is wanted: as many as a location may well have.
const ROWS: u32 = 8;
/// That nothing of the location of `place` is held or under way at the instant `$1`.
const FREE: &str = "
    NOT EXISTS (SELECT 1 FROM holds h WHERE h.finess = place.finess AND h.service = place.service AND h.until > $1)
    AND NOT EXISTS (SELECT 1 FROM updates f
                    WHERE f.finess = place.finess AND f.service = place.service AND f.in_flight_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM removals f WHERE f.finess = place.finess AND f.service = place.service
                    AND f.done_at IS NULL AND f.in_flight_at IS NOT NULL)";
/// How long a row that cannot be read is left alone before it is tried again.
pub const UNREADABLE_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// A row under a claim: what becomes of it is recorded only while the claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowId {
    pub(crate) row: i64,
    pub(crate) claim: i64,
}

impl RowId {
    /// The number of the row, whatever claim it is under.
    pub fn number(self) -> i64 {
        self.row
    }
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
    /// Who claimed it: nobody else sends it.
    pub(crate) worker: i64,
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

/// A location at which something is due.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Due {
    finess: String,
    service: String,
    since: i64,
    first: i64,
    /// Whether these are counts alone.
    counts: bool,
}

impl Due {
    fn place(&self) -> RowPlace {
        (self.finess.clone(), self.service.clone())
    }
}

impl WorkerLease {
    /// Claims what is due, at most `locations` locations, none of them held or in flight. A row that
    /// cannot be read is told and left alone for an hour: it stops neither its location nor others.
    pub async fn claim(&self, locations: u32, now: Timestamp) -> Result<Vec<Batch>> {
        let due = self.store().due_locations(locations, now).await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.store().write().await?;
        let worker = self.on_list(&mut tx).await?;
        // Another worker may have been faster: what it is at is not waited for.
        let locks: Vec<Lock> = due.iter().map(|due| Lock::location(&due.finess, &due.service)).collect();
        let taken = tx.try_locks(&locks).await?;
        let ours = due.into_iter().zip(taken).filter_map(|(due, taken)| taken.then_some(due)).collect();
        let claim = Claim { number: tx.number().await?, worker, at: now };
        let free = still_free(&mut tx, ours, now).await?;
        let mut counts = claim_counts(&mut tx, &free, &claim).await?;
        let mut batches = Vec::new();
        for due in free {
            let counts = counts.remove(&due.place()).unwrap_or_default();
            batches.extend(claim_location(&mut tx, &due, counts, &claim).await?);
        }
        tx.commit().await?;
        Ok(batches)
    }
}

impl Store {
    /// The locations of what is due first, held and busy ones left out. Only the beginning of the queue is read: one
    /// location may fill it, so that there may be more than these.
    async fn due_locations(&self, limit: u32, now: Timestamp) -> Result<Vec<Due>> {
        let statement = format!(
            "WITH counts AS (
                 SELECT finess, service, next_at AS since, id AS first, 1 = 1 AS counts FROM updates place
                 WHERE etat = 'en-attente' AND in_flight_at IS NULL AND next_at <= $1 AND {FREE}
                 ORDER BY next_at, id LIMIT $2),
             others AS (
                 SELECT finess, service, again_at AS since, id AS first, 1 = 0 AS counts FROM updates place
                 WHERE again_at IS NOT NULL AND again_at <= $1 AND in_flight_at IS NULL AND {FREE}
                 UNION ALL
                 SELECT finess, service, next_at, 9223372036854775807, 1 = 0 FROM removals place
                 WHERE done_at IS NULL AND next_at <= $1 AND {FREE})
             SELECT finess, service, since, first, counts FROM counts
             UNION ALL SELECT finess, service, since, first, counts FROM others"
        );
        let mut due: Vec<Due> = query_as(sqlx::AssertSqlSafe(statement))
            .bind(millis(now))
            .bind(limit.saturating_mul(ROWS))
            .fetch_all(self.read())
            .await?;
        due.sort_by_key(|row| (row.since, row.first));
        let mut locations: Vec<Due> = Vec::new();
        for row in due {
            match locations.iter_mut().find(|other| other.finess == row.finess && other.service == row.service) {
                Some(known) => known.counts &= row.counts,
                None => locations.push(row),
            }
        }
        locations.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(locations)
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
pub(crate) struct Claim {
    pub(crate) number: i64,
    pub(crate) worker: i64,
    pub(crate) at: Timestamp,
}

/// Of locations, those of which nothing is in flight or held: under their locks that stays so.
async fn still_free(tx: &mut Tx, due: Vec<Due>, now: Timestamp) -> Result<Vec<Due>> {
    let mut free = Vec::new();
    for due in shares(&due) {
        let places =
            rows(due.len(), 2, 2, |rank, at| format!("({rank}, CAST(${at} AS TEXT), CAST(${} AS TEXT))", at + 1));
        let statement = format!(
            "WITH place (rank, finess, service) AS (VALUES {places})
             SELECT CAST(place.rank AS BIGINT) FROM place WHERE {FREE} ORDER BY place.rank"
        );
        let mut asking = query_scalar(sqlx::AssertSqlSafe(statement)).bind(millis(now));
        for Due { finess, service, .. } in due {
            asking = asking.bind(finess).bind(service);
        }
        let ranks: Vec<i64> = asking.fetch_all(&mut *tx).await?;
        let ranks = ranks.into_iter().filter_map(|rank| usize::try_from(rank).ok());
        free.extend(ranks.filter_map(|rank| due.get(rank).cloned()));
    }
    Ok(free)
}

/// Claims the counts that are due at these locations, each location's in the order of judgement. Where counts alone are
/// due, none is to be sent again.
async fn claim_counts(tx: &mut Tx, due: &[Due], claim: &Claim) -> Result<HashMap<RowPlace, Vec<UpdateColumns>>> {
    let others: Vec<Due> = due.iter().filter(|due| !due.counts).cloned().collect();
    let waiting = "etat = 'en-attente' AND next_at <= $1";
    let again = "again_at IS NOT NULL AND again_at <= $1";
    let mut claimed: HashMap<RowPlace, Vec<UpdateColumns>> = HashMap::new();
    for (due, condition) in [(due, waiting), (&others, again)] {
        for due in shares(due) {
            for row in claim_rows(tx, due, condition, claim).await? {
                claimed.entry(row.place()).or_default().push(row);
            }
        }
    }
    for rows in claimed.values_mut() {
        rows.sort_by_key(|row| row.id);
    }
    Ok(claimed)
}

async fn claim_rows(tx: &mut Tx, at: &[Due], due: &str, claim: &Claim) -> Result<Vec<UpdateColumns>> {
    let here = rows(at.len(), 2, 4, |_, at| format!("(CAST(${at} AS TEXT), CAST(${} AS TEXT))", at + 1));
    let statement = format!(
        "WITH place (at_finess, at_service) AS (VALUES {here})
         UPDATE updates SET in_flight_at = $1, claim = $2, worker = $3 FROM place
         WHERE finess = at_finess AND service = at_service AND in_flight_at IS NULL AND {due}
         RETURNING id, finess, service, indicator, nature, nombre, source, date_releve, etat, attempts"
    );
    let claiming =
        query_as(sqlx::AssertSqlSafe(statement)).bind(millis(claim.at)).bind(claim.number).bind(claim.worker);
    let claiming = claiming.bind_all(at.iter().flat_map(|due| [due.finess.as_str(), due.service.as_str()]));
    claiming.fetch_all(&mut *tx).await
}

/// What was claimed at a location or, if that is nothing, the removals that are due there. `None` if nothing that was
/// due can be read.
async fn claim_location(tx: &mut Tx, due: &Due, counts: Vec<UpdateColumns>, claim: &Claim) -> Result<Option<Batch>> {
    let Due { finess, service, .. } = due;
    let mut rows = Vec::new();
    for columns in counts {
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
    Ok(Some(Batch { location, rows, removals, claim: claim.number, worker: claim.worker }))
}

/// The row waits: a fault of ours is never a verdict.
async fn set_aside(tx: &mut Tx, id: i64, fault: &crate::StoreError, now: Timestamp) -> Result<()> {
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
