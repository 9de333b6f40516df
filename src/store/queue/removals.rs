//! Indicators to delete from the ROR, since their genre code is no longer the configured one.

use jiff::Timestamp;
use tracing::error;

use super::attempts::{Probe, Sent, insert_probes};
use super::claim::{Claim, RowId};
use super::holds::hold;
use crate::engine::locks::Lock;
use crate::engine::{Tx, query, query_as, query_scalar};
use crate::{Result, Store, count, millis, parse};
use domain::capacity::Indicator;

/// An indicator whose genre code is no longer the configured one.
#[derive(Debug)]
pub struct Removal {
    /// The row.
    pub id: RowId,
    /// The indicator.
    pub indicator: Indicator,
    /// The code under which it stands in the ROR.
    pub genre_code: String,
    /// Requests already answered with a transient failure.
    pub attempts: u32,
}

/// What becomes of a removal after its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovalClosing {
    /// The indicator is gone.
    Done,
    /// Nothing was sent, since the claim was about to be lost: it waits as before, no attempt the more.
    Withdrawn,
    /// To be tried again.
    Retry {
        /// When.
        next_at: Timestamp,
        /// Until when nothing is sent to the location, since the request may still be applied.
        hold: Option<Timestamp>,
    },
}

impl Store {
    /// Records a claimed removal's requests and what becomes of it. Until `settled` a request may still be applied: one
    /// whose claim was taken over meanwhile holds its location so long.
    pub async fn close_removal(
        &self,
        id: RowId,
        probes: &[Probe],
        closing: RemovalClosing,
        settled: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        let (finess, service, claim) = claimed(&mut tx, id.row).await?;
        let sent = |probe| Sent { update: None, removal: Some(id.row), probe, at: now };
        insert_probes(&mut tx, &probes.iter().map(sent).collect::<Vec<_>>()).await?;
        if claim != Some(id.claim) {
            hold(&mut tx, &finess, &service, settled).await?;
            return tx.commit().await;
        }
        let (next_at, held) = match closing {
            RemovalClosing::Done | RemovalClosing::Withdrawn => (None, None),
            RemovalClosing::Retry { next_at, hold } => (Some(next_at), hold),
        };
        query(
            "UPDATE removals SET in_flight_at = NULL, claim = NULL, worker = NULL, attempts = attempts + $4,
             next_at = COALESCE($2, next_at), done_at = $3 WHERE id = $1",
        )
        .bind(id.row)
        .bind(next_at.map(millis))
        .bind((closing == RemovalClosing::Done).then_some(millis(now)))
        .bind(i64::from(closing != RemovalClosing::Withdrawn))
        .execute(&mut tx)
        .await?;
        if closing == RemovalClosing::Done {
            crate::twins::removed(&mut tx, id.row).await?;
        }
        if let Some(until) = held {
            hold(&mut tx, &finess, &service, until).await?;
        }
        tx.commit().await
    }
}

/// Locks the location of a removal, and tells it with the claim the removal is under.
async fn claimed(tx: &mut Tx, id: i64) -> Result<(String, String, Option<i64>)> {
    let (finess, service): (String, String) =
        query_as("SELECT finess, service FROM removals WHERE id = $1").bind(id).fetch_one(&mut *tx).await?;
    tx.lock([Lock::location(&finess, &service)]).await?;
    let claim = query_scalar("SELECT claim FROM removals WHERE id = $1").bind(id).fetch_one(&mut *tx).await?;
    Ok((finess, service, claim))
}

/// Claims the removals due at a location. One that cannot be read is told and left open, unclaimed.
pub(crate) async fn claim_removals(tx: &mut Tx, finess: &str, service: &str, claim: &Claim) -> Result<Vec<Removal>> {
    let mut rows: Vec<(i64, String, String, i64)> = query_as(
        "UPDATE removals SET in_flight_at = $3, claim = $4, worker = $5
         WHERE finess = $1 AND service = $2 AND done_at IS NULL AND in_flight_at IS NULL AND next_at <= $3
         RETURNING id, indicator, genre_code, attempts",
    )
    .bind(finess)
    .bind(service)
    .bind(millis(claim.at))
    .bind(claim.number)
    .bind(claim.worker)
    .fetch_all(&mut *tx)
    .await?;
    rows.sort_by_key(|row| row.0);
    let mut removals = Vec::new();
    for (row, indicator, genre_code, attempts) in rows {
        let id = RowId { row, claim: claim.number };
        match parse(&indicator) {
            Ok(indicator) => removals.push(Removal { id, indicator, genre_code, attempts: count(attempts) }),
            Err(fault) => give_up(tx, row, &fault, claim.at).await?,
        }
    }
    Ok(removals)
}

/// A removal that cannot be read can never be sent.
async fn give_up(tx: &mut Tx, id: i64, fault: &crate::StoreError, now: Timestamp) -> Result<()> {
    error!("suppression {id} illisible, abandonnée : {fault}");
    query("UPDATE removals SET in_flight_at = NULL, claim = NULL, worker = NULL, done_at = $2 WHERE id = $1")
        .bind(id)
        .bind(millis(now))
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// Before a row is closed as acknowledged under `code`: asks for the deletion of its key under every
/// other code it was acknowledged with, itself in an earlier sending included; under the code just
/// acknowledged there is no longer anything to delete.
pub(crate) async fn request_removals(tx: &mut Tx, row: i64, code: &str, now: Timestamp) -> Result<()> {
    query(
        "UPDATE removals SET done_at = $3 FROM updates u
         WHERE u.id = $1 AND removals.finess = u.finess AND removals.service = u.service
           AND removals.indicator = u.indicator AND removals.genre_code = $2 AND removals.done_at IS NULL",
    )
    .bind(row)
    .bind(code)
    .bind(millis(now))
    .execute(&mut *tx)
    .await?;
    query(
        "INSERT INTO removals (finess, service, indicator, genre_code, next_at)
         SELECT DISTINCT old.finess, old.service, old.indicator, old.genre_code, $3
         FROM updates old JOIN updates new ON new.id = $1
          AND old.finess = new.finess AND old.service = new.service AND old.indicator = new.indicator
         WHERE old.etat = 'transmise' AND old.genre_code IS NOT NULL AND old.genre_code <> $2
           AND NOT EXISTS (SELECT 1 FROM removals r WHERE r.finess = old.finess AND r.service = old.service
                           AND r.indicator = old.indicator AND r.genre_code = old.genre_code
                           AND r.done_at > old.closed_at)
         ON CONFLICT DO NOTHING",
    )
    .bind(row)
    .bind(code)
    .bind(millis(now))
    .execute(&mut *tx)
    .await?;
    Ok(())
}
