//! Reading before writing: what somebody entered by hand after our observation is left in the ROR.

use dispolits::clock::Clock;
use dispolits::outcome::Etat;
use dispolits::ror::Client;

use super::Line;
use crate::ror::bench::{make_pki, settings};
use crate::store::bench::{at_location, beds};
use crate::store::engine::{Engine, on_both_engines};

async fn reading(engine: Engine) -> Line {
    Line::with(engine, |policy| policy.read_before_write = true).await
}

fn reads(line: &Line) -> usize {
    line.simulator.requests().iter().filter(|request| request.methode == "GET").count()
}

async fn a_later_manual_entry_is_left_and_both_are_shown(engine: Engine) {
    let line = reading(engine).await;
    line.store.report("avant", vec![beds(4, 5)]).await;
    line.round().await;
    line.store.report("main", vec![beds(7, 60)]).await;
    line.round().await;
    assert_eq!(line.numbers(), [7]);
    // As if the second had been entered by hand: the store knows nothing of it.
    line.store.execute("DELETE FROM attempts").await;
    line.store.execute("DELETE FROM updates WHERE nombre = 7").await;
    let ours = line.store.report("apres", vec![beds(5, 30)]).await;
    assert_eq!(line.round().await, 0, "nothing is written");
    assert_eq!(line.numbers(), [7]);
    assert_eq!(line.store.etats(ours).await, [Etat::Depassee]);
    let row = line.store.store.rows_of(ours).await.unwrap().remove(0);
    assert_eq!(row.held, Some((beds(7, 60).date_releve, 7)));
    assert_eq!(row.line.update.count.nombre.get(), 5);
}

async fn an_earlier_value_and_none_at_all_are_written_over(engine: Engine) {
    let line = reading(engine).await;
    line.store.report("a", vec![beds(4, 5)]).await;
    line.round().await;
    line.store.report("b", vec![beds(5, 30)]).await;
    line.round().await;
    assert_eq!(line.numbers(), [5]);
    assert_eq!(reads(&line), 2);
    // Of another indicator and of another location nothing is concluded.
    line.store.report("c", vec![at_location("SSR2", 6, 1)]).await;
    line.round().await;
    assert_eq!(line.numbers(), [5, 6]);
}

#[tokio::test]
async fn a_location_that_does_not_exist_is_told_by_the_write() {
    let line = reading(Engine::Sqlite).await;
    let mail = line.store.report("a", vec![at_location("ABSENT", 4, 5)]).await;
    line.round().await;
    assert_eq!(line.store.codes(mail).await, [dispolits::defect::Code::R01]);
}

#[tokio::test]
async fn without_the_option_nothing_is_read() {
    let line = Line::with(Engine::Sqlite, |_| ()).await;
    line.store.report("a", vec![beds(4, 5)]).await;
    line.round().await;
    assert_eq!((line.numbers(), reads(&line)), (vec![4], 0));
}

#[tokio::test]
async fn a_reading_that_fails_is_harmless() {
    let (_folder, pki) = make_pki();
    let client = Client::new(&settings(&pki, "https://localhost:1", "https://localhost:1/jeton"), Clock::System);
    let read = client.unwrap().held(&beds(1, 1)).await;
    assert!(!read.result.unwrap_err().is_unknown());
}

on_both_engines! {
    a_later_manual_entry_is_left_and_both_are_shown,
    an_earlier_value_and_none_at_all_are_written_over,
}
