//! What was done on each mailbox: who, when, what was asked, what the server answered; never a content
//! (MSSanté, Référentiel #2, ECO.4.1.1 and ECO.4.1.2).

use jiff::Timestamp;
use serde::Serialize;
use sqlx::FromRow;

use crate::engine::{query, query_as};
use crate::{Result, Store, instant, millis};

/// One action on a mailbox, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTrace {
    /// The mailbox.
    pub mailbox: String,
    /// The account that acted.
    pub who: String,
    /// What was done, in one word.
    pub action: &'static str,
    /// What the server was asked.
    pub request: String,
    /// What it answered, or why it did not.
    pub answer: String,
    /// Whether it failed.
    pub failed: bool,
}

/// One action of the record.
#[derive(Debug, Clone, Serialize)]
pub struct Trace {
    /// Its number.
    pub numero: i64,
    /// When it ended.
    pub a: Timestamp,
    /// The mailbox.
    pub boite: String,
    /// The account that acted.
    pub qui: String,
    /// What was done.
    pub action: String,
    /// What the server was asked.
    pub demande: String,
    /// What it answered.
    pub reponse: String,
    /// Whether it failed.
    pub echec: bool,
}

/// Which traces are meant; everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct TraceFilter {
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// The mailbox, exactly.
    pub mailbox: Option<String>,
    /// The action, exactly.
    pub action: Option<String>,
    /// Failures only.
    pub failed: bool,
    /// Only numbers below this one: the next page.
    pub before: Option<i64>,
}

#[derive(FromRow)]
struct TraceColumns {
    id: i64,
    at: i64,
    mailbox: String,
    who: String,
    action: String,
    request: String,
    answer: String,
    failed: bool,
}

impl Store {
    /// Keeps what was done, in this order.
    pub async fn trace(&self, traces: &[NewTrace], now: Timestamp) -> Result<()> {
        if traces.is_empty() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        for trace in traces {
            query(
                "INSERT INTO traces (at, mailbox, who, action, request, answer, failed)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(millis(now))
            .bind(&trace.mailbox)
            .bind(&trace.who)
            .bind(trace.action)
            .bind(&trace.request)
            .bind(&trace.answer)
            .bind(i64::from(trace.failed))
            .execute(&mut tx)
            .await?;
        }
        tx.commit().await
    }

    /// Traces, newest first.
    pub async fn traces(&self, filter: &TraceFilter, limit: u32) -> Result<Vec<Trace>> {
        let rows: Vec<TraceColumns> = query_as(
            "SELECT id, at, mailbox, who, action, request, answer, failed <> 0 AS failed FROM traces
             WHERE ($1 IS NULL OR at >= $1) AND ($2 IS NULL OR at < $2) AND ($3 IS NULL OR mailbox = $3)
               AND ($4 IS NULL OR action = $4) AND ($5 = 0 OR failed <> 0) AND ($6 IS NULL OR id < $6)
             ORDER BY id DESC LIMIT $7",
        )
        .bind(filter.since.map(millis))
        .bind(filter.until.map(millis))
        .bind(&filter.mailbox)
        .bind(&filter.action)
        .bind(i64::from(filter.failed))
        .bind(filter.before)
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        Ok(rows.into_iter().map(trace).collect())
    }

    /// Forgets the traces older than this. Returns how many.
    pub async fn purge_traces(&self, before: Timestamp) -> Result<u64> {
        query("DELETE FROM traces WHERE at < $1").bind(millis(before)).execute(self.write_one()).await
    }
}

fn trace(columns: TraceColumns) -> Trace {
    Trace {
        numero: columns.id,
        a: instant(columns.at),
        boite: columns.mailbox,
        qui: columns.who,
        action: columns.action,
        demande: columns.request,
        reponse: columns.answer,
        echec: columns.failed,
    }
}
