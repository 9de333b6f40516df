//! A real PostgreSQL of the tests: one shared server, a database for each test, all gone with the process.
#![cfg(test)]

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use store::{Store, StoreSettings};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::child::{free_port, id, is_root};

pub(crate) const USER: &str = "dispolits";
/// The database that all others are copies of: up to date and empty.
const MODEL: &str = "modele";

/// Runs the server until its standard input is closed, which the death of the test does too, and leaves nothing.
const KEEPER: &str = r#""$@" & read -r _; kill -QUIT $!; wait; [ -z "$GONE" ] || rm -rf "$GONE""#;

/// A server of its own.
pub(crate) struct Cluster {
    folder: PathBuf,
    /// Removed with the value; the shared one is removed by its keeper.
    own: Option<TempDir>,
    port: u16,
    /// What its processes find in their environment besides.
    variables: Vec<(&'static str, String)>,
    keeper: Option<Child>,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        Self::start_with(Vec::new())
    }

    /// With variables in its environment.
    pub(crate) fn start_with(variables: Vec<(&'static str, String)>) -> Self {
        let own = tempfile::Builder::new().prefix("pg").tempdir_in(memory()).unwrap();
        let mut cluster = Self::of(own.path().to_owned(), Some(own));
        cluster.variables = variables;
        cluster.make();
        cluster.run();
        cluster
    }

    /// The same in a folder of the disk, with the settings of an installation and no more memory than its default.
    pub(crate) fn start_in(folder: &Path) -> Self {
        let own = tempfile::Builder::new().prefix("pg").tempdir_in(folder).unwrap();
        // The server's user must get there.
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
        let mut cluster = Self::of(own.path().to_owned(), Some(own));
        cluster.make();
        cluster.run();
        cluster
    }

    fn shared() -> Self {
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in(memory()).unwrap().keep();
        let mut cluster = Self::of(folder, None);
        cluster.make();
        cluster.run();
        cluster
    }

    fn of(folder: PathBuf, own: Option<TempDir>) -> Self {
        Self { folder, own, port: free_port(), variables: Vec::new(), keeper: None }
    }

    /// The URL of one of its databases, over its socket.
    pub(crate) fn url(&self, database: &str) -> String {
        let socket = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://{USER}@{socket}:{}/{database}", self.port)
    }

    /// The same over TCP.
    pub(crate) fn tcp_url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// The folder of its socket, and its port.
    pub(crate) fn socket(&self) -> (&Path, u16) {
        (&self.folder, self.port)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// `pg_dump` of one of its databases.
    pub(crate) fn dump(&self, database: &str) -> PathBuf {
        let dump = self.folder.join("essai.dump");
        self.tool("pg_dump", &["--format=custom", "--dbname", database], &["--file", dump.to_str().unwrap()]);
        dump
    }

    /// `pg_restore` into an empty database.
    pub(crate) fn restore(&self, database: &str, dump: &Path) {
        let how = ["--exit-on-error", "--single-transaction", "--dbname", database];
        self.tool("pg_restore", &how, &[dump.to_str().unwrap()]);
    }

    fn tool(&self, name: &str, how: &[&str], file: &[&str]) {
        let mut tool = as_server(Command::new(binary(name)));
        let port = self.port.to_string();
        tool.args(["-p", &port, "-U", USER, "-h"]).arg(&self.folder).args(how).args(file);
        let ran = tool.output().unwrap();
        assert!(ran.status.success(), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    /// Ends it as a power cut would.
    pub(crate) fn stop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            keeper.wait().unwrap();
        }
    }

    /// Starts it again, on the same port.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.run();
    }

    fn make(&self) {
        std::fs::set_permissions(&self.folder, PermissionsExt::from_mode(0o755)).unwrap();
        if let Some((user, group)) = server_user() {
            chown(&self.folder, Some(user), Some(group)).unwrap();
        }
        let made = as_server(Command::new(binary("initdb")))
            .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username", USER, "--pgdata"])
            .arg(self.data())
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    }

    fn run(&mut self) {
        let gone = if self.own.is_none() { self.folder.as_path() } else { Path::new("") };
        let port = self.port.to_string();
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let keeper = as_server(Command::new("sh"))
            .args(["-c", KEEPER, "keeper"])
            .arg(binary("postgres"))
            .arg("-D")
            .arg(self.data())
            .args(["-p", &port, "-k"])
            .arg(&self.folder)
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "shared_buffers=32MB"])
            .args(["-c", "autovacuum=off"])
            .env("GONE", gone)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.keeper = Some(keeper.unwrap());
        let end = Instant::now() + crate::PATIENCE;
        while !self.answers() {
            assert!(Instant::now() < end, "PostgreSQL did not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn answers(&self) -> bool {
        let asked = Command::new(binary("pg_isready"))
            .arg("-q")
            .args(["-p", &self.port.to_string(), "-d", "postgres", "-U", USER, "-h"])
            .arg(&self.folder)
            .status();
        asked.unwrap().success()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

static SHARED: OnceCell<Cluster> = OnceCell::const_new();
static FREE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// An empty database of the shared server; the next test may have it after this one.
pub(crate) struct Database {
    name: String,
    pub(crate) url: String,
    /// Of its server, over TCP.
    pub(crate) port: u16,
    spoilt: AtomicBool,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let cluster = SHARED.get_or_init(share).await;
        let freed = free().pop();
        let name = match freed {
            Some(name) => emptied(cluster, name).await,
            None => copied(cluster).await,
        };
        let url = cluster.url(&name);
        Self { name, url, port: cluster.port, spoilt: AtomicBool::new(false) }
    }

    /// Its URL by way of another port of this machine.
    pub(crate) fn url_by(&self, port: u16) -> String {
        format!("postgres://{USER}@127.0.0.1:{port}/{}", self.name)
    }

    /// Its tables were changed: no other test may have it.
    pub(crate) fn spoil(&self) {
        self.spoilt.store(true, Ordering::Relaxed);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !self.spoilt.load(Ordering::Relaxed) {
            free().push(self.name.clone());
        }
    }
}

fn free() -> std::sync::MutexGuard<'static, Vec<String>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn share() -> Cluster {
    let cluster = Cluster::shared();
    create(&cluster, MODEL).await;
    Store::open(&StoreSettings::at(cluster.url(MODEL))).await.unwrap().close().await;
    cluster
}

/// A session on a database of a server.
pub(crate) async fn session(url: &str) -> PgConnection {
    PgConnectOptions::from_str(url).unwrap().connect().await.unwrap()
}

/// Makes an empty database without any table.
pub(crate) async fn create(cluster: &Cluster, name: &str) {
    let mut session = session(&cluster.url("postgres")).await;
    session.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
}

async fn copied(cluster: &Cluster) -> String {
    let name = format!("essai_{}", fastrand::u64(..));
    let mut session = session(&cluster.url("postgres")).await;
    let copy = format!("CREATE DATABASE {name} TEMPLATE {MODEL}");
    // A session that left the model may not be gone yet.
    while let Err(error) = session.execute(AssertSqlSafe(copy.clone())).await {
        assert!(error.to_string().contains("being accessed"), "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    name
}

async fn emptied(cluster: &Cluster, name: String) -> String {
    let mut session = session(&cluster.url(&name)).await;
    session
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations'",
    )
    .fetch_all(&mut session)
    .await
    .unwrap();
    // The audit log refuses to be emptied.
    session.execute("SET session_replication_role = replica").await.unwrap();
    let truncate = format!("TRUNCATE {} RESTART IDENTITY CASCADE", tables.join(", "));
    session.execute(AssertSqlSafe(truncate)).await.unwrap();
    session.close().await.unwrap();
    name
}

/// Where files vanish with the machine: a server that syncs them costs no disk its time.
fn memory() -> PathBuf {
    let shared = PathBuf::from("/dev/shm");
    if shared.is_dir() { shared } else { std::env::temp_dir() }
}

/// Debian keeps the programs of each version apart; the newest is taken.
fn binary(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| {
            Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin").join(name)))
        })
        .filter(|(_, path): &(u32, PathBuf)| path.is_file())
        .collect();
    found.sort();
    found.pop().expect("PostgreSQL is not installed: these tests need the package postgresql").1
}

/// The server refuses to run as root.
pub(crate) fn as_server(mut command: Command) -> Command {
    if let Some((user, group)) = server_user() {
        command.uid(user).gid(group);
    }
    command.current_dir("/");
    command
}

fn server_user() -> Option<(u32, u32)> {
    let number = |of: &[&str]| id(of).parse::<u32>().unwrap();
    is_root().then(|| (number(&["-u", "postgres"]), number(&["-g", "postgres"])))
}
