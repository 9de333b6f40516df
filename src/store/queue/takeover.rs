//! Requests whose outcome nobody will record: their worker died, was cut off, or could not write it down.
//!
//! They may still be applied, so their locations are held for a time, and the newest value is then sent again.

use jiff::Timestamp;

use super::holds::hold;
use super::precedence::supersede_if_older;
use crate::engine::locks::Lock;
use crate::engine::{Tx, query, query_as, query_scalar};
use crate::{Result, WorkerLease, millis};

impl WorkerLease {
    /// Takes over what the workers that are no longer on the list had in flight; their locations are held until
    /// `hold_until`. Returns how many requests there were.
    pub async fn take_over(&self, hold_until: Timestamp) -> Result<u64> {
        self.take_back(0, hold_until).await
    }

    /// The same, and what this worker itself has in flight: to be called only while none of its requests is under way,
    /// so that what is left is what it could not record.
    pub async fn recover_in_flight(&self, hold_until: Timestamp) -> Result<u64> {
        self.take_back(self.worker(), hold_until).await
    }

    async fn take_back(&self, own: i64, hold_until: Timestamp) -> Result<u64> {
        let mut taken = 0;
        for (finess, service) in self.left_behind(own).await? {
            let mut tx = self.store().write().await?;
            tx.lock([Lock::location(&finess, &service)]).await?;
            taken += take_location(&mut tx, &finess, &service, own, hold_until).await?;
            tx.commit().await?;
        }
        Ok(taken)
    }

    /// The locations at which something is in flight at nobody's, or at `own`.
    async fn left_behind(&self, own: i64) -> Result<Vec<(String, String)>> {
        query_as(
            "SELECT finess, service FROM updates u WHERE in_flight_at IS NOT NULL
                 AND (worker = $1 OR NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = u.worker))
             UNION
             SELECT finess, service FROM removals r WHERE in_flight_at IS NOT NULL
                 AND (worker = $1 OR NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = r.worker))",
        )
        .bind(own)
        .fetch_all(self.store().read())
        .await
    }
}

async fn take_location(tx: &mut Tx, finess: &str, service: &str, own: i64, hold_until: Timestamp) -> Result<u64> {
    let number = tx.number().await?;
    let ids: Vec<i64> = query_scalar(
        "UPDATE updates SET in_flight_at = NULL, claim = NULL, worker = NULL, in_doubt = 1, doubt = $4, next_at = $5,
             again_at = CASE WHEN again_at IS NOT NULL THEN CAST($5 AS BIGINT) END
         WHERE finess = $1 AND service = $2 AND in_flight_at IS NOT NULL
           AND (worker = $3 OR NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = updates.worker)) RETURNING id",
    )
    .bind(finess)
    .bind(service)
    .bind(own)
    .bind(number)
    .bind(millis(hold_until))
    .fetch_all(&mut *tx)
    .await?;
    let removals = query(
        "UPDATE removals SET in_flight_at = NULL, claim = NULL, worker = NULL
         WHERE finess = $1 AND service = $2 AND in_flight_at IS NOT NULL
           AND (worker = $3 OR NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = removals.worker))",
    )
    .bind(finess)
    .bind(service)
    .bind(own)
    .execute(&mut *tx)
    .await?;
    if ids.is_empty() && removals == 0 {
        return Ok(0);
    }
    hold(tx, finess, service, hold_until).await?;
    for id in &ids {
        supersede_if_older(tx, *id, hold_until).await?;
    }
    Ok(ids.len() as u64 + removals)
}
