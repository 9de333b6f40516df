//! Certificates as the running service watches them: what its journal says.

use base::config_values::PemFiles;

use super::service::World;
use crate::tls::forge::{Forge, dated};

/// Puts a client certificate valid for so many more days in the place of the service's.
fn age(world: &World, days: i64) {
    let forge = Forge::new();
    let PemFiles { certificate, key } = forge.leaf(&forge.authority("TEST AC ORG"), |params| dated(params, -800, days));
    std::fs::copy(certificate, world.path("pki/client.pem")).unwrap();
    std::fs::copy(key, world.path("pki/client.key")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_our_certificate_is_told_once_for_its_threshold() {
    for (days, level, words) in
        [(80, " WARN ", "expire le "), (20, "ERROR ", "expire le "), (-3, "ERROR ", "a expiré le ")]
    {
        let world = World::new().await;
        age(&world, days);
        let service = world.start();
        service.wait_for("échéance de certificat : ", 1);
        let (_, log) = service.stop();
        let lines: Vec<&str> = log.lines().filter(|line| line.contains("échéance de certificat")).collect();
        assert_eq!(lines.len(), 1, "{log}");
        for words in [level, words, "client.pem (« CN=localhost »)", "IGC-Santé"] {
            assert!(lines[0].contains(words), "{words}: {}", lines[0]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_young_certificate_is_not_told() {
    let world = World::new().await;
    age(&world, 300);
    let (_, log) = world.start().stop();
    assert!(!log.contains("échéance de certificat"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn test_certificates_do_not_start_in_production() {
    let world = World::new().await;
    let text = std::fs::read_to_string(world.path("config.toml")).unwrap();
    world.write("config.toml", &text.replace("\"qualification\"", "\"production\""));
    let ran = world.refused();
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("ror.api.ca, qui contient des autorités de l’IGC-Santé de test"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_had_is_told_and_nothing_leaves() {
    let world = World::new().await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let folder = world.path("listes").display().to_string();
    world.configure(&format!(
        "[revocation]\nurls = [\"http://{closed}/x.crl\"]\nconnections = [\"ror\"]\nfolder = {folder:?}\n"
    ));
    let service = world.start();
    service.wait_for("aucune liste de révocation utilisable (http://", 1);
    world.send("1.M1.h", &super::service::mail("R-1", 3));
    service.wait_for("envois au ROR suspendus", 1);
    let (_, log) = service.stop();
    assert!(log.contains("connexion impossible"), "{log}");
    assert!(world.simulator.state().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_section_without_source_is_refused() {
    let world = World::new().await;
    world.configure("[revocation]\nfiles = []\n");
    let ran = world.refused();
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("[revocation] demande au moins une adresse"), "{}", ran.err);
}
