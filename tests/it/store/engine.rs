//! The two engines of the store, and a database of either.

use std::path::PathBuf;
use std::str::FromStr;

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use store::StoreSettings;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::postgres::Database;

/// Which engine a story is told on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// As commands and configurations name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|engine| engine.name() == name).ok_or_else(|| format!("no engine « {name} »"))
    }
}

/// An empty database, gone with the value.
pub(crate) struct Home {
    place: Place,
    /// The way in behind the store's back, once it is taken.
    sql: OnceCell<Sql>,
}

enum Place {
    File(TempDir),
    Server(Database),
}

/// A database without the store.
enum Sql {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Home {
    pub(crate) async fn new(engine: Engine) -> Self {
        let place = match engine {
            Engine::Sqlite => Place::File(tempfile::tempdir().unwrap()),
            Engine::Postgres => Place::Server(Database::new().await),
        };
        Self { place, sql: OnceCell::new() }
    }

    pub(crate) fn settings(&self) -> StoreSettings {
        StoreSettings::at(match &self.place {
            Place::File(_) => format!("sqlite://{}", self.file().display()),
            Place::Server(database) => database.url.clone(),
        })
    }

    /// The file of the embedded engine.
    pub(crate) fn file(&self) -> PathBuf {
        let Place::File(folder) = &self.place else { panic!("a server has no file of ours") };
        folder.path().join("essai.db")
    }

    /// The database of the shared engine.
    pub(crate) fn database(&self) -> Option<&Database> {
        match &self.place {
            Place::File(_) => None,
            Place::Server(database) => Some(database),
        }
    }

    /// The way in to the shared engine, if it is there.
    pub(crate) async fn server(&self) -> Option<&PgPool> {
        self.database()?;
        match self.sql().await {
            Sql::Sqlite(_) => None,
            Sql::Postgres(pool) => Some(pool),
        }
    }

    /// Runs a statement behind the store's back.
    pub(crate) async fn execute(&self, statement: &'static str) {
        self.try_execute(statement).await.unwrap();
    }

    pub(crate) async fn try_execute(&self, statement: &'static str) -> sqlx::Result<()> {
        if let (Place::Server(database), true) =
            (&self.place, ["CREATE", "ALTER"].iter().any(|verb| statement.starts_with(verb)))
        {
            database.spoil();
        }
        match self.sql().await {
            Sql::Sqlite(pool) => sqlx::raw_sql(statement).execute(pool).await.map(drop),
            Sql::Postgres(pool) => sqlx::raw_sql(statement).execute(pool).await.map(drop),
        }
    }

    /// A number that a query gives, 0 for NULL.
    pub(crate) async fn number(&self, query: &'static str) -> i64 {
        let number: Option<i64> = match self.sql().await {
            Sql::Sqlite(pool) => sqlx::query_scalar(query).fetch_one(pool).await.unwrap(),
            Sql::Postgres(pool) => sqlx::query_scalar(query).fetch_one(pool).await.unwrap(),
        };
        number.unwrap_or_default()
    }

    async fn sql(&self) -> &Sql {
        self.sql.get_or_init(|| self.connect()).await
    }

    async fn connect(&self) -> Sql {
        let url = self.settings().url;
        match self.place {
            Place::File(_) => Sql::Sqlite(SqlitePool::connect(&url).await.unwrap()),
            Place::Server(_) => Sql::Postgres(PgPool::connect(&url).await.unwrap()),
        }
    }
}

/// Tells each story on both engines.
macro_rules! on_both_engines {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $story() {
                super::$story($crate::store::engine::Engine::Sqlite).await;
            })+
        }

        mod postgres {
            $(#[tokio::test]
            async fn $story() {
                super::$story($crate::store::engine::Engine::Postgres).await;
            })+
        }
    };
}

pub(crate) use on_both_engines;
