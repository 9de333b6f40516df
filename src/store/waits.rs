//! Waits end at an instant of the clock. When the clock is set, they are counted anew: nothing waits longer for it, and
//! nothing that is held is let go early.

use jiff::{SignedDuration, Timestamp};

use super::engine::{query, query_scalar};
use super::{Result, Store, instant, millis};

impl Store {
    /// The latest instant that anything was recorded at.
    pub async fn latest(&self) -> Result<Option<Timestamp>> {
        let latest: Option<i64> = query_scalar(
            "SELECT MAX(at) FROM (SELECT * FROM (SELECT at FROM attempts ORDER BY id DESC LIMIT 1) AS a
                 UNION ALL SELECT * FROM (SELECT received_at FROM mails ORDER BY id DESC LIMIT 1) AS m
                 UNION ALL SELECT * FROM (SELECT created_at FROM replies ORDER BY id DESC LIMIT 1) AS r) AS recorded",
        )
        .fetch_one(self.read())
        .await?;
        Ok(latest.map(instant))
    }

    /// The clock was set back to `now`. What waited for a later instant is due; what is held since a request may still be
    /// applied is held until `settled`, which no such request can outlast.
    pub async fn clock_set_back(&self, now: Timestamp, settled: Timestamp) -> Result<()> {
        let mut tx = self.write().await?;
        for statement in [
            "UPDATE updates SET next_at = $1 WHERE etat = 'en-attente' AND in_flight_at IS NULL AND next_at > $1",
            "UPDATE removals SET next_at = $1 WHERE done_at IS NULL AND in_flight_at IS NULL AND next_at > $1",
            "UPDATE replies SET next_at = $1 WHERE etat = 'a-envoyer' AND next_at > $1",
        ] {
            query(statement).bind(millis(now)).execute(&mut tx).await?;
        }
        for statement in [
            "UPDATE updates SET again_at = $1 WHERE again_at IS NOT NULL AND again_at > $1",
            "UPDATE holds SET until = $1 WHERE until > $1",
        ] {
            query(statement).bind(millis(settled)).execute(&mut tx).await?;
        }
        tx.commit().await
    }

    /// The clock was set forward by so much when it showed `last`: what was held then is held as long as it would have
    /// been, until `settled` at most: requests under way may have held more by the new time before the jump was seen.
    /// What merely waited may be due early.
    pub async fn clock_set_forward(&self, last: Timestamp, by: SignedDuration, settled: Timestamp) -> Result<()> {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let mut tx = self.write().await?;
        for statement in [
            "UPDATE updates SET again_at = CASE WHEN again_at + $2 < $3 THEN again_at + $2 ELSE $3 END
             WHERE again_at IS NOT NULL AND again_at > $1",
            "UPDATE holds SET until = CASE WHEN until + $2 < $3 THEN until + $2 ELSE $3 END WHERE until > $1",
        ] {
            query(statement).bind(millis(last)).bind(by).bind(millis(settled)).execute(&mut tx).await?;
        }
        tx.commit().await
    }
}
