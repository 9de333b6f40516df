//! What can be learnt of a store without changing it: for the diagnosis, even beside a running worker.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::{Result, Settings, sqlite_path};

/// How long a lock of the worker is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A store looked at. Nothing is created, migrated or written.
#[derive(Debug)]
pub struct Look {
    connection: SqliteConnection,
}

/// How far the schema of the file is from that of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// The same.
    Current,
    /// The next start brings so many migrations.
    Older(usize),
    /// A newer program wrote it: this one must not run on it.
    Newer,
}

/// The file of the database.
pub fn path(settings: &Settings) -> Result<PathBuf> {
    sqlite_path(&settings.url)
}

impl Look {
    /// Opens a file that exists.
    pub async fn open(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(PATIENCE);
        Ok(Self { connection: options.connect().await? })
    }

    /// What SQLite finds wrong with the file (`PRAGMA quick_check`); nothing when it is whole.
    pub async fn damage(&mut self) -> Result<Vec<String>> {
        let found: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(5)").fetch_all(&mut self.connection).await?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    /// Compares the migrations applied with those of this program.
    pub async fn schema(&mut self) -> Result<Schema> {
        let known: Vec<i64> = sqlx::migrate!("src/store/migrations").iter().map(|one| one.version).collect();
        let applied = self.applied().await?;
        if applied.iter().any(|version| !known.contains(version)) {
            return Ok(Schema::Newer);
        }
        let missing = known.iter().filter(|version| !applied.contains(version)).count();
        Ok(if missing == 0 { Schema::Current } else { Schema::Older(missing) })
    }

    /// Begins a write, and takes it back: nothing of it reaches the file. On a read-only file `BEGIN
    /// IMMEDIATE` alone would succeed.
    pub async fn try_write(&mut self) -> Result<()> {
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("CREATE TABLE essai_d_ecriture (rien INTEGER) STRICT").execute(&mut *transaction).await?;
        Ok(transaction.rollback().await?)
    }

    /// Closes the file.
    pub async fn close(self) {
        // Nothing was written, so nothing can be lost.
        let _ = self.connection.close().await;
    }

    async fn applied(&mut self) -> Result<Vec<i64>> {
        let table = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
        let tables: i64 = sqlx::query_scalar(table).fetch_one(&mut self.connection).await?;
        if tables == 0 {
            return Ok(Vec::new());
        }
        let versions = "SELECT version FROM _sqlx_migrations WHERE success";
        Ok(sqlx::query_scalar(versions).fetch_all(&mut self.connection).await?)
    }
}
