//! The shared engine: a PostgreSQL server, several workers.
//!
//! A session that does not answer in time, or whose last word was an error, is closed and never used again: a server
//! that went away half-way, a statement left behind, an open transaction cannot reach the next user.

use std::fmt::Write;
use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Postgres, Row};

use super::{Engine, PREPARED, pooling};
use crate::{Result, StoreError, StoreSettings};
use base::config_values::Span;

/// How its schema came to be.
pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

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
/// The oldest version that has all that is asked of it: `plan_cache_mode` came with 12.
const OLDEST: u32 = 12;

/// Whether a URL names this engine.
pub(crate) fn is_named_by(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// Opens the database and brings its schema up to date; several may do so at once.
pub(crate) async fn open(settings: &StoreSettings) -> Result<Engine> {
    let options = options(settings).await?;
    let mut session = vetted(&options, settings.lease).await?;
    check(&mut session).await?;
    MIGRATIONS.run(&mut session).await?;
    let _ = session.close().await;
    Ok(pool(options, settings.lease))
}

/// Opens a database that must have a schema, as it is.
pub(crate) async fn open_existing(settings: &StoreSettings) -> Result<Engine> {
    let options = options(settings).await?;
    let mut session = vetted(&options, settings.lease).await?;
    let made = has_schema(&mut session).await?;
    let _ = session.close().await;
    if made { Ok(pool(options, settings.lease)) } else { Err(StoreError::Empty(settings.url.clone())) }
}

/// Whether a program of ours ever made its tables in this database.
pub(crate) async fn has_schema(session: &mut PgConnection) -> Result<bool> {
    within(sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(session)).await
}

/// Sessions in which nobody waits for long for a worker that stopped: not beyond its lease.
fn pool(options: PgConnectOptions, lease: Span) -> Engine {
    let options = options.statement_cache_capacity(PREPARED);
    let pool = |sessions, wanted: Vec<(&'static str, String)>| {
        let pool = PgPoolOptions::new().max_connections(sessions).acquire_timeout(CONNECT);
        pool.after_connect(move |session, _| {
            let wanted = wanted.clone();
            Box::pin(async move {
                let lost = settle(session, &wanted).await?;
                let fault = |name| sqlx::Error::Protocol(format!("le réglage {name} d’une session n’est pas gardé"));
                lost.map_or(Ok(()), |name| Err(fault(name)))
            })
        })
    };
    let searching = SEARCHING.map(|(name, value)| (name, value.to_owned()));
    let searching = limits(lease).into_iter().chain(searching).collect();
    let searchers = pool(SEARCHERS, searching).connect_lazy_with(options.clone());
    Engine::Postgres { pool: pool(SESSIONS, limits(lease)).connect_lazy_with(options), searchers }
}

/// What every session of the service keeps to.
fn limits(lease: Span) -> Vec<(&'static str, String)> {
    let idle = IDLE.min(lease.get() / 2).as_millis().to_string();
    let fixed = DURABLE.into_iter().chain(LIMITS).map(|(name, value)| (name, value.to_owned()));
    fixed.chain([("idle_in_transaction_session_timeout", idle)]).collect()
}

/// Sets what a session is to keep to, and reads it back: a pooler in between may drop what is asked for while
/// connecting, as PgBouncer does with `options`. Gives the first setting that was not kept. The simple protocol, since
/// nothing else is certain to work where sessions are shared.
async fn settle(session: &mut PgConnection, wanted: &[(&'static str, String)]) -> sqlx::Result<Option<&'static str>> {
    let (mut setting, mut reading) = (String::new(), String::new());
    for (name, value) in wanted {
        let comma = if setting.is_empty() { "SELECT" } else { "," };
        // Names and values are ours; neither holds a quote.
        let _ = write!(setting, "{comma} set_config('{name}', '{value}', false)");
        let _ = write!(reading, "{comma} current_setting('{name}')");
    }
    let set = sqlx::raw_sql(AssertSqlSafe(setting)).fetch_one(&mut *session).await?;
    let kept = sqlx::raw_sql(AssertSqlSafe(reading)).fetch_one(&mut *session).await?;
    for (index, (name, _)) in wanted.iter().enumerate() {
        if set.try_get::<String, _>(index)? != kept.try_get::<String, _>(index)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// A session on a server that is recent enough, with nothing in between that gives the sessions of one to another, and
/// that keeps what it is asked to.
pub(crate) async fn vetted(options: &PgConnectOptions, lease: Span) -> Result<PgConnection> {
    let mut session = connect(options).await?;
    let mut second = connect(options).await?;
    let shared = within(pooling::are_shared(&mut session, &mut second)).await?;
    if shared {
        return Err(StoreError::Pooled);
    }
    let version = version(&mut session).await?;
    let major: String = version.chars().take_while(char::is_ascii_digit).collect();
    if major.parse::<u32>().is_ok_and(|major| major < OLDEST) {
        return Err(StoreError::TooOld { found: version, oldest: OLDEST });
    }
    let lost = within(settle(&mut second, &limits(lease))).await?;
    let _ = second.close().await;
    lost.map_or(Ok(session), |name| Err(StoreError::NotKept(name)))
}

/// The version of the server: `15.8`, to which a distribution may add its own.
pub(crate) async fn version(session: &mut PgConnection) -> Result<String> {
    let found = setting_of(session, "server_version").await?;
    Ok(found.split_whitespace().next().unwrap_or_default().to_owned())
}

/// Closes every session. One whose server says nothing is not waited for: the process is about to end.
pub(super) async fn close(pool: &PgPool) {
    let _ = tokio::time::timeout(CONNECT, pool.close()).await;
}

/// One session, under no limit but those of the server: for what may last.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    let durable = DURABLE.map(|(name, value)| (name, value.to_owned()));
    let connecting = async {
        let mut session = options.connect().await?;
        let lost = settle(&mut session, &durable).await?;
        Ok::<_, sqlx::Error>((session, lost))
    };
    let connected = tokio::time::timeout(CONNECT, connecting).await;
    let (session, lost) = connected.map_err(|_| StoreError::Unreachable)??;
    lost.map_or(Ok(session), |name| Err(StoreError::NotKept(name)))
}

/// How to reach the server. Beyond this machine the connection is encrypted and the server's certificate verified,
/// whatever the URL says.
pub(crate) async fn options(settings: &StoreSettings) -> Result<PgConnectOptions> {
    let options = written(settings)?;
    let Some(password) = &settings.password else { return Ok(options) };
    Ok(options.password(&password.reveal().await?))
}

/// The same as it is written, without the password.
pub(crate) fn written(settings: &StoreSettings) -> Result<PgConnectOptions> {
    let url = &settings.url;
    if has_password(url) {
        return Err(StoreError::PasswordInUrl);
    }
    let mut options = PgConnectOptions::from_str(url).map_err(|_| StoreError::Url(url.clone()))?;
    if let Some(ca) = &settings.ca {
        options = options.ssl_root_cert(ca);
    }
    if is_remote(&options) {
        options = options.ssl_mode(PgSslMode::VerifyFull);
    }
    // No floating point is stored, and PgBouncer refuses a connection that asks for its digits.
    Ok(options.application_name("dispolits").extra_float_digits(None).disable_statement_logging())
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
pub(crate) async fn check(session: &mut PgConnection) -> Result<()> {
    for (setting, wanted) in [("fsync", "on"), ("synchronous_commit", "on"), ("server_encoding", "UTF8")] {
        let found = setting_of(session, setting).await?;
        if found != wanted {
            return Err(StoreError::Setting { setting, wanted, found });
        }
    }
    Ok(())
}

/// A setting as the session has it.
pub(crate) async fn setting_of(session: &mut PgConnection, setting: &str) -> Result<String> {
    within(sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(session)).await
}

/// The answer, if it comes in time.
pub(crate) async fn within<T>(answer: impl Future<Output = sqlx::Result<T>>) -> Result<T> {
    Ok(tokio::time::timeout(ANSWER, answer).await.map_err(|_| StoreError::Unreachable)??)
}

/// A session taken from the pool; closed unless it is given back.
pub(crate) struct PostgresSession {
    connection: PoolConnection<Postgres>,
    whole: bool,
}

impl PostgresSession {
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

impl Drop for PostgresSession {
    fn drop(&mut self) {
        if !self.whole {
            self.connection.close_on_drop();
        }
    }
}
