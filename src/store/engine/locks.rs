//! What PostgreSQL needs said and SQLite has anyway: named locks, the database's own clock, numbers that only grow.

use sha2::{Digest, Sha256};

use super::{Tx, query, query_scalar, rows, shares};
use crate::Result;
use domain::capacity::Location;

/// What a transaction looks at and nobody else may change meanwhile. A class and a number: some names share a number,
/// so that no transaction needs more locks than the server has; that only makes them wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lock {
    class: Class,
    number: i32,
}

/// In the order in which their locks are taken. The classes are this program's own: it has its database to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Once = 1,
    Worker = 2,
    Duty = 3,
    Document = 4,
    Location = 5,
    Audit = 6,
}

impl Lock {
    /// What is done by one process at a time.
    pub(crate) fn once(what: &str) -> Self {
        Self::named(Class::Once, &[what])
    }

    /// That a worker is on the list.
    pub(crate) fn worker(id: i64) -> Self {
        Self::named(Class::Worker, &[&id.to_string()])
    }

    /// Who has a duty.
    pub(crate) fn duty(name: &str) -> Self {
        Self::named(Class::Duty, &[name])
    }

    /// What is known under an identifiant of a sender.
    pub(crate) fn document(sender: &str, identifiant: &str) -> Self {
        Self::named(Class::Document, &[sender, identifiant])
    }

    /// The rows and removals of a location.
    pub(crate) fn location(finess: &str, service: &str) -> Self {
        Self::named(Class::Location, &[finess, service])
    }

    /// The same.
    pub(crate) fn of(location: &Location) -> Self {
        Self::location(location.finess().as_str(), location.service().as_str())
    }

    /// The end of the audit log: the last lock of a transaction.
    pub(crate) fn audit() -> Self {
        Self::named(Class::Audit, &[])
    }

    fn named(class: Class, name: &[&str]) -> Self {
        let digest = Sha256::digest(name.join("\u{1f}"));
        let bytes = digest.first_chunk::<2>().copied().unwrap_or_default();
        Self { class, number: i32::from(u16::from_be_bytes(bytes) & 0x3ff) }
    }
}

impl Tx {
    /// Takes locks until the end of the transaction, in the one order that cannot deadlock.
    pub(crate) async fn lock(&mut self, locks: impl IntoIterator<Item = Lock>) -> Result<()> {
        if let Self::Sqlite(_) = self {
            return Ok(());
        }
        let mut locks: Vec<Lock> = locks.into_iter().collect();
        locks.sort_unstable();
        locks.dedup();
        for some in shares(&locks) {
            let statement = format!("{} SELECT pg_advisory_xact_lock(class, number) FROM wanted", wanted(some));
            query(sqlx::AssertSqlSafe(statement)).bind_all(columns(some)).execute(&mut *self).await?;
        }
        Ok(())
    }

    /// Takes a lock if nobody has it.
    pub(crate) async fn try_lock(&mut self, lock: Lock) -> Result<bool> {
        Ok(self.try_locks(&[lock]).await?.into_iter().all(|taken| taken))
    }

    /// Takes those of these locks that nobody has: whether each was taken.
    pub(crate) async fn try_locks(&mut self, locks: &[Lock]) -> Result<Vec<bool>> {
        if let Self::Sqlite(_) = self {
            return Ok(vec![true; locks.len()]);
        }
        let mut taken = Vec::new();
        for some in shares(locks) {
            let statement =
                format!("{} SELECT pg_try_advisory_xact_lock(class, number) FROM wanted ORDER BY rank", wanted(some));
            let tried: Vec<bool> =
                query_scalar(sqlx::AssertSqlSafe(statement)).bind_all(columns(some)).fetch_all(&mut *self).await?;
            taken.extend(tried);
        }
        Ok(taken)
    }

    /// The database's own time, in milliseconds since 1970: the one clock that all workers share.
    pub(crate) async fn clock(&mut self) -> Result<i64> {
        let now = match self {
            Self::Sqlite(_) => "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            Self::Postgres(_) => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
        };
        query_scalar(now).fetch_one(&mut *self).await
    }

    /// A number greater than all before it.
    pub(crate) async fn number(&mut self) -> Result<i64> {
        let next = match self {
            Self::Sqlite(_) => "UPDATE numbers SET last = last + 1 RETURNING last",
            Self::Postgres(_) => "SELECT nextval('numbers')",
        };
        query_scalar(next).fetch_one(&mut *self).await
    }
}

/// The beginning of a statement about these locks, in their order.
fn wanted(locks: &[Lock]) -> String {
    let values =
        rows(locks.len(), 2, 1, |rank, at| format!("({rank}, CAST(${at} AS INTEGER), CAST(${} AS INTEGER))", at + 1));
    format!("WITH wanted (rank, class, number) AS (VALUES {values})")
}

fn columns(locks: &[Lock]) -> impl Iterator<Item = i32> {
    locks.iter().flat_map(|lock| [lock.class as i32, lock.number])
}
