//! An indicator that stands in the ROR under both codes: seen by reading, told, and deleted if an operator says so.

use campaign::simulator::Effect;
use domain::access::audit::{AuditEntry, Deed};

use super::Line;
use crate::store::bench::beds;
use crate::store::engine::{Engine, on_both_engines};

/// Our code in these tests is 03.
const OURS: &str = "03";

async fn doubled(engine: Engine) -> Line {
    let line = Line::with(engine, |policy| policy.read_before_write = true).await;
    // The replace finds nothing; the add leaves the twin.
    let twin = campaign::simulator::SimulatedFault { apres: 1, ..Effect::Jumeau.once() };
    line.simulator.inject(twin);
    line.store.report("a", vec![beds(4, 5)]).await;
    line.round().await;
    assert_eq!(line.numbers(), [4, 4]);
    line
}

fn entry() -> AuditEntry {
    AuditEntry::new("commande:essai", Deed::SupprimerDouble, "lieu 350054680/SSR1")
}

async fn a_twin_is_seen_by_the_next_reading_and_deleted_when_asked(engine: Engine) {
    let line = doubled(engine).await;
    let store = &line.store.store;
    assert_eq!(store.twins(OURS).await.unwrap(), [], "nothing was read since");
    line.store.report("b", vec![beds(5, 6)]).await;
    line.round().await;
    let seen = store.twins(OURS).await.unwrap();
    assert_eq!(seen.len(), 1);
    let twin = &seen[0];
    assert_eq!((twin.lieu.as_str(), twin.twin.genre_code.as_str(), twin.twin.nombre), ("350054680/SSR1", "04", 4));
    assert_eq!(store.twins("04").await.unwrap(), [], "under the code in force it is no twin");
    assert!(!store.remove_twin(twin.id, "04", &entry(), line.store.now()).await.unwrap());
    assert!(store.remove_twin(twin.id, OURS, &entry(), line.store.now()).await.unwrap());
    assert!(!store.remove_twin(twin.id, OURS, &entry(), line.store.now()).await.unwrap(), "asked for already");
    assert!(store.twins(OURS).await.unwrap()[0].is_going);
    line.round().await;
    assert_eq!(line.numbers(), [5], "ours stays");
    assert_eq!(store.twins(OURS).await.unwrap(), []);
    assert_eq!(line.store.number("SELECT COUNT(*) FROM audit WHERE deed = 'supprimer-double'").await, 1);
}

async fn a_twin_that_is_gone_by_itself_is_told_no_more(engine: Engine) {
    let line = doubled(engine).await;
    line.store.report("b", vec![beds(5, 6)]).await;
    line.round().await;
    assert_eq!(line.store.store.twins(OURS).await.unwrap().len(), 1);
    let removal =
        line.simulator.state().into_iter().filter(|one| one.indicateur.genre.as_deref() == Some("04")).count();
    assert_eq!(removal, 1);
    line.simulator.forget("04");
    line.store.report("c", vec![beds(6, 7)]).await;
    line.round().await;
    assert_eq!(line.store.store.twins(OURS).await.unwrap(), []);
}

on_both_engines! {
    a_twin_is_seen_by_the_next_reading_and_deleted_when_asked,
    a_twin_that_is_gone_by_itself_is_told_no_more,
}
