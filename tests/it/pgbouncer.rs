//! A real PgBouncer before a real PostgreSQL: what its modes do to a store.
#![cfg(test)]

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base::config_values::Span;
use sqlx::{Connection, Executor};
use store::inspect::StoreInspection;
use store::{Store, StoreError, StoreSettings, WorkerLease};
use tempfile::TempDir;

use crate::child::free_port;
use crate::postgres::{Cluster, USER, as_server, create, session};

/// Runs it until its standard input is closed, which the death of the test does too. A shell has what it puts behind it
/// ignore SIGQUIT.
const KEEPER: &str = r#""$@" & read -r _; kill -TERM $!; wait"#;

/// A PgBouncer that ends with the value.
pub(crate) struct Pooler {
    _folder: TempDir,
    port: u16,
    keeper: Child,
}

impl Pooler {
    /// Before a server, in this mode; with these `lines` in its section.
    pub(crate) fn before(cluster: &Cluster, mode: &str, lines: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("pgbouncer").tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let (ini, users) = (folder.path().join("pgbouncer.ini"), folder.path().join("users"));
        std::fs::write(&users, format!("\"{USER}\" \"\"\n")).unwrap();
        let ((socket, server), port) = (cluster.socket(), free_port());
        let text = format!(
            "[databases]\n* = host={} port={server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = {mode}\ndefault_pool_size = 40\n{lines}\n",
            socket.display(),
            users.display()
        );
        std::fs::write(&ini, text).unwrap();
        let keeper = as_server(Command::new("sh"))
            .args(["-c", KEEPER, "keeper", "pgbouncer", "-q"])
            .arg(&ini)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let end = Instant::now() + Duration::from_mins(1);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "PgBouncer did not start: is the package pgbouncer installed?");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { _folder: folder, port, keeper }
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().unwrap();
    }
}

async fn server(database: &str) -> Cluster {
    let cluster = Cluster::start();
    create(&cluster, database).await;
    cluster
}

/// What the sessions of a store keep to, as a row that they write finds it.
async fn limits(cluster: &Cluster, store: &Store) -> (String, String, String, String) {
    let mut direct = session(&cluster.url("lits")).await;
    direct
        .execute(
            "CREATE TABLE seen (a text, b text, c text, d text);
             CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 INSERT INTO seen VALUES (current_setting('statement_timeout'), current_setting('lock_timeout'),
                     current_setting('idle_in_transaction_session_timeout'), current_setting('synchronous_commit'));
                 RETURN NULL; END $$;
             CREATE TRIGGER see AFTER INSERT ON workers FOR EACH ROW EXECUTE FUNCTION see()",
        )
        .await
        .unwrap();
    WorkerLease::new(store.clone(), "essai", Duration::from_secs(30)).begin().await.unwrap();
    sqlx::query_as("SELECT a, b, c, d FROM seen").fetch_one(&mut direct).await.unwrap()
}

#[tokio::test]
async fn a_session_keeps_its_limits_behind_a_pooler_of_sessions() {
    for more in ["", "ignore_startup_parameters = options, extra_float_digits"] {
        let cluster = server("lits").await;
        let pooler = Pooler::before(&cluster, "session", more);
        let mut settings = StoreSettings::at(pooler.url("lits"));
        settings.lease = Span::seconds(8);
        let store = Store::open(&settings).await.unwrap();
        let kept = limits(&cluster, &store).await;
        let wanted = ["30s", "10s", "4s", "on"].map(str::to_owned);
        assert_eq!(kept, wanted.into(), "{more}");
        store.close().await;
        let look = StoreInspection::connect(&settings).await.unwrap();
        look.close().await;
    }
}

#[tokio::test]
async fn a_pooler_that_shares_sessions_is_refused() {
    let cluster = server("lits").await;
    Store::open(&StoreSettings::at(cluster.url("lits"))).await.unwrap().close().await;
    let ignoring = "ignore_startup_parameters = extra_float_digits\n";
    for (mode, more) in [("transaction", ""), ("transaction", "server_round_robin = 1"), ("statement", "")] {
        let more = &format!("{ignoring}{more}");
        let pooler = Pooler::before(&cluster, mode, more);
        let settings = StoreSettings::at(pooler.url("lits"));
        // With no other client, and beside two whose sessions it may hand out too.
        for others in [0, if mode == "transaction" { 2 } else { 0 }] {
            let mut clients = Vec::new();
            for _ in 0..others {
                let mut client = session(&pooler.url("lits")).await;
                client.execute("BEGIN").await.unwrap();
                clients.push(client);
            }
            for client in &mut clients {
                client.execute("COMMIT").await.unwrap();
            }
            for error in [
                Store::open(&settings).await.err(),
                Store::open_existing(&settings).await.err(),
                StoreInspection::connect(&settings).await.err(),
            ] {
                let error = error.unwrap();
                assert!(matches!(error, StoreError::Pooled), "{mode} {more} {others}: {error}");
                assert!(error.to_string().contains("pool_mode = session") && !error.is_transient());
            }
            for client in clients {
                client.close().await.unwrap();
            }
        }
    }
}

/// The server says that it is older than it is.
#[tokio::test]
async fn a_server_that_is_too_old_is_refused() {
    let cluster = server("lits").await;
    let mut direct = session(&cluster.url("lits")).await;
    direct
        .execute(
            "CREATE SCHEMA faux; GRANT USAGE ON SCHEMA faux TO PUBLIC;
             CREATE FUNCTION faux.current_setting(asked text) RETURNS text LANGUAGE sql AS
             $$ SELECT CASE asked WHEN 'server_version' THEN '11.22 (Debian 11.22-1)'
                ELSE pg_catalog.current_setting(asked) END $$;
             ALTER DATABASE lits SET search_path = faux, pg_catalog, public",
        )
        .await
        .unwrap();
    let settings = StoreSettings::at(cluster.url("lits"));
    let error = Store::open(&settings).await.unwrap_err();
    assert_eq!(error.to_string(), "PostgreSQL 11.22 est trop ancien : il faut la version 12 ou une plus récente");
    assert!(matches!(StoreInspection::connect(&settings).await, Err(StoreError::TooOld { .. })));
    direct.execute("ALTER DATABASE lits RESET search_path").await.unwrap();
    Store::open(&settings).await.unwrap().close().await;
}
