//! Claiming: what is due, where nothing is held or in flight, and what a bad row may not stop.

use domain::outcome::Etat;
use jiff::SignedDuration;
use store::Closing;

use super::bench::{Bench, SETTLE, acknowledged, at_location, beds, failed, location, unknown};
use super::engine::{Engine, on_both_engines};

const HOUR: i64 = 3600;

async fn locations_are_served_side_by_side_under_the_ceiling(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("1", vec![at_location("A", 1, 0), at_location("B", 2, 0), at_location("C", 3, 0)]).await;
    let two = bench.shift.claim(2, bench.now()).await.unwrap();
    assert_eq!(two.iter().map(|batch| &batch.location).collect::<Vec<_>>(), [&location("A"), &location("B")]);
    assert_eq!(bench.claim().await.iter().map(|batch| &batch.location).collect::<Vec<_>>(), [&location("C")]);
    assert!(bench.claim().await.is_empty());
    assert!(bench.shift.claim(0, bench.now()).await.unwrap().is_empty());
}

async fn a_held_location_holds_no_other(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("1", vec![at_location("A", 1, 0), at_location("B", 2, 0)]).await;
    let claimed = bench.claim().await;
    bench.close(&claimed[0].rows[0], unknown(&bench)).await;
    bench.store.release(&claimed[1], bench.now(), bench.now()).await.unwrap();
    bench.report("2", vec![at_location("A", 3, 5)]).await;
    assert_eq!(bench.send(acknowledged).await, [2], "A is held for a new row too");
    bench.advance(SETTLE);
    assert_eq!(bench.send(acknowledged).await, [3]);
}

async fn a_shorter_hold_does_not_shorten_a_longer_one(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("1", vec![beds(1, 0)]).await;
    bench.send(unknown).await;
    bench.advance(SETTLE);
    let claimed = bench.claim().await;
    let long = Closing::Retry { next_at: bench.now(), hold: Some(bench.after(500)) };
    bench.close(&claimed[0].rows[0], long).await;
    bench.shift.recover_in_flight(bench.after(10)).await.unwrap();
    bench.advance(499);
    assert!(bench.claim().await.is_empty());
    bench.advance(1);
    assert_eq!(bench.claim().await.len(), 1);
}

async fn what_is_given_back_waits_without_counting(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("1", vec![beds(1, 0)]).await;
    let claimed = bench.claim().await;
    bench.store.release(&claimed[0], bench.after(30), bench.now()).await.unwrap();
    assert_eq!(bench.etats(id).await, [Etat::EnAttente]);
    bench.advance(29);
    assert!(bench.claim().await.is_empty());
    bench.advance(1);
    let claimed = bench.claim().await;
    assert_eq!(claimed[0].rows[0].attempts, 0);
    bench.close(&claimed[0].rows[0], failed(&bench)).await;
    bench.advance(5);
    assert_eq!(bench.claim().await[0].rows[0].attempts, 1);
}

async fn a_row_that_cannot_be_read_stops_no_other(engine: Engine) {
    let bench = Bench::new(engine).await;
    let bad = bench.report("1", vec![at_location("A", 1, 0)]).await;
    bench.report("2", vec![at_location("A", 2, 0), at_location("B", 3, 0)]).await;
    bench.execute("UPDATE updates SET indicator = 'abîmé', etat = 'en-attente' WHERE nombre = 1").await;
    assert_eq!(bench.send(acknowledged).await, [2, 3]);
    assert!(bench.claim().await.is_empty(), "nor is it tried all the time");
    bench.advance(3600);
    assert!(bench.claim().await.is_empty());
    assert_eq!(bench.number("SELECT COUNT(*) FROM updates WHERE in_flight_at IS NOT NULL").await, 0);
    let unsettled = bench.store.unsettled(SignedDuration::ZERO, bench.now(), None, 10).await.unwrap();
    assert!(unsettled.iter().all(|mail| mail.mail() != bad), "a fault of ours is no verdict");
}

async fn every_request_is_kept_in_the_journal(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("1", vec![beds(1, 0)]).await;
    let claimed = bench.claim().await;
    let probe = |operation: &str, status, failure: Option<&str>| store::Probe {
        operation: operation.to_owned(),
        status,
        duration_ms: 12,
        failure: failure.map(str::to_owned),
        answer: String::new(),
    };
    let probes = [probe("replace", Some(404), None), probe("add", None, Some("issue inconnue"))];
    bench.answer(&claimed[0].rows[0], probes.into(), unknown(&bench)).await;
    let requests = bench.store.requests(id).await.unwrap();
    let told: Vec<_> = requests.iter().map(|request| (request.operation.as_str(), request.statut)).collect();
    assert_eq!(told, [("replace", Some(404)), ("add", None)]);
}

/// What the requests under way wrote by the new time before the jump was seen is not of the old time.
async fn a_clock_set_forward_holds_nothing_longer_than_a_request_can_last(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("ancien", vec![beds(1, 0)]).await;
    let last = bench.now();
    bench.advance(2 * HOUR);
    bench.send(|bench| Closing::Retry { next_at: bench.now(), hold: Some(bench.after(SETTLE)) }).await;
    let by = SignedDuration::from_secs(2 * HOUR);
    bench.store.clock_set_forward(last, by, bench.after(SETTLE)).await.unwrap();
    bench.advance(SETTLE + 1);
    assert_eq!(bench.send(acknowledged).await, [1]);
}

/// What was held by the old time is held for as long by the new.
async fn a_clock_set_forward_lets_nothing_go_early(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("ancien", vec![beds(1, 0)]).await;
    bench.send(|bench| Closing::Retry { next_at: bench.now(), hold: Some(bench.after(SETTLE)) }).await;
    let last = bench.now();
    bench.advance(2 * HOUR);
    let by = SignedDuration::from_secs(2 * HOUR);
    bench.store.clock_set_forward(last, by, bench.after(SETTLE)).await.unwrap();
    bench.advance(SETTLE - 1);
    assert!(bench.send(acknowledged).await.is_empty());
    bench.advance(2);
    assert_eq!(bench.send(acknowledged).await, [1]);
}

/// A request that never left says nothing of its row: it does not make it one that fails often.
async fn what_was_withdrawn_is_no_attempt(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("1", vec![beds(1, 0)]).await;
    let attempts = async |closing: fn(&Bench) -> Closing| {
        let claimed = bench.claim().await;
        let row = &claimed[0].rows[0];
        bench.close(row, closing(&bench)).await;
        bench.store.release(&claimed[0], bench.now(), bench.now()).await.unwrap();
        bench.advance(10);
        row.attempts
    };
    let withdrawn = |_: &Bench| Closing::Withdrawn;
    for expected in [0, 0, 0] {
        assert_eq!(attempts(withdrawn).await, expected);
    }
    assert_eq!(attempts(|bench| Closing::Retry { next_at: bench.now(), hold: None }).await, 0);
    assert_eq!((attempts(withdrawn).await, attempts(withdrawn).await), (1, 1), "one that failed is still counted");
    assert_eq!(bench.etats(id).await, [Etat::EnAttente]);
    assert_eq!(bench.send(acknowledged).await, [1]);
}

on_both_engines! {
    what_was_withdrawn_is_no_attempt,
    a_clock_set_forward_holds_nothing_longer_than_a_request_can_last,
    a_clock_set_forward_lets_nothing_go_early,
    locations_are_served_side_by_side_under_the_ceiling,
    a_held_location_holds_no_other,
    a_shorter_hold_does_not_shorten_a_longer_one,
    what_is_given_back_waits_without_counting,
    a_row_that_cannot_be_read_stops_no_other,
    every_request_is_kept_in_the_journal,
}
