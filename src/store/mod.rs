//! The durable state, and the only SQL of the program.
//!
//! SQLite in WAL mode with `synchronous=FULL`: when a call returns, what it wrote survives a crash.
//! One connection writes, each write in one `BEGIN IMMEDIATE` transaction; no network is awaited
//! inside one. Others read.

mod accounts;
mod claiming;
mod closing;
mod documents;
mod journal;
pub mod look;
mod mails;
mod notices;
mod outcomes;
mod precedence;
mod removals;
mod replies;
mod rows;
mod settling;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, Transaction};

pub use accounts::Balance;
pub use claiming::{Batch, RowId, RowToSend};
pub use closing::{Closing, Probe};
pub use documents::{First, JudgedDocument, JudgedMail, Prior, Recorded};
pub use journal::{Filter, JournalEntry, Request, StoredReply};
pub use mails::{Judging, MailId, Reading, Received, StoredMail, sha256};
pub use removals::{Removal, RemovalClosing};
pub use replies::{Answer, DigestDue, NewReply, ReplyId, ReplyKind, ReplyToSend};
pub use settling::{Settlement, Unsettled};

/// Où Dispolits garde son état.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Base de données : `sqlite:///var/lib/dispolits/dispolits.db`.
    pub url: String,
}

/// A failure of the store: always ours, never a verdict on a mail.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("base de données : {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("mise à niveau de la base de données : {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored value that this version cannot read.
    #[error("valeur illisible dans la base de données : {0}")]
    Corrupt(String),
    /// The URL names no known engine.
    #[error("store.url « {0} » : attendu sqlite:///chemin/absolu.db ou sqlite://chemin/relatif.db")]
    Url(String),
    /// There is no database yet.
    #[error("la base {} n’existe pas : le service n’a jamais été lancé avec cette configuration", .0.display())]
    Missing(PathBuf),
    /// The database file cannot be made.
    #[error("la base {} ne peut être créée : {source}", path.display())]
    Create {
        /// The database file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another worker runs on this store.
    #[error("un autre « dispolits run » utilise déjà cette base ({}) ; arrêtez-le d’abord", .0.display())]
    Busy(PathBuf),
    /// The lock file cannot be made.
    #[error("fichier de verrou {} inutilisable : {source}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl StoreError {
    /// Whether the same call may succeed later without anybody's help: a lock, a disk that is busy or
    /// full, too little memory. A read-only or broken database needs somebody.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) => true,
            Self::Database(sqlx::Error::Database(_)) => {
                self.sqlite_code().is_some_and(|code| matches!(code, BUSY | LOCKED | NOMEM | INTERRUPT | IOERR | FULL))
            }
            _ => false,
        }
    }

    /// Whether the fault is in one record alone, so that the others can be gone on with: a value
    /// that cannot be read, or one that the schema forbids.
    pub fn is_of_one_record(&self) -> bool {
        match self {
            Self::Corrupt(_) | Self::Database(sqlx::Error::ColumnDecode { .. } | sqlx::Error::RowNotFound) => true,
            _ => self.sqlite_code().is_some_and(|code| matches!(code, TOOBIG | CONSTRAINT | MISMATCH)),
        }
    }

    /// The primary result code of SQLite (<https://www.sqlite.org/rescode.html>).
    fn sqlite_code(&self) -> Option<i32> {
        let Self::Database(sqlx::Error::Database(error)) = self else { return None };
        error.code()?.parse::<i32>().ok().map(|extended| extended & 0xff)
    }
}

const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NOMEM: i32 = 7;
const INTERRUPT: i32 = 9;
const IOERR: i32 = 10;
const FULL: i32 = 13;
const TOOBIG: i32 = 18;
const CONSTRAINT: i32 = 19;
const MISMATCH: i32 = 20;

/// What could not be stored or read.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The durable state.
#[derive(Debug, Clone)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    /// Opens the database, makes it if it is missing and brings its schema up to date.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let path = sqlite_path(&settings.url)?;
        make_private(&path)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // What is purged is overwritten, not only unlinked: it may be a patient's document.
            .pragma("secure_delete", "ON")
            .busy_timeout(Duration::from_secs(30));
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        sqlx::migrate!("src/store/migrations").run(&writer).await?;
        let readers = SqlitePoolOptions::new().max_connections(4).connect_with(options.read_only(true)).await?;
        Ok(Self { writer, readers })
    }

    /// Opens the database of a service to read it, and to write what an operator asks for; it must
    /// exist, and its schema is left as it is.
    pub async fn open_existing(settings: &Settings) -> Result<Self> {
        let path = sqlite_path(&settings.url)?;
        if !path.is_file() {
            return Err(StoreError::Missing(path));
        }
        let options =
            SqliteConnectOptions::new().filename(&path).foreign_keys(true).busy_timeout(Duration::from_secs(30));
        let writer = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options.clone());
        let readers = SqlitePoolOptions::new().max_connections(4).connect_with(options.read_only(true)).await?;
        Ok(Self { writer, readers })
    }

    /// Takes the right to be the one worker on this store, for as long as the value lives. Commands
    /// may go on writing beside it.
    pub fn lock(settings: &Settings) -> Result<WorkerLock> {
        let database = sqlite_path(&settings.url)?;
        let path = database.with_extension("lock");
        let failed = |source| StoreError::Lock { path: path.clone(), source };
        let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(WorkerLock { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Busy(database)),
            Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    async fn write(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// The right to be the one worker on a store; given back when dropped, or by the system when the
/// process dies.
#[derive(Debug)]
pub struct WorkerLock {
    _file: std::fs::File,
}

/// A new database is its owner's alone: it holds mails. SQLite gives its side files the same mode.
fn make_private(path: &Path) -> Result<()> {
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

fn sqlite_path(url: &str) -> Result<PathBuf> {
    match url.strip_prefix("sqlite://") {
        Some(path) if !path.is_empty() => Ok(Path::new(path).to_owned()),
        _ => Err(StoreError::Url(url.to_owned())),
    }
}

fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A stored text through the one constructor of its type.
fn parse<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T> {
    text.parse().map_err(|error: T::Err| StoreError::Corrupt(error.to_string()))
}
