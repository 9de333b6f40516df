//! `dispolits journal twins`, beside a service that reads before it writes.

use campaign::simulator::{Effect, SimulatedFault};

use super::dispolits;
use super::service::{World, mail, until};

/// Available beds, for whose genre both codes are possible.
fn available(name: &str, nombre: i64) -> String {
    mail(name, nombre).replace("statut=\"installe\"", "statut=\"disponible\"")
}

/// Code of the genre and number of all that the ROR holds.
fn held(world: &World) -> Vec<(String, i64)> {
    let held = world.simulator.state().into_iter();
    held.map(|one| (one.indicateur.genre.unwrap_or_default(), one.nombre)).collect()
}

#[tokio::test]
async fn a_twin_is_listed_and_deleted_by_the_running_service() {
    let mut world = World::new().await;
    world.change("settle = \"1s\"", "settle = \"1s\"\nread_before_write = true");
    let service = world.start();
    let none = world.journal("twins", &[]);
    assert_eq!(none.code, 0, "{}", none.out);
    // The add, after the replace that finds nothing.
    world.simulator.inject(SimulatedFault { apres: 1, ..Effect::Jumeau.once() });
    world.send("un", &available("un", 3));
    world.settled(1).await;
    world.send("deux", &available("deux", 4));
    world.settled(2).await;
    let pair = |code: &str, nombre| (code.to_owned(), nombre);
    assert_eq!(held(&world), [pair("03", 3), pair("04", 4)]);
    assert!(service.log().contains("sous le code de genre 03"), "{}", service.log());
    let listed = world.journal("twins", &["--format", "json"]);
    assert_eq!(listed.code, 1, "{}", listed.out);
    let line: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!((&line["lieu"], &line["code"], &line["nombre"]), (&"350054680/C01-A".into(), &"03".into(), &3.into()));
    assert_eq!(world.journal("twins", &["--supprimer", "99"]).code, 2);
    let asked = world.journal("twins", &["--supprimer", "1", "--note", "vu avec le service"]);
    assert_eq!(asked.code, 0, "{} {}", asked.out, asked.err);
    until("the twin to be gone", async || held(&world) == [pair("04", 4)]).await;
    until("the store to know it", async || world.journal("twins", &[]).code == 0).await;
    let audit = dispolits(&["journal", "audit", "list", "--config", world.path("config.toml").to_str().unwrap()]).out;
    assert!(audit.contains("indicateur en double") || audit.contains("supprimer-double"), "{audit}");
    assert_eq!(service.stop().0.code(), Some(0));
}
