//! Waits end at an instant of the clock. When the clock is set, they are counted anew: nothing waits longer for it, and
//! nothing that is held is let go early.
//!
//! Whoever sees its own clock jump says so. What nobody saw (another machine's clock, one set while nothing ran) shows in
//! a wait that ends further ahead than it can have been given.

use jiff::{SignedDuration, Timestamp};
use sqlx::AssertSqlSafe;

use crate::engine::{query, query_scalar};
use crate::{Result, Store, instant, lasting, millis};

/// How far ahead of ours the clock of another worker may be without our touching its waits.
const SLACK_MS: i64 = 10_000;

/// How long waits can be at most, by the configuration.
#[derive(Debug, Clone, Copy)]
pub struct Longest {
    /// Of a count or a removal for its next request.
    pub delivery: SignedDuration,
    /// Of what is held since a request may still be applied.
    pub hold: SignedDuration,
    /// Of a reply or a reminder for its next try.
    pub replies: SignedDuration,
    /// Of an alert for its next try.
    pub alerts: SignedDuration,
    /// Of a mail that could not be taken.
    pub unread: SignedDuration,
}

/// A column in which waits end.
struct Wait {
    table: &'static str,
    column: &'static str,
    /// Which of the rows wait.
    open: &'static str,
    /// Whether it holds back what may still be overtaken: then it is never let go before that is over.
    holds: bool,
    longest: fn(&Longest) -> SignedDuration,
}

/// Each of the store. Those that end on a date that somebody chose are none.
const WAITS: [Wait; 8] = [
    wait("updates", "next_at", "etat = 'en-attente' AND in_flight_at IS NULL", |longest| longest.delivery),
    wait("removals", "next_at", "done_at IS NULL AND in_flight_at IS NULL", |longest| longest.delivery),
    wait("replies", "next_at", "etat = 'a-envoyer'", |longest| longest.replies),
    wait("reminders", "next_at", "etat = 'a-envoyer'", |longest| longest.replies),
    wait("alerts", "next_at", "etat = 'a-envoyer'", |longest| longest.alerts),
    wait("unread", "next_at", "gone_at IS NULL AND aside_at IS NULL", |longest| longest.unread),
    Wait { holds: true, ..wait("updates", "again_at", "again_at IS NOT NULL", |longest| longest.hold) },
    Wait { holds: true, ..wait("holds", "until", "until IS NOT NULL", |longest| longest.hold) },
];

const fn wait(
    table: &'static str,
    column: &'static str,
    open: &'static str,
    longest: fn(&Longest) -> SignedDuration,
) -> Wait {
    Wait { table, column, open, holds: false, longest }
}

impl Wait {
    /// Ends it at `$1` where it ends after `$2`.
    fn shorten(&self) -> AssertSqlSafe<String> {
        let Self { table, column, open, .. } = self;
        AssertSqlSafe(format!("UPDATE {table} SET {column} = $1 WHERE {open} AND {column} > $2"))
    }

    /// Ends it later by `$2`, at `$3` at most, where it ends after `$1`.
    fn prolong(&self) -> AssertSqlSafe<String> {
        let Self { table, column, open, .. } = self;
        let end = format!("CASE WHEN {column} + $2 < $3 THEN {column} + $2 ELSE $3 END");
        AssertSqlSafe(format!("UPDATE {table} SET {column} = {end} WHERE {open} AND {column} > $1"))
    }
}

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
        for wait in &WAITS {
            let end = millis(if wait.holds { settled } else { now });
            query(wait.shorten()).bind(end).bind(end).execute(&mut tx).await?;
        }
        tx.commit().await
    }

    /// Shortens what waits longer than it can have been given: a clock that was set back since, or that of another
    /// worker, said how long. What merely waited is due; what is held is held as long as it can be. Returns how many
    /// waits that were.
    pub async fn shorten_waits(&self, longest: &Longest, now: Timestamp) -> Result<u64> {
        let mut tx = self.write().await?;
        let mut shortened = 0;
        for wait in &WAITS {
            let bound = now.saturating_add((wait.longest)(longest)).map_or(i64::MAX, millis);
            let end = if wait.holds { bound } else { millis(now) };
            let bound = bound.saturating_add(SLACK_MS);
            shortened += query(wait.shorten()).bind(end).bind(bound).execute(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(shortened)
    }

    /// The clock was set forward by so much when it showed `last`: what was held then is held as long as it would have
    /// been, until `settled` at most: requests under way may have held more by the new time before the jump was seen.
    /// What merely waited may be due early.
    pub async fn clock_set_forward(&self, last: Timestamp, by: SignedDuration, settled: Timestamp) -> Result<()> {
        let by = lasting(by);
        let mut tx = self.write().await?;
        for wait in WAITS.iter().filter(|wait| wait.holds) {
            query(wait.prolong()).bind(millis(last)).bind(by).bind(millis(settled)).execute(&mut tx).await?;
        }
        tx.commit().await
    }
}
