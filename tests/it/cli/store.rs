//! `dispolits store`: on real files, and from a file to a real server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Executor};
use store::{Store, StoreSettings};

use super::service::{World, mail};
use super::{Ran, program, ran};
use crate::postgres::{Cluster, create};

/// A store that a service filled: reports, a rejection, replies; and what is read back of it.
async fn filled() -> World {
    let world = World::new().await;
    let service = world.start();
    for (rank, nombre) in [12, -1, 14].into_iter().enumerate() {
        world.send(&format!("r{rank}"), &mail(&format!("r{rank}"), nombre));
    }
    world.settled(3).await;
    assert_eq!(service.stop().0.code(), Some(0));
    world
}

fn store(world: &World, command: &[&str]) -> Ran {
    let config = world.path("config.toml");
    ran(&program().arg("store").args(command).arg("--config").arg(config).output().unwrap())
}

fn database(world: &World) -> PathBuf {
    world.path("dispolits.db")
}

async fn damage(file: &Path, statement: &'static str) {
    let pool = SqlitePool::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    pool.execute(statement).await.unwrap();
    pool.close().await;
}

/// The database is moved out of the way, with its side files.
fn put_away(world: &World) {
    for side in ["", "-wal", "-shm"] {
        drop(fs::remove_file(format!("{}{side}", database(world).display())));
    }
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

#[tokio::test]
async fn a_copy_made_beside_a_running_service_is_restored_as_it_was() {
    let world = World::new().await;
    let service = world.start();
    world.send("avant", &mail("avant", 12));
    world.settled(1).await;
    let copy = world.path("copie.db");
    let told = store(&world, &["backup", &display(&copy)]);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    assert_eq!(told.out, format!("Copie faite et relue : {}, courriels 1, contenus relus 1.\n", copy.display()));
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600, "it holds mails");
    let listed = world.journal("list", &[]).out;
    world.send("apres", &mail("apres", 13));
    world.settled(2).await;

    let busy = store(&world, &["restore", &display(&copy)]);
    assert_eq!(busy.code, 2);
    assert!(busy.err.contains("un autre « dispolits run » utilise déjà cette base"), "{}", busy.err);
    assert_eq!(service.stop().0.code(), Some(0));
    let there = store(&world, &["restore", &display(&copy)]);
    assert_eq!(there.code, 2);
    assert!(there.err.contains("existe déjà : rien n’y est écrit"), "{}", there.err);

    put_away(&world);
    let restored = store(&world, &["restore", &display(&copy)]);
    assert_eq!((restored.code, restored.err.as_str()), (0, ""));
    assert!(restored.out.starts_with("Base restaurée et relue : sqlite://"), "{}", restored.out);
    assert_eq!(world.journal("list", &[]).out, listed);
    let service = world.start();
    world.send("ensuite", &mail("ensuite", 15));
    world.settled(2).await;
    assert_eq!(service.stop().0.code(), Some(0));
    assert_eq!(store(&world, &["check"]).out, "Base saine : courriels 2, contenus relus 2.\n");
}

#[tokio::test]
async fn a_copy_never_takes_the_place_of_a_file_nor_leaves_half_of_one() {
    let world = filled().await;
    world.write("copie.db", "autre chose");
    let refused = store(&world, &["backup", &display(&world.path("copie.db"))]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("existe déjà"), "{}", refused.err);
    assert_eq!(fs::read_to_string(world.path("copie.db")).unwrap(), "autre chose");

    damage(&database(&world), "UPDATE mails SET raw = X'00' WHERE id = 2").await;
    let unsound = store(&world, &["backup", &display(&world.path("autre.db"))]);
    assert_eq!(unsound.code, 2);
    assert!(unsound.err.contains("les octets du courriel 2 ne sont pas ceux qui ont été reçus"), "{}", unsound.err);
    let left: Vec<_> = fs::read_dir(world.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("autre.db")), "{left:?}");
}

#[tokio::test]
async fn what_is_wrong_with_a_store_is_found() {
    let world = filled().await;
    assert_eq!(store(&world, &["check"]).out, "Base saine : courriels 3, contenus relus 3.\n");
    damage(&database(&world), "UPDATE mails SET raw = X'20' WHERE id = 1").await;
    damage(&database(&world), "PRAGMA foreign_keys = OFF; DELETE FROM documents WHERE id = 1").await;
    let found = store(&world, &["check"]);
    assert_eq!((found.code, found.err.as_str()), (1, ""));
    assert!(found.out.contains("Défaut : les octets du courriel 1 ne sont pas"), "{}", found.out);
    assert!(found.out.contains("Défaut : enregistrements qui renvoient à un autre disparu"), "{}", found.out);

    put_away(&world);
    fs::write(world.path("abime.db"), [7_u8; 9000]).unwrap();
    let broken = store(&world, &["restore", &display(&world.path("abime.db"))]);
    assert_eq!(broken.code, 2);
    assert!(broken.err.contains("n’est pas une base saine : le contenu est abîmé"), "{}", broken.err);
    let missing = store(&world, &["restore", &display(&world.path("absent.db"))]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("absent.db n’existe pas"), "{}", missing.err);
}

/// A cut in the middle of the file: pages are missing.
#[tokio::test]
async fn a_file_cut_short_is_found() {
    let world = filled().await;
    let file = fs::File::options().write(true).open(database(&world)).unwrap();
    let size = file.metadata().unwrap().len();
    file.set_len(size - 3 * 4096).unwrap();
    let found = store(&world, &["check"]);
    assert_eq!(found.code, 1, "{}{}", found.out, found.err);
    assert!(found.out.contains("abîmé"), "{}", found.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_copied_to_a_server_whole_and_the_service_goes_on_there() {
    let cluster = Cluster::start();
    create(&cluster, "lits").await;
    let url = cluster.url("lits");
    let mut world = filled().await;
    let listed = world.journal("list", &[]).out;
    let from = format!("sqlite://{}", database(&world).display());
    damage(&database(&world), "INSERT INTO holds VALUES ('350054680', 'C01-A', 1)").await;
    damage(
        &database(&world),
        "INSERT INTO incidents (kind, object, severity, level, sentence, since, opened_at, seen_at, told_at, closed_at)
         VALUES ('ror-indisponible', 'ROR', 'grave', 0, 'le ROR ne répond pas', 1, 2, 3, 4, 5),
                ('certificat-expirant', '/a.pem', 'attention', 2, 'il expire', 6, 7, 8, 9, NULL);
         INSERT INTO alerts (incident_id, event, way, etat, created_at, attempts, next_at, closed_at, told, failure)
         VALUES (1, 'ouverture', 'courriel', 'envoyee', 10, 1, 11, 12, 'a***@r***.test', NULL),
                (2, 'ouverture', 'webhook', 'a-envoyer', 13, 2, 14, NULL, NULL, 'HTTP 500')",
    )
    .await;
    let own = store(&world, &["migrate", "--depuis", &from]);
    assert_eq!(own.code, 2);
    assert!(own.err.contains("la copie va d’un fichier"), "{}", own.err);

    world.keep_state_in(&url);
    let told = store(&world, &["migrate", "--depuis", &from]);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    assert!(told.out.contains("mails        3\n") && told.out.contains("Copie faite et vérifiée"), "{}", told.out);
    assert!(told.out.contains("incidents    2\n") && told.out.contains("alerts       2\n"), "{}", told.out);
    compare(&from, &url).await;
    assert_eq!(world.journal("list", &[]).out, listed);
    assert_eq!(store(&world, &["check"]).out, "Base saine : courriels 3, contenus relus 3.\n");

    let again = store(&world, &["migrate", "--depuis", &from]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("n’est pas vide (table mails) : rien n’est copié"), "{}", again.err);
    compare(&from, &url).await;
    let service = world.start();
    world.send("ensuite", &mail("ensuite", 15));
    world.settled(4).await;
    assert_eq!(service.stop().0.code(), Some(0));
}

/// Every table of ours, every column, every row.
async fn compare(from: &str, to: &str) {
    let (file, server) = (SqlitePool::connect(from).await.unwrap(), PgPool::connect(to).await.unwrap());
    let moment = ["workers", "duties", "numbers", "sessions", "failures", "_sqlx_migrations"];
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            .fetch_all(&server)
            .await
            .unwrap();
    let mut filled = 0;
    for table in tables.iter().filter(|table| !moment.contains(&table.as_str())) {
        let columns: Vec<(String, String)> =
            sqlx::query_as("SELECT name, type FROM pragma_table_info(?1) ORDER BY cid")
                .bind(table)
                .fetch_all(&file)
                .await
                .unwrap();
        let text = |blob: &str, (name, kind): &(String, String)| {
            let shown = if kind == "BLOB" { blob.replace('@', name) } else { format!("CAST({name} AS TEXT)") };
            format!("COALESCE({shown}, 'NULL')")
        };
        let select = |blob: &str| {
            let all: Vec<String> = columns.iter().map(|column| text(blob, column)).collect();
            AssertSqlSafe(format!("SELECT {} FROM {table}", all.join(" || '|' || ")))
        };
        let mut before: Vec<String> = sqlx::query_scalar(select("hex(@)")).fetch_all(&file).await.unwrap();
        let mut after: Vec<String> =
            sqlx::query_scalar(select("upper(encode(@, 'hex'))")).fetch_all(&server).await.unwrap();
        before.sort();
        after.sort();
        assert_eq!(before, after, "{table}");
        filled += usize::from(!before.is_empty());
    }
    assert!(filled >= 8, "too little to compare: {filled} tables");
    file.close().await;
    server.close().await;
}

/// A server is kept by its own tools: these commands say by which, and what they make is a store again.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_backed_up_by_its_own_tools() {
    let cluster = Cluster::start();
    create(&cluster, "lits").await;
    create(&cluster, "rendue").await;
    let mut world = World::new().await;
    world.keep_state_in(&cluster.url("lits"));
    let service = world.start();
    world.send("a", &mail("a", 12));
    world.settled(1).await;
    let told = store(&world, &["backup", &display(&world.path("copie"))]);
    assert_eq!(told.code, 2);
    assert!(told.err.contains("pg_dump --format=custom"), "{}", told.err);
    let dump = cluster.dump("lits");
    assert_eq!(service.stop().0.code(), Some(0));
    let told = store(&world, &["restore", &display(&world.path("config.toml"))]);
    assert!(told.code == 2 && told.err.contains("pg_restore --exit-on-error"), "{}", told.err);
    cluster.restore("rendue", &dump);
    world.keep_state_in(&cluster.url("rendue"));
    assert_eq!(store(&world, &["check"]).out, "Base saine : courriels 1, contenus relus 1.\n");
    let opened = Store::open(&StoreSettings::at(cluster.url("rendue"))).await.unwrap();
    assert_eq!(opened.balance(None).await.unwrap().recus, 1);
    opened.close().await;
}
