//! Locations to which nothing is sent for a while, since an earlier request may still be applied.

use jiff::Timestamp;

use crate::engine::{Tx, query};
use crate::{Result, millis};

/// Nothing is sent to the location before `until`; a longer hold stays.
pub(crate) async fn hold(tx: &mut Tx, finess: &str, service: &str, until: Timestamp) -> Result<()> {
    query(
        "INSERT INTO holds (finess, service, until) VALUES ($1, $2, $3)
         ON CONFLICT (finess, service) DO UPDATE SET until =
             CASE WHEN holds.until > excluded.until THEN holds.until ELSE excluded.until END",
    )
    .bind(finess)
    .bind(service)
    .bind(millis(until))
    .execute(&mut *tx)
    .await?;
    Ok(())
}
