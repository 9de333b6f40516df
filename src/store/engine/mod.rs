//! The seam between the queries of the store and the two engines.
//!
//! Every statement is written once, in the SQL that both engines share: `$N` placeholders, `ON CONFLICT`, `RETURNING`,
//! partial indexes, row values. [`query()`], [`query_as`] and [`query_scalar`] keep its text and what is bound to it, and
//! make the engine's own statement of it where it is run. So each engine keeps its exact types, and the few things
//! that differ have a name here: how a transaction begins, [`Tx::lock`], `Tx::clock`, `Tx::number`.
//!
//! The `Any` driver of sqlx was looked at and left: it takes a URL where SQLite needs its pragmas and PostgreSQL its
//! session, it cannot read a truth value from SQLite, it copies each mail twice more, and it hides the transaction
//! behind a boxed connection. A trait with one implementation of each query for each engine would say everything twice.
//!
//! One writer is SQLite's rule. On PostgreSQL writers run side by side at READ COMMITTED, so what a transaction decides
//! on must not change under it: it takes the named locks of what it looks at first ([`Tx::lock`]; nothing on SQLite,
//! whose `BEGIN IMMEDIATE` is the lock of everything). Locks are taken in one order: a worker, a role or a mailbox,
//! then documents by sender, then locations in ascending order, then the end of the audit log.

pub(super) mod locks;
mod placeholders;
mod pooling;
pub(super) mod postgres;
mod query;
pub(super) mod sqlite;

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Sqlite, Transaction};

pub(super) use placeholders::{list, rows, shares};
pub(super) use query::{Argument, FromRows, Query, SqlValue, query, query_as, query_scalar};

use crate::Result;
use postgres::PostgresSession;

/// How many statements a connection keeps prepared: those of the way of a mail, in all their sizes, and as many others.
const PREPARED: usize = 256;

/// An open database.
#[derive(Debug, Clone)]
pub(super) enum Engine {
    /// One connection writes, others read.
    Sqlite {
        /// The one that writes.
        writer: SqlitePool,
        /// Those that read.
        readers: SqlitePool,
    },
    /// All connections are alike.
    Postgres {
        /// Those of the work.
        pool: PgPool,
        /// Those of the pages: they read, and make no work wait.
        searchers: PgPool,
    },
}

/// A transaction that may write; taken back unless it is committed.
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(PostgresSession),
}

/// Where a statement runs.
pub(super) enum On<'a> {
    Sqlite(&'a SqlitePool),
    SqliteTransaction(&'a mut SqliteConnection),
    Postgres(&'a PgPool),
    PostgresTransaction(&'a mut PgConnection),
}

impl Engine {
    /// Where a statement that only reads runs.
    pub(super) fn reader(&self) -> On<'_> {
        match self {
            Self::Sqlite { readers, .. } => On::Sqlite(readers),
            Self::Postgres { pool, .. } => On::Postgres(pool),
        }
    }

    /// Where what operators look for is read.
    pub(super) fn searcher(&self) -> On<'_> {
        match self {
            Self::Sqlite { readers, .. } => On::Sqlite(readers),
            Self::Postgres { searchers, .. } => On::Postgres(searchers),
        }
    }

    /// Where a statement that is a transaction of its own runs.
    pub(super) fn writer(&self) -> On<'_> {
        match self {
            Self::Sqlite { writer, .. } => On::Sqlite(writer),
            Self::Postgres { pool, .. } => On::Postgres(pool),
        }
    }

    /// Whether several workers may be at work.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// Begins a transaction that may write.
    pub(super) async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres { pool, .. } => Tx::Postgres(PostgresSession::begin(pool).await?),
        })
    }

    /// Empties what keeps old pages of an engine alive: SQLite's write-ahead log. PostgreSQL keeps dead rows until it
    /// vacuums, and its log as long as it is told to.
    pub(super) async fn forget_journal(&self) -> Result<()> {
        if let Self::Sqlite { writer, .. } = self {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await?;
        }
        Ok(())
    }

    /// Gives free pages of SQLite's file back. PostgreSQL's autovacuum does the like by itself.
    pub(super) async fn give_back_space(&self) -> Result<()> {
        match self {
            Self::Sqlite { writer, .. } => sqlite::give_back_space(writer).await,
            Self::Postgres { .. } => Ok(()),
        }
    }

    /// Closes every connection.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres { pool, searchers } => {
                postgres::close(searchers).await;
                postgres::close(pool).await;
            }
        }
    }
}

impl Tx {
    /// Makes what was written durable.
    pub(super) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => Ok(transaction.commit().await?),
            Self::Postgres(session) => session.end("COMMIT").await,
        }
    }

    /// Takes back what was written. A transaction that is only dropped costs a PostgreSQL session.
    pub(super) async fn rollback(self) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => Ok(transaction.rollback().await?),
            Self::Postgres(session) => session.end("ROLLBACK").await,
        }
    }
}

impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        match tx {
            Tx::Sqlite(transaction) => On::SqliteTransaction(transaction),
            Tx::Postgres(session) => On::PostgresTransaction(session.connection()),
        }
    }
}
