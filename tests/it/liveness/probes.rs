//! `/healthz` and `/readyz`: a fault of the worker is one, an outage of others is shown.

use campaign::simulator::Effect;
use edges::mailbox::Security;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::{WATCHED, get, readiness};
use crate::cli::service::{Service, World, mail, until};
use crate::mailbox::scripted::server::Server;
use crate::postgres::{Cluster, create};

#[tokio::test]
async fn a_worker_that_sweeps_is_ready() {
    let world = World::new().await;
    world.configure(WATCHED);
    let service = world.start();
    assert_eq!(readiness(&service, 200).await, "prêt\n");
    assert_eq!(get(&service, "/healthz").status, 200);
    assert_eq!(get(&service, "/").status, 404);
    assert_eq!(service.stop().0.code(), Some(0));
}

/// B1: the death of a poller, silent for everybody but its users.
#[tokio::test]
async fn a_sweep_that_hangs_is_not_ready_and_the_process_still_answers() {
    let mut world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::bind(folder.path(), Security::Tls).await;
    let (settings, mute) = (server.settings(), server.mute());
    tokio::spawn(server.serve(Vec::new()));
    let imap = format!(
        "[mailbox.imap]\nhost = \"localhost\"\nport = {}\nsecurity = \"tls\"\nuser = \"{}\"\npassword = \"secret\"\n\
         ca = \"{}\"\nfolder = \"INBOX\"\ntimeout = \"10min\"\n",
        settings.port,
        settings.user,
        settings.ca.unwrap().display(),
    );
    world.replace("[mailbox.maildir]", &imap);
    world.configure(&format!("{WATCHED}sweep_delay = \"1s\"\n"));
    let service = world.start();
    readiness(&service, 200).await;
    mute.store(true, std::sync::atomic::Ordering::Relaxed);
    let said = readiness(&service, 503).await;
    assert!(said.starts_with("pas prêt\n- aucune relève complète depuis "), "{said}");
    assert!(said.contains(" : principale\n"), "{said}");
    assert_eq!(get(&service, "/healthz").status, 200);
}

#[tokio::test]
async fn an_outage_of_the_ror_is_shown_and_is_no_fault_of_the_worker() {
    let world = World::new().await;
    world.configure(WATCHED);
    world.simulator.inject(Effect::Statut { statut: 503, retry_after: None }.times(100_000));
    let service = world.start_with(&[
        ("DISPOLITS__ROR__DELIVERY__BREAKER_FAILURES", "1"),
        ("DISPOLITS__ROR__DELIVERY__BREAKER_PAUSE", "1s"),
        ("DISPOLITS__ROR__DELIVERY__LATE_AFTER", "1s"),
    ]);
    readiness(&service, 200).await;
    world.send("panne", &mail("panne", 20));
    until("the outage to be shown", async || {
        let said = get(&service, "/readyz");
        assert_eq!(said.status, 200, "{}", said.body);
        said.body.contains("- envois au ROR suspendus")
            && said.body.contains("1 lignes attendent le ROR, dont 1 en retard")
    })
    .await;
    world.simulator.clear_faults();
    until("the end of the outage", async || get(&service, "/readyz").body == "prêt\n").await;
    assert_eq!(service.stop().0.code(), Some(0));
}

#[tokio::test]
async fn a_task_that_gives_no_sign_is_stuck() {
    let world = World::new().await;
    world.configure(&format!("{WATCHED}stuck_after = \"3s\"\n"));
    let service = world.start();
    readiness(&service, 200).await;
    let options = SqliteConnectOptions::new().filename(world.path("dispolits.db"));
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    world.send("verrou", &mail("verrou", 20));
    let said = readiness(&service, 503).await;
    assert!(said.contains("- tâche bloquée depuis ") && said.contains(": relève de la boîte principale"), "{said}");
    assert_eq!(get(&service, "/healthz").status, 200);
    service.wait_for("le service est bloqué : pas prêt ; tâche bloquée", 1);
    lock.rollback().await.unwrap();
    service.wait_for("le service n’est plus bloqué", 1);
    world.settled(1).await;
    readiness(&service, 200).await;
}

/// One of them reads the mailbox; the other has no sweep to its name, and is as ready.
#[tokio::test]
async fn a_worker_whose_mailbox_another_reads_is_ready() {
    let cluster = Cluster::start();
    create(&cluster, "lits").await;
    let mut world = World::new().await;
    world.keep_state_in(&cluster.url("lits"));
    world.lease(3);
    world.configure(&format!("{WATCHED}sweep_delay = \"3s\"\n"));
    let (one, other) = (world.start(), world.start());
    let is_elsewhere = |service: &Service| service.log().contains("la boîte est relevée par un autre service");
    until("one to read the mailbox alone", async || is_elsewhere(&one) || is_elsewhere(&other)).await;
    let reads = |service: &Service| get(service, "/metrics").body.contains("dispolits_last_sweep_timestamp_seconds{");
    until("a sweep of one of them", async || reads(&one) != reads(&other)).await;
    for service in [&one, &other] {
        assert_eq!(readiness(service, 200).await, "prêt\n");
    }
    let (reader, spare) = if reads(&one) { (one, other) } else { (other, one) };
    reader.kill();
    until("the other to take over", async || reads(&spare)).await;
    readiness(&spare, 200).await;
    assert_eq!(spare.stop().0.code(), Some(0));
}

/// B1 again: nothing can be known of a database that does not answer.
#[tokio::test]
async fn a_worker_without_its_database_is_not_ready() {
    let cluster = Cluster::start();
    create(&cluster, "lits").await;
    let mut world = World::new().await;
    world.keep_state_in(&cluster.url("lits"));
    world.configure(&format!("{WATCHED}sweep_delay = \"1s\"\n"));
    let service = world.start();
    readiness(&service, 200).await;
    drop(cluster);
    let said = readiness(&service, 503).await;
    assert!(said.starts_with("pas prêt\n"), "{said}");
    assert_eq!(get(&service, "/healthz").status, 200);
    assert!(get(&service, "/metrics").body.contains("dispolits_store_up 0\n"));
}

#[tokio::test]
async fn an_address_that_is_taken_is_told_and_stops_nothing() {
    let world = World::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    world.configure(&format!("[health]\nlisten = \"{}\"\n", taken.local_addr().unwrap()));
    let service = world.start();
    service.wait_for("surveillance sans adresse : impossible d’écouter sur 127.0.0.1:", 1);
    world.send("sans", &mail("sans", 20));
    world.settled(1).await;
    drop(taken);
    service.wait_for("surveillance à l’adresse http://127.0.0.1:", 1);
    readiness(&service, 200).await;
}

#[tokio::test]
async fn only_this_machine_may_ask() {
    let world = World::new().await;
    world.configure("[health]\nlisten = \"0.0.0.0:9464\"\n");
    let refused = world.refused();
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("health.listen : seule une adresse de cette machine est admise"), "{}", refused.err);
}
