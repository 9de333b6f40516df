//! The shared engine: a PostgreSQL server, several workers.
//!
//! A session that does not answer in time, or whose last word was an error, is closed and never used again: a server
//! that went away half-way, a statement left behind, an open transaction cannot reach the next user.

use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, Executor, Postgres};

use super::{Engine, PREPARED};
use crate::setting::Span;
use crate::store::{Result, Settings, StoreError};

/// How its schema came to be.
pub(in crate::store) static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations/postgres");

/// Sessions of one process: a writer for each location under way, and the tasks.
const SESSIONS: u32 = 12;
/// Sessions of its pages, besides.
const SEARCHERS: u32 = 4;
/// A search walks the index it was made for, one mail at a time: plans that read a table whole, to join or to sort it,
/// are for whoever wants all of it. To compile a statement takes longer than to run it.
const SEARCHING: [(&str, &str); 8] = [
    ("default_transaction_read_only", "on"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_bitmapscan", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("plan_cache_mode", "force_custom_plan"),
    ("jit", "off"),
];
/// How long a session is waited for, its connection included.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer is waited for: longer than the server lets a statement run.
const ANSWER: Duration = Duration::from_secs(45);
/// What bounds a statement on the server's side, in milliseconds.
const LIMITS: [(&str, &str); 2] = [("statement_timeout", "30000"), ("lock_timeout", "10000")];
/// How long a transaction may be left alone, at most. A worker that stops in the middle of one loses it, and with it
/// the locks that others wait for.
const IDLE: Duration = Duration::from_secs(10);
/// A commit returns when it is on the disk, whatever the server's default.
const DURABLE: [(&str, &str); 1] = [("synchronous_commit", "on")];

/// Whether a URL names this engine.
pub(in crate::store) fn is_named_by(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// Opens the database and brings its schema up to date; several may do so at once.
pub(in crate::store) async fn open(settings: &Settings) -> Result<Engine> {
    let options = options(settings).await?;
    let mut session = connect(&options).await?;
    check(&mut session).await?;
    MIGRATIONS.run(&mut session).await?;
    let _ = session.close().await;
    Ok(pool(options, settings.lease))
}

/// Opens a database that must have a schema, as it is.
pub(in crate::store) async fn open_existing(settings: &Settings) -> Result<Engine> {
    let options = options(settings).await?;
    let mut session = connect(&options).await?;
    let made = has_schema(&mut session).await?;
    let _ = session.close().await;
    if made { Ok(pool(options, settings.lease)) } else { Err(StoreError::Empty(settings.url.clone())) }
}

/// Whether a program of ours ever made its tables in this database.
pub(in crate::store) async fn has_schema(session: &mut PgConnection) -> Result<bool> {
    within(sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(session)).await
}

/// Sessions in which nobody waits for long for a worker that stopped: not beyond its lease.
fn pool(options: PgConnectOptions, lease: Span) -> Engine {
    let idle = IDLE.min(lease.get() / 2).as_millis().to_string();
    let options = options
        .statement_cache_capacity(PREPARED)
        .options(LIMITS)
        .options([("idle_in_transaction_session_timeout", idle)]);
    let pool = |sessions| PgPoolOptions::new().max_connections(sessions).acquire_timeout(CONNECT);
    let searchers = pool(SEARCHERS).connect_lazy_with(options.clone().options(SEARCHING));
    Engine::Postgres { pool: pool(SESSIONS).connect_lazy_with(options), searchers }
}

/// Closes every session. One whose server says nothing is not waited for: the process is about to end.
pub(super) async fn close(pool: &PgPool) {
    let _ = tokio::time::timeout(CONNECT, pool.close()).await;
}

/// One session, under no limit but those of the server: for what may last.
pub(in crate::store) async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    let connected = tokio::time::timeout(CONNECT, options.connect()).await;
    Ok(connected.map_err(|_| StoreError::Unreachable)??)
}

/// How to reach the server. Beyond this machine the connection is encrypted and the server's certificate verified,
/// whatever the URL says.
pub(in crate::store) async fn options(settings: &Settings) -> Result<PgConnectOptions> {
    let url = &settings.url;
    if has_password(url) {
        return Err(StoreError::PasswordInUrl);
    }
    let mut options = PgConnectOptions::from_str(url).map_err(|_| StoreError::Url(url.clone()))?;
    if let Some(password) = &settings.password {
        options = options.password(&password.reveal().await?);
    }
    if let Some(ca) = &settings.ca {
        options = options.ssl_root_cert(ca);
    }
    if is_remote(&options) {
        options = options.ssl_mode(PgSslMode::VerifyFull);
    }
    Ok(options.application_name("dispolits").options(DURABLE).disable_statement_logging())
}

/// Passwords stand in files or variables that are not shown, never in a URL that is.
fn has_password(url: &str) -> bool {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || url.contains("password=")
}

fn is_remote(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let socket: Option<&PathBuf> = options.get_socket();
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    socket.is_none() && !host.starts_with('/') && !is_here
}

/// A server that may forget what it acknowledged, or garble it, is refused.
pub(in crate::store) async fn check(session: &mut PgConnection) -> Result<()> {
    for (setting, wanted) in [("fsync", "on"), ("synchronous_commit", "on"), ("server_encoding", "UTF8")] {
        let found = setting_of(session, setting).await?;
        if found != wanted {
            return Err(StoreError::Setting { setting, wanted, found });
        }
    }
    Ok(())
}

/// A setting as the session has it.
pub(in crate::store) async fn setting_of(session: &mut PgConnection, setting: &str) -> Result<String> {
    within(sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(session)).await
}

/// The answer, if it comes in time.
pub(in crate::store) async fn within<T>(answer: impl Future<Output = sqlx::Result<T>>) -> Result<T> {
    Ok(tokio::time::timeout(ANSWER, answer).await.map_err(|_| StoreError::Unreachable)??)
}

/// A session taken from the pool; closed unless it is given back.
pub(in crate::store) struct Session {
    connection: PoolConnection<Postgres>,
    whole: bool,
}

impl Session {
    pub(super) async fn take(pool: &PgPool) -> Result<Self> {
        match pool.acquire().await {
            Ok(connection) => Ok(Self { connection, whole: false }),
            Err(sqlx::Error::PoolTimedOut) => Err(StoreError::Unreachable),
            Err(error) => Err(error.into()),
        }
    }

    /// A transaction in a session of its own.
    pub(super) async fn begin(pool: &PgPool) -> Result<Self> {
        let mut session = Self::take(pool).await?;
        within(session.connection().execute("BEGIN ISOLATION LEVEL READ COMMITTED")).await?;
        Ok(session)
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Ends its transaction.
    pub(super) async fn end(mut self, how: &'static str) -> Result<()> {
        within(self.connection().execute(how)).await?;
        self.give_back();
        Ok(())
    }

    pub(super) fn give_back(mut self) {
        self.whole = true;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.whole {
            self.connection.close_on_drop();
        }
    }
}
