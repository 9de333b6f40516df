//! Whether a pooler in between gives the session of one to another between two statements (PgBouncer in its modes
//! `transaction` and `statement`).
//!
//! What is built on sessions then breaks without a word: limits set in one are found in another, statements that are
//! prepared vanish, an advisory lock stays with whoever comes next. So a session is told by the process that serves it
//! (`pg_backend_pid`): it never changes, and no two open sessions have the same.

use std::collections::BTreeSet;

use sqlx::postgres::PgConnection;
use sqlx::{Executor, Result, Row};

/// In which order the two are asked: a pooler that hands its sessions out in turn must not give each its own by chance.
const TURNS: [usize; 7] = [0, 1, 0, 0, 1, 1, 0];

/// Whether two sessions that are open beside each other are served by the same process, or one of them by several. The
/// simple protocol alone is used.
pub(super) async fn are_shared(first: &mut PgConnection, second: &mut PgConnection) -> Result<bool> {
    let mut seen = Seen::default();
    for turn in TURNS {
        let session = if turn == 0 { &mut *first } else { &mut *second };
        seen.note(turn, backend(session).await?);
    }
    // While one is kept by a transaction, the other is served by whatever else there is.
    if !seen.is_shared() {
        first.execute("BEGIN").await?;
        seen.note(0, backend(first).await?);
        seen.note(1, backend(second).await?);
        first.execute("COMMIT").await?;
        seen.note(0, backend(first).await?);
    }
    Ok(seen.is_shared())
}

/// The processes that served each of the two.
#[derive(Default)]
struct Seen([BTreeSet<i32>; 2]);

impl Seen {
    fn note(&mut self, turn: usize, process: i32) {
        if let Some(processes) = self.0.get_mut(turn) {
            processes.insert(process);
        }
    }

    fn is_shared(&self) -> bool {
        let [first, second] = &self.0;
        first.len() > 1 || second.len() > 1 || !first.is_disjoint(second)
    }
}

async fn backend(session: &mut PgConnection) -> Result<i32> {
    sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(session).await?.try_get(0)
}
