//! From a file to a server, for a site that grows: every row, or none.

use std::borrow::Cow;

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row};

use super::health::check;
use crate::engine::locks::Lock;
use crate::engine::{Engine, SqlValue, Tx, query, query_scalar};
use crate::inspect::file;
use crate::{Result, Store, StoreError, StoreSettings};

/// What is copied, each table after those that it refers to. Workers, duties and sessions are of
/// the moment: nobody is at work.
pub(crate) const TABLES: [&str; 25] = [
    "mails",
    "journal",
    "documents",
    "mentions",
    "updates",
    "holds",
    "removals",
    "twins",
    "attempts",
    "defects",
    "facets",
    "places",
    "replies",
    "withheld",
    "referential",
    "replays",
    "traces",
    "unread",
    "incidents",
    "alerts",
    "users",
    "audit",
    "handled",
    "mutes",
    "reminders",
];

/// A table that was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Its name.
    pub table: &'static str,
    /// How many rows there are: as many in the copy as in the file.
    pub rows: u64,
}

/// A column, and whether it holds integers, texts or bytes.
type Column = (String, String);

/// Copies a file that no worker uses into a server's empty database, in one transaction: if it fails, or if the
/// database is not empty, nothing was written. The file stays as it is, but for its schema, which is brought up to date.
pub async fn migrate(from: &StoreSettings, to: &StoreSettings) -> Result<Vec<Copied>> {
    let source = file(from)?.ok_or(StoreError::MigrationEnds)?;
    if file(to)?.is_some() {
        return Err(StoreError::MigrationEnds);
    }
    if !source.is_file() {
        return Err(StoreError::Missing(source));
    }
    let _alone = Store::lock(from)?;
    let health = check(from).await?;
    if !health.is_sound() {
        return Err(StoreError::Unsound { path: source, findings: health.findings.join(" ; ") });
    }
    let (from, to) = (Store::open(from).await?, Store::open(to).await?);
    let copied = copy(&from, &to).await;
    from.close().await;
    to.close().await;
    copied
}

async fn copy(from: &Store, to: &Store) -> Result<Vec<Copied>> {
    let Engine::Sqlite { readers, .. } = &from.engine else { return Err(StoreError::MigrationEnds) };
    let mut reading = readers.begin().await?;
    let mut tx = to.write().await?;
    tx.lock([Lock::once("copie")]).await?;
    expect_empty(&mut tx).await?;
    let mut copied = Vec::new();
    for table in TABLES {
        copied.push(copy_table(&mut reading, &mut tx, table).await?);
    }
    copy_numbers(&mut reading, &mut tx).await?;
    tx.commit().await?;
    Ok(copied)
}

/// Nobody writes into it from here to the end.
async fn expect_empty(tx: &mut Tx) -> Result<()> {
    for table in TABLES.into_iter().chain(["workers"]) {
        query(AssertSqlSafe(format!("LOCK TABLE {table} IN EXCLUSIVE MODE"))).execute(&mut *tx).await?;
        if rows_of(tx, table).await? > 0 {
            return Err(StoreError::NotEmpty(table));
        }
    }
    Ok(())
}

async fn copy_table(reading: &mut SqliteConnection, tx: &mut Tx, table: &'static str) -> Result<Copied> {
    let columns = columns_of(reading, table).await?;
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let places: Vec<String> = (1..=columns.len()).map(|rank| format!("${rank}")).collect();
    let insert = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
    let is_numbered = names.contains(&"id");
    // A row may refer to an earlier one of its own table.
    let order = if is_numbered { " ORDER BY id" } else { "" };
    let select = format!("SELECT {} FROM {table}{order}", names.join(", "));
    let mut rows = 0;
    let mut found = sqlx::query(AssertSqlSafe(select)).fetch(&mut *reading);
    while let Some(row) = found.try_next().await? {
        rows += copy_row(&row, &columns, &insert, tx).await?;
    }
    drop(found);
    if is_numbered {
        go_on_after(tx, table).await?;
    }
    let arrived = rows_of(tx, table).await?;
    if arrived == rows { Ok(Copied { table, rows }) } else { Err(StoreError::CopyDiffers { table, rows, arrived }) }
}

async fn columns_of(reading: &mut SqliteConnection, table: &str) -> Result<Vec<Column>> {
    let columns = "SELECT name, type FROM pragma_table_info(?1) ORDER BY cid";
    Ok(sqlx::query_as(columns).bind(table).fetch_all(reading).await?)
}

async fn copy_row(row: &SqliteRow, columns: &[Column], insert: &str, tx: &mut Tx) -> Result<u64> {
    let mut statement = query(AssertSqlSafe(insert.to_owned()));
    for (rank, (_, kind)) in columns.iter().enumerate() {
        statement = statement.bind_value(match kind.as_str() {
            "INTEGER" => SqlValue::Integer(row.try_get(rank)?),
            "TEXT" => SqlValue::Text(row.try_get::<Option<String>, _>(rank)?.map(Cow::Owned)),
            _ => SqlValue::Blob(row.try_get::<Option<Vec<u8>>, _>(rank)?.map(Cow::Owned)),
        });
    }
    statement.execute(&mut *tx).await
}

/// The next number the server gives is beyond those of the copied rows.
async fn go_on_after(tx: &mut Tx, table: &str) -> Result<()> {
    let statement = format!(
        "SELECT setval(pg_get_serial_sequence('{table}', 'id'), COALESCE(MAX(id), 1), MAX(id) IS NOT NULL) FROM {table}"
    );
    query(AssertSqlSafe(statement)).execute(&mut *tx).await.map(drop)
}

async fn copy_numbers(reading: &mut SqliteConnection, tx: &mut Tx) -> Result<()> {
    let last: i64 = sqlx::query_scalar("SELECT last FROM numbers").fetch_one(reading).await?;
    query("SELECT setval('numbers', GREATEST($1, 1))").bind(last).execute(&mut *tx).await.map(drop)
}

async fn rows_of(tx: &mut Tx, table: &str) -> Result<u64> {
    let counted: i64 = query_scalar(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"))).fetch_one(&mut *tx).await?;
    Ok(u64::try_from(counted).unwrap_or_default())
}
