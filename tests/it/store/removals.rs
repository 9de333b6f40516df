//! Indicators under a genre code that is no longer the configured one.

use store::{Batch, Closing, RemovalClosing};

use super::bench::{Bench, SETTLE, beds};
use super::engine::{Engine, on_both_engines};

fn under(code: &'static str) -> impl Fn(&Bench) -> Closing {
    move |_| Closing::Acknowledged { genre_code: Some(code.to_owned()) }
}

/// What is asked to be deleted now, by code.
async fn claimed(bench: &Bench) -> Vec<String> {
    codes(&bench.claim().await)
}

fn codes(batches: &[Batch]) -> Vec<String> {
    let removals = batches.iter().flat_map(|batch| &batch.removals);
    removals.map(|removal| removal.genre_code.clone()).collect()
}

/// Does all removals that are due.
async fn remove(bench: &Bench) -> Vec<String> {
    let batches = bench.claim().await;
    for removal in batches.iter().flat_map(|batch| &batch.removals) {
        bench.close_removal(removal, RemovalClosing::Done).await;
    }
    codes(&batches)
}

async fn send(bench: &Bench, nombre: i64, code: &'static str) {
    bench.advance(1);
    bench.report(&nombre.to_string(), vec![beds(nombre, nombre)]).await;
    assert_eq!(bench.send(under(code)).await, [i32::try_from(nombre).unwrap()]);
}

async fn each_change_of_code_removes_the_old_indicator_once(engine: Engine) {
    let bench = Bench::new(engine).await;
    for (nombre, code, expected) in [
        (1, "03", None),
        (2, "03", None),
        (3, "04", Some("03")),
        (4, "04", None),
        (5, "03", Some("04")),
        (6, "03", None),
    ] {
        send(&bench, nombre, code).await;
        assert_eq!(remove(&bench).await, Vec::from_iter(expected), "{nombre}: {code}");
    }
}

async fn a_removal_not_yet_done_is_dropped_when_its_code_comes_back(engine: Engine) {
    let bench = Bench::new(engine).await;
    send(&bench, 1, "03").await;
    send(&bench, 2, "04").await;
    send(&bench, 3, "03").await;
    assert_eq!(remove(&bench).await, ["04"], "03 is in force again");
}

async fn counts_go_first_and_a_removal_is_claimed_anew_after_them(engine: Engine) {
    let bench = Bench::new(engine).await;
    send(&bench, 1, "03").await;
    send(&bench, 2, "04").await;
    bench.report("3", vec![beds(3, 3)]).await;
    let batches = bench.claim().await;
    assert_eq!((batches[0].rows.len(), batches[0].removals.len()), (1, 0), "the count may change what is removed");
    bench.close(&batches[0].rows[0], under("03")(&bench)).await;
    assert_eq!(remove(&bench).await, ["04"]);
}

async fn a_removal_is_in_flight_like_a_count(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    send(&bench, 1, "03").await;
    send(&bench, 2, "04").await;
    assert_eq!(claimed(&bench).await, ["03"]);
    assert_eq!(claimed(&bench).await, Vec::<String>::new(), "not twice at a time");
    bench.report("3", vec![beds(3, 3)]).await;
    assert!(bench.claim().await.is_empty(), "nor beside a count of its location");
    bench.restart().await;
    assert_eq!(bench.shift.recover_in_flight(bench.after(SETTLE)).await.unwrap(), 1);
    assert!(bench.claim().await.is_empty(), "it may still be applied");
    bench.advance(SETTLE);
    assert_eq!(bench.send(under("04")).await, [3]);
    assert_eq!(remove(&bench).await, ["03"]);
}

async fn a_removal_in_doubt_holds_its_location(engine: Engine) {
    let bench = Bench::new(engine).await;
    send(&bench, 1, "03").await;
    send(&bench, 2, "04").await;
    let batches = bench.claim().await;
    let until = bench.after(SETTLE);
    let retry = RemovalClosing::Retry { next_at: until, hold: Some(until) };
    bench.close_removal(&batches[0].removals[0], retry).await;
    bench.report("3", vec![beds(3, 3)]).await;
    bench.advance(SETTLE - 1);
    assert!(bench.claim().await.is_empty());
    bench.advance(1);
    assert_eq!(bench.send(under("04")).await, [3]);
    assert_eq!(remove(&bench).await, ["03"]);
}

async fn a_second_sending_under_another_code_removes_the_first(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("1", vec![beds(1, 0)]).await;
    bench.send(super::bench::unknown).await;
    bench.report("2", vec![beds(2, 5)]).await;
    bench.advance(SETTLE);
    assert_eq!(bench.send(under("03")).await, [2]);
    bench.advance(SETTLE);
    assert_eq!(bench.send(under("04")).await, [2], "the configuration changed meanwhile");
    assert_eq!(remove(&bench).await, ["03"]);
}

async fn a_removal_that_cannot_be_read_stops_nothing(engine: Engine) {
    let bench = Bench::new(engine).await;
    send(&bench, 1, "03").await;
    send(&bench, 2, "04").await;
    bench.execute("UPDATE removals SET indicator = 'abîmé'").await;
    assert!(bench.claim().await.is_empty());
    send(&bench, 3, "04").await;
}

on_both_engines! {
    each_change_of_code_removes_the_old_indicator_once,
    a_removal_not_yet_done_is_dropped_when_its_code_comes_back,
    counts_go_first_and_a_removal_is_claimed_anew_after_them,
    a_removal_is_in_flight_like_a_count,
    a_removal_in_doubt_holds_its_location,
    a_second_sending_under_another_code_removes_the_first,
    a_removal_that_cannot_be_read_stops_nothing,
}
