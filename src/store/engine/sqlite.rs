//! The embedded engine: one file in WAL mode, one connection that writes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection};

use super::{Engine, PREPARED};
use crate::{Result, StoreError};

/// How its schema came to be.
pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a lock of another process is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// From one free page in so many on, space is given back.
const SPARE: i64 = 10;
/// Pages given back in one transaction, of 4 KiB each.
const STEP: u32 = 1000;

/// Opens the file, makes it if it is missing and brings its schema up to date.
pub(crate) async fn open(path: &Path) -> Result<Engine> {
    make_private(path)?;
    let options = durable(path);
    // Takes effect in a new file only: in an older one free pages are used again, and never given back.
    let shrinking = options.clone().auto_vacuum(SqliteAutoVacuum::Incremental);
    let writer = one_writer().connect_with(shrinking).await?;
    MIGRATIONS.run(&writer).await?;
    let readers = SqlitePoolOptions::new().max_connections(4).connect_with(options.read_only(true)).await?;
    Ok(Engine::Sqlite { writer, readers })
}

/// Opens a file that must exist, as it is.
pub(crate) async fn open_existing(path: &Path) -> Result<Engine> {
    if !path.is_file() {
        return Err(StoreError::Missing(path.to_owned()));
    }
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(true).busy_timeout(PATIENCE);
    let writer = one_writer().connect_lazy_with(options.clone());
    let readers = SqlitePoolOptions::new().max_connections(4).connect_with(options.read_only(true)).await?;
    Ok(Engine::Sqlite { writer, readers })
}

/// SQLite itself takes a transaction back when the disk is full or fails, and the connection does not learn of it: it
/// would refuse every later one. A connection that believes itself in a transaction after its use is closed.
fn one_writer() -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(1).after_release(|connection, _| {
        Box::pin(async move {
            // Until the transaction that was only dropped has been taken back too.
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    })
}

fn durable(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // What is purged is overwritten, not only unlinked: it may be a patient's document.
        .pragma("secure_delete", "ON")
        .statement_cache_capacity(PREPARED)
        .busy_timeout(PATIENCE)
}

/// Shortens the file once one page in [`SPARE`] is free; a few are not worth the writing, they are used again. In steps:
/// others must not wait long for it.
pub(crate) async fn give_back_space(writer: &SqlitePool) -> Result<()> {
    let (pages, mut free) = (number(writer, "PRAGMA page_count").await?, free_pages(writer).await?);
    if free * SPARE < pages {
        return Ok(());
    }
    while free > 0 {
        sqlx::query(AssertSqlSafe(format!("PRAGMA incremental_vacuum({STEP})"))).execute(writer).await?;
        let left = free_pages(writer).await?;
        if left >= free {
            break;
        }
        free = left;
    }
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await?;
    Ok(())
}

async fn free_pages(writer: &SqlitePool) -> Result<i64> {
    number(writer, "PRAGMA freelist_count").await
}

async fn number(writer: &SqlitePool, pragma: &'static str) -> Result<i64> {
    Ok(sqlx::query_scalar(pragma).fetch_one(writer).await?)
}

/// A new database is its owner's alone: it holds mails. SQLite gives its side files the same mode.
pub(crate) fn make_private(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(source) if source.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::Create { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// The file that a URL names, if it names one.
pub(crate) fn path(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://").filter(|path| !path.is_empty())?;
    Some(Path::new(path).to_owned())
}
