//! What PostgreSQL needs said and SQLite has anyway: named locks, the database's own clock, numbers that only grow.

use sha2::{Digest, Sha256};

use super::{Tx, query, query_scalar};
use crate::capacity::Location;
use crate::store::Result;

/// What a transaction looks at and nobody else may change meanwhile. A class and a number: some names share a number,
/// so that no transaction needs more locks than the server has; that only makes them wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Lock {
    class: i32,
    number: i32,
}

/// The classes are this program's own: "dispolits" must have its database to itself.
const ONCE: i32 = 1;
const LOCATION: i32 = 4;

impl Lock {
    /// The rows and removals of a location.
    pub(in crate::store) fn location(location: &Location) -> Self {
        Self::location_named(location.finess().as_str(), location.service().as_str())
    }

    /// The same, as its columns name it.
    pub(in crate::store) fn location_named(finess: &str, service: &str) -> Self {
        Self::named(LOCATION, &[finess, service])
    }

    /// What is done by one process at a time.
    pub(in crate::store) fn once(what: &str) -> Self {
        Self::named(ONCE, &[what])
    }

    fn named(class: i32, name: &[&str]) -> Self {
        let digest = Sha256::digest(name.join("\u{1f}"));
        let bytes = digest.first_chunk::<2>().copied().unwrap_or_default();
        Self { class, number: i32::from(u16::from_be_bytes(bytes) & 0x3ff) }
    }
}

impl Tx {
    /// Takes locks until the end of the transaction, in the one order that cannot deadlock.
    pub(in crate::store) async fn lock(&mut self, locks: impl IntoIterator<Item = Lock>) -> Result<()> {
        if let Self::Sqlite(_) = self {
            return Ok(());
        }
        let mut locks: Vec<Lock> = locks.into_iter().collect();
        locks.sort_unstable();
        locks.dedup();
        for Lock { class, number } in locks {
            query("SELECT FROM pg_advisory_xact_lock(CAST($1 AS INTEGER), CAST($2 AS INTEGER))")
                .bind(class)
                .bind(number)
                .execute(&mut *self)
                .await?;
        }
        Ok(())
    }

    /// Takes a lock if nobody has it.
    pub(in crate::store) async fn try_lock(&mut self, Lock { class, number }: Lock) -> Result<bool> {
        if let Self::Sqlite(_) = self {
            return Ok(true);
        }
        query_scalar("SELECT pg_try_advisory_xact_lock(CAST($1 AS INTEGER), CAST($2 AS INTEGER))")
            .bind(class)
            .bind(number)
            .fetch_one(&mut *self)
            .await
    }
}
