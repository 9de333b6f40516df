//! What can be learnt of a store without changing it: for the diagnosis, even beside a running worker.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::engine::{postgres, sqlite};
use crate::left_mails::{COUNTS, counted};
use crate::{LocationRow, Result, StoreError, StoreSettings, UnreadCount, place};

/// The folder that systemd makes when the service starts.
const STATE: &str = "/var/lib/dispolits";
/// How long a lock of the worker is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A store looked at. Nothing is created, migrated or written.
#[derive(Debug)]
pub struct StoreInspection {
    connection: Connected,
}

#[derive(Debug)]
enum Connected {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// How far the schema of the database is from that of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// The same.
    Current,
    /// The next start brings so many migrations.
    Older(usize),
    /// A newer program wrote it: this one must not run on it.
    Newer,
}

/// The file of the database; `None` if it is on a server.
pub fn file(settings: &StoreSettings) -> Result<Option<PathBuf>> {
    Ok(match place(settings)? {
        LocationRow::File(path) => Some(path),
        LocationRow::Server => None,
    })
}

/// Whether the address can be one: nothing is opened. A file needs its folder; the one that systemd makes at the start
/// (`StateDirectory`) may be missing until then.
pub fn check(settings: &StoreSettings) -> Result<()> {
    let Some(path) = file(settings)? else { return postgres::written(settings).map(drop) };
    match missing_folder(&path) {
        Some(folder) if folder != Path::new(STATE) => Err(StoreError::NoFolder(folder.to_owned())),
        _ => Ok(()),
    }
}

/// The folder that the database file wants, if it is not there.
pub fn missing_folder(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
}

/// What operators must know where the database is on a server; nothing where its disk is watched here.
pub fn unwatched_disk(settings: &StoreSettings) -> Option<&'static str> {
    let is_elsewhere = matches!(file(settings), Ok(None));
    is_elsewhere
        .then_some("Le disque du serveur PostgreSQL n’est pas surveillé par Dispolits : surveillez-le sur ce serveur.")
}

impl StoreInspection {
    /// Opens a file that exists.
    pub async fn open(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(PATIENCE);
        Ok(Self { connection: Connected::Sqlite(options.connect().await?) })
    }

    /// Opens a session on the server; one whose settings endanger what is stored is an error.
    pub async fn connect(settings: &StoreSettings) -> Result<Self> {
        let mut session = postgres::vetted(&postgres::options(settings).await?, settings.lease).await?;
        postgres::check(&mut session).await?;
        Ok(Self { connection: Connected::Postgres(session) })
    }

    /// The version of the server; `None` for a file.
    pub async fn server_version(&mut self) -> Result<Option<String>> {
        match &mut self.connection {
            Connected::Sqlite(_) => Ok(None),
            Connected::Postgres(session) => postgres::version(session).await.map(Some),
        }
    }

    /// What SQLite finds wrong with the file (`PRAGMA quick_check`); nothing when it is whole. PostgreSQL finds damage
    /// where it reads, and tells of it then.
    pub async fn damage(&mut self) -> Result<Vec<String>> {
        let Connected::Sqlite(connection) = &mut self.connection else { return Ok(Vec::new()) };
        let found: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(5)").fetch_all(connection).await?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    /// Compares the migrations applied with those of this program.
    pub async fn schema(&mut self) -> Result<Schema> {
        let applied = self.applied().await?;
        let known: Vec<i64> = self.migrations().iter().map(|one| one.version).collect();
        if applied.iter().any(|version| !known.contains(version)) {
            return Ok(Schema::Newer);
        }
        let missing = known.iter().filter(|version| !applied.contains(version)).count();
        Ok(if missing == 0 { Schema::Current } else { Schema::Older(missing) })
    }

    /// How many mails wait to be read in their mailboxes, by account and cause. The schema must be current.
    pub async fn unread(&mut self) -> Result<Vec<UnreadCount>> {
        let rows: Vec<(String, String, i64, i64, i64)> = match &mut self.connection {
            Connected::Sqlite(connection) => sqlx::query_as(COUNTS).fetch_all(connection).await?,
            Connected::Postgres(session) => postgres::within(sqlx::query_as(COUNTS).fetch_all(session)).await?,
        };
        rows.into_iter().map(counted).collect()
    }

    /// The secrets of second factors as they are kept, with the login of each. The schema must be current.
    pub async fn factors(&mut self) -> Result<Vec<(String, String)>> {
        const FACTORS: &str = "SELECT login, totp FROM users WHERE totp IS NOT NULL ORDER BY login";
        Ok(match &mut self.connection {
            Connected::Sqlite(connection) => sqlx::query_as(FACTORS).fetch_all(connection).await?,
            Connected::Postgres(session) => postgres::within(sqlx::query_as(FACTORS).fetch_all(session)).await?,
        })
    }

    /// Begins a write, and takes it back: nothing of it reaches the database. On a read-only file `BEGIN
    /// IMMEDIATE` alone would succeed.
    pub async fn try_write(&mut self) -> Result<()> {
        const TRIAL: &str = "CREATE TABLE essai_d_ecriture (rien INTEGER)";
        match &mut self.connection {
            Connected::Sqlite(connection) => {
                let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
                sqlx::query(TRIAL).execute(&mut *transaction).await?;
                Ok(transaction.rollback().await?)
            }
            Connected::Postgres(session) => {
                postgres::within(async {
                    let mut transaction = session.begin().await?;
                    sqlx::query(TRIAL).execute(&mut *transaction).await?;
                    transaction.rollback().await
                })
                .await
            }
        }
    }

    /// Ends the connection.
    pub async fn close(self) {
        // Nothing was written, so nothing can be lost.
        let _ = match self.connection {
            Connected::Sqlite(connection) => connection.close().await,
            Connected::Postgres(session) => session.close().await,
        };
    }

    fn migrations(&self) -> &'static Migrator {
        match self.connection {
            Connected::Sqlite(_) => &sqlite::MIGRATIONS,
            Connected::Postgres(_) => &postgres::MIGRATIONS,
        }
    }

    async fn applied(&mut self) -> Result<Vec<i64>> {
        const VERSIONS: &str = "SELECT version FROM _sqlx_migrations WHERE success";
        match &mut self.connection {
            Connected::Sqlite(connection) => {
                let table = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
                let tables: i64 = sqlx::query_scalar(table).fetch_one(&mut *connection).await?;
                if tables == 0 {
                    return Ok(Vec::new());
                }
                Ok(sqlx::query_scalar(VERSIONS).fetch_all(connection).await?)
            }
            Connected::Postgres(session) => {
                if !postgres::has_schema(session).await? {
                    return Ok(Vec::new());
                }
                postgres::within(sqlx::query_scalar(VERSIONS).fetch_all(session)).await
            }
        }
    }
}
