//! Our own faults: told apart, never a verdict; and a schema that is brought up to date once.

use std::str::FromStr;
use std::time::Duration;

use domain::defect::Actor;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{Connection, Executor};
use store::search::{Filter, Page};
use store::{Store, StoreError, StoreSettings};

use super::bench::{Bench, beds};
use super::engine::{Engine, on_both_engines};
use crate::postgres::{Cluster, session};

/// What a write to the file meets, by how it is provoked.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    FullDisk,
    ReadOnly,
    Locked,
    Constraint,
    BrokenFile,
    MissingTable,
}

async fn provoke(bench: &Bench, trouble: Trouble) -> StoreError {
    let path = bench.home.file();
    let options = SqliteConnectOptions::new().filename(&path).busy_timeout(Duration::ZERO);
    let options = options.read_only(matches!(trouble, Trouble::ReadOnly));
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let holder = SqlitePool::connect_with(SqliteConnectOptions::new().filename(&path)).await.unwrap();
    let big = "INSERT INTO mails (account, position, sha256, raw, size, received_at)
               VALUES ('a', 'b', 'c', zeroblob(1000000), 1, 1)";
    let error = match trouble {
        Trouble::FullDisk => {
            sqlx::query("PRAGMA max_page_count = 1").execute(&pool).await.unwrap();
            sqlx::query(big).execute(&pool).await
        }
        Trouble::ReadOnly => sqlx::query(big).execute(&pool).await,
        Trouble::Locked => {
            let lock = holder.begin_with("BEGIN IMMEDIATE").await.unwrap();
            let error = sqlx::query(big).execute(&pool).await;
            drop(lock);
            error
        }
        Trouble::Constraint => sqlx::query("INSERT INTO mails (id) VALUES (1)").execute(&pool).await,
        Trouble::BrokenFile => {
            let broken = path.with_file_name("abîmé.db");
            std::fs::write(&broken, [b'x'; 4096]).unwrap();
            return Store::open(&StoreSettings::at(format!("sqlite://{}", broken.display()))).await.unwrap_err();
        }
        Trouble::MissingTable => sqlx::query("INSERT INTO absente VALUES (1)").execute(&pool).await,
    };
    StoreError::from(error.unwrap_err())
}

async fn check(trouble: Trouble, transient: bool, of_one_record: bool) {
    let bench = Bench::new(Engine::Sqlite).await;
    let error = provoke(&bench, trouble).await;
    assert_eq!((error.is_transient(), error.is_of_one_record()), (transient, of_one_record), "{trouble:?}: {error}");
}

#[tokio::test]
async fn faults_of_a_file_are_told_apart() {
    check(Trouble::FullDisk, true, false).await;
    check(Trouble::Locked, true, false).await;
    check(Trouble::ReadOnly, false, false).await;
    check(Trouble::BrokenFile, false, false).await;
    check(Trouble::MissingTable, false, false).await;
    check(Trouble::Constraint, false, true).await;
}

/// What a statement meets on the server.
async fn check_server(bench: &Bench, statements: &'static str, transient: bool, of_one_record: bool) {
    let mut session = session(&bench.settings().url).await;
    let error = StoreError::from(session.execute(statements).await.unwrap_err());
    assert_eq!((error.is_transient(), error.is_of_one_record()), (transient, of_one_record), "{statements}: {error}");
}

#[tokio::test]
async fn faults_of_a_server_are_told_apart() {
    let bench = Bench::new(Engine::Postgres).await;
    let mail = "INSERT INTO mails (account, position, sha256, size, received_at) VALUES ('a', 'a', 'a', 1, 0)";
    let mut other = session(&bench.settings().url).await;
    other.execute(mail).await.unwrap();
    let mut holder = other.begin().await.unwrap();
    holder.execute("UPDATE mails SET size = 2").await.unwrap();
    // What `lock_timeout` and `statement_timeout` end in, without the server's timers: under another clock they may not fire.
    check_server(&bench, "SELECT id FROM mails FOR UPDATE NOWAIT", true, false).await;
    check_server(&bench, "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(60)", true, false).await;
    check_server(&bench, "SELECT pg_terminate_backend(pg_backend_pid())", true, false).await;
    check_server(&bench, "BEGIN READ ONLY; DELETE FROM mails", false, false).await;
    check_server(&bench, "INSERT INTO absente VALUES (1)", false, false).await;
    check_server(&bench, "INSERT INTO mails (id) VALUES (7)", false, true).await;
    check_server(&bench, "SELECT CAST('x' AS BIGINT)", false, true).await;
}

#[tokio::test]
async fn a_server_that_goes_away_is_come_back_to() {
    let mut cluster = Cluster::start();
    crate::postgres::create(&cluster, "lits").await;
    let store = Store::open(&StoreSettings::at(cluster.url("lits"))).await.unwrap();
    cluster.stop();
    let error = store.balance(None).await.unwrap_err();
    assert!(error.is_transient() && !error.is_of_one_record(), "{error}");
    cluster.restart();
    assert!(store.balance(None).await.unwrap().holds());
}

async fn an_unreadable_value_concerns_its_record_alone(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("a", vec![beds(1, 0)]).await;
    bench.execute("UPDATE updates SET nature = 'tente'").await;
    let error = bench.store.outcome(id).await.unwrap_err();
    assert!(error.is_of_one_record() && !error.is_transient(), "{error}");
    assert!(error.to_string().contains("tente"));
}

async fn migrations_are_made_once_and_an_older_database_is_brought_up_to_date(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let id = bench.report("a", vec![beds(1, 0)]).await;
    let made = bench.number("SELECT COUNT(*) FROM _sqlx_migrations").await;
    bench.restart().await;
    bench.restart().await;
    assert_eq!(bench.number("SELECT COUNT(*) FROM _sqlx_migrations").await, made);
    assert_eq!(bench.etats(id).await, [domain::outcome::Etat::EnAttente]);
}

/// PostgreSQL has no U+0000 in its texts, and the sender of a mail may write anything.
async fn a_nul_character_is_stored_as_another(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.receive("a", "a").await;
    let mail = store::JudgedMail { message_id: Some("a\0b@ch-armor.test".to_owned()), ..super::bench::judged(vec![]) };
    bench.record(id, &mail).await;
    assert_eq!(bench.outcome(id).await.message_id.as_deref(), Some("a\u{fffd}b@ch-armor.test"));
}

on_both_engines! {
    an_unreadable_value_concerns_its_record_alone,
    migrations_are_made_once_and_an_older_database_is_brought_up_to_date,
    a_nul_character_is_stored_as_another,
}

#[tokio::test]
async fn rows_that_wait_survive_an_upgrade() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ancien.db");
    let url = format!("sqlite://{}", path.display());
    let options = SqliteConnectOptions::from_str(&url).unwrap().create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let migrator = sqlx::migrate!("src/store/migrations/sqlite");
    migrator.run_to(1, &pool).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO mails (id, account, position, sha256, size, received_at, judged_at, folder)
             VALUES (1, 'x', 'a', 'a', 1, 0, 0, 'traites');
         INSERT INTO documents (id, mail_id, rank, name, sender, sha256, test) VALUES (1, 1, 0, 'r', 's@a.test', 'a', 0);
         INSERT INTO updates (mail_id, document_id, finess, service, indicator, nature, nombre, source, date_releve,
                              etat, next_at)
             VALUES (1, 1, '350054680', 'SSR1', 'installe/courant/-/-/-/-/aucune', 'lit', 7, 'dpi', 0,
                     'en-attente', 0);",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
    let store = Store::open(&StoreSettings::at(url)).await.unwrap();
    let shift = super::bench::worker(&store, "essai").await;
    let claimed = shift.claim(1, "2026-11-23T07:00:00Z".parse().unwrap()).await.unwrap();
    assert_eq!(claimed[0].rows[0].update.count.nombre.get(), 7);
}

#[tokio::test]
async fn who_must_act_on_a_warning_is_found_after_an_upgrade() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("ancien.db").display());
    let options = SqliteConnectOptions::from_str(&url).unwrap().create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    sqlx::migrate!("src/store/migrations/sqlite").run_to(10, &pool).await.unwrap();
    sqlx::raw_sql(
        r#"INSERT INTO mails (id, account, position, sha256, size, received_at) VALUES (1, 'x', 'a', 'a', 1, 0);
           INSERT INTO journal (mail_id, received_at, account, sender, verdict) VALUES (1, 0, 'x', '', 'integre');
           INSERT INTO defects (mail_id, code, severity, content)
               VALUES (1, 'C04', 'avertissement', '{"agir":["etablissement"]}');
           INSERT INTO facets (mail_id, facet, received_at, rejection) VALUES (1, 'C04', 0, 0);"#,
    )
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
    let store = Store::open(&StoreSettings::at(url)).await.unwrap();
    let found = async |filter: Filter| store.journal(&filter, &Page::newest(9)).await.unwrap().lines.len();
    assert_eq!(found(Filter { actor: Some(Actor::Etablissement), ..Filter::default() }).await, 1);
    assert_eq!(found(Filter { rejected: true, ..Filter::default() }).await, 0);
}

#[tokio::test]
async fn one_worker_at_a_time_on_a_file() {
    let mut bench = Bench::new(Engine::Sqlite).await;
    let lock = Store::lock(&bench.settings()).unwrap();
    assert!(matches!(Store::lock(&bench.settings()), Err(StoreError::Busy(_))));
    bench.restart().await;
    assert!(matches!(Store::lock(&bench.settings()), Err(StoreError::Busy(_))), "held by the value, not by the store");
    drop(lock);
    Store::lock(&bench.settings()).unwrap();
}
