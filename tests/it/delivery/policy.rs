//! What is sent when the ROR is ill, slow, or silent: the newest value only, with patience, and nothing is dropped.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use base::config_values::Span;
use campaign::simulator::Effect;
use domain::outcome::Etat;
use jiff::SignedDuration;

use super::Line;
use crate::store::bench::{at_location, beds};
use crate::store::engine::{Engine, on_both_engines};

fn busy(retry_after: &str) -> Effect {
    Effect::Statut { statut: 503, retry_after: Some(retry_after.to_owned()) }
}

async fn while_the_ror_is_down_only_the_newest_value_of_an_indicator_waits(engine: Engine) {
    let line = Line::with(engine, |_| ()).await;
    line.simulator.inject(busy("1").times(1000));
    let first = line.store.report("a", vec![beds(1, 10)]).await;
    assert_eq!(line.round().await, 1);
    let second = line.store.report("b", vec![beds(2, 20)]).await;
    let third = line.store.report("c", vec![beds(3, 30)]).await;
    assert_eq!(line.store.etats(first).await, [Etat::Depassee]);
    assert_eq!(line.store.etats(second).await, [Etat::Depassee]);
    assert_eq!(line.store.etats(third).await, [Etat::EnAttente]);
    line.simulator.clear_faults();
    line.store.advance(3600);
    line.round().await;
    assert_eq!(line.numbers(), [3]);
    assert!(!line.writes().iter().any(|(nombre, applied)| *applied && *nombre != 3), "{:?}", line.writes());
}

async fn an_open_breaker_lets_one_request_through_and_closes_when_it_succeeds(engine: Engine) {
    let line = Line::with(engine, |policy| policy.breaker_pause = Span::seconds(30)).await;
    for rank in 1..=5 {
        line.store.report(&format!("m{rank}"), vec![at_location(&format!("SSR{rank}"), rank, 10)]).await;
    }
    line.simulator.inject(Effect::Passerelle { statut: 403 }.times(1000));
    assert_eq!(line.round().await, 1, "the fault is ours: nobody else is tried");
    line.store.advance(20);
    assert_eq!(line.round().await, 0, "it is open");
    line.store.advance(20);
    assert_eq!(line.round().await, 1, "it is half open");
    line.store.advance(20);
    assert_eq!(line.round().await, 0, "it is open again");
    line.simulator.clear_faults();
    line.store.advance(20);
    line.round().await;
    line.store.advance(3600);
    line.round().await;
    assert_eq!(line.numbers(), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_server_that_names_a_time_is_left_alone_by_all_within_the_schedule() {
    let schedule = vec![Span::seconds(5), Span::seconds(60)];
    let line = Line::with(Engine::Sqlite, |policy| policy.retry = schedule.try_into().unwrap()).await;
    line.store.report("a", vec![at_location("SSR1", 1, 10)]).await;
    line.store.report("b", vec![at_location("SSR2", 2, 10)]).await;
    line.simulator.inject(Effect::Statut { statut: 429, retry_after: Some("86400".to_owned()) }.once());
    assert_eq!(line.round().await, 1, "the second location is not tried");
    line.store.advance(50);
    assert_eq!(line.round().await, 0, "nobody asks before the time");
    line.store.advance(15);
    line.round().await;
    assert_eq!(line.numbers(), [1, 2], "a day is more than the longest wait of the schedule");
}

#[tokio::test]
async fn a_wish_shorter_than_the_schedule_does_not_shorten_it() {
    let line = Line::with(Engine::Sqlite, |_| ()).await;
    line.store.report("a", vec![beds(1, 10)]).await;
    line.simulator.inject(busy("0").once());
    assert_eq!(line.round().await, 1);
    line.store.advance(3);
    assert_eq!(line.round().await, 0);
    line.store.advance(10);
    line.round().await;
    assert_eq!(line.numbers(), [1]);
}

#[tokio::test]
async fn no_more_requests_a_second_than_configured() {
    let line = Line::with(Engine::Sqlite, |policy| {
        policy.concurrency = 8;
        policy.requests_per_second = NonZeroU32::new(10);
    })
    .await;
    for rank in 1..=5 {
        line.store.report(&format!("m{rank}"), vec![at_location(&format!("SSR{rank}"), rank, 10)]).await;
    }
    let start = Instant::now();
    // Each row is a replace and an add.
    assert_eq!(line.round().await, 10);
    assert!(start.elapsed() >= Duration::from_millis(900), "{:?}", start.elapsed());
}

async fn a_count_that_waits_for_days_is_late_and_never_dropped(engine: Engine) {
    let line = Line::with(engine, |_| ()).await;
    let late = async || line.store.store.vitals(SignedDuration::from_secs(3600), line.store.now()).await.unwrap().queue;
    line.simulator.inject(busy("1").times(100_000));
    let mail = line.store.report("a", vec![beds(1, 10)]).await;
    line.round().await;
    assert_eq!((late().await.waiting, late().await.late), (1, 0));
    for _ in 0..5 {
        line.store.advance(86_400);
        line.round().await;
    }
    assert_eq!((late().await.waiting, late().await.late), (1, 1));
    assert_eq!(line.store.etats(mail).await, [Etat::EnAttente]);
    line.simulator.clear_faults();
    line.store.advance(86_400);
    line.round().await;
    assert_eq!((line.numbers(), late().await.waiting), (vec![1], 0));
}

/// B14: a timeout is unknown. The request may be applied after a newer one.
async fn a_request_applied_late_does_not_have_the_last_word(engine: Engine) {
    let line = Line::with(engine, |_| ()).await;
    line.store.report("a", vec![beds(1, 10)]).await;
    line.round().await;
    line.simulator.inject(Effect::Tardif { ms: None }.once());
    line.store.report("b", vec![beds(2, 20)]).await;
    assert_eq!(line.round().await, 1);
    line.store.report("c", vec![beds(3, 30)]).await;
    assert_eq!(line.round().await, 0, "the location is held");
    line.store.advance(61);
    line.round().await;
    assert_eq!(line.numbers(), [3]);
    line.simulator.release().await;
    assert_eq!(line.numbers(), [2], "the late one overwrote it");
    line.store.advance(61);
    line.round().await;
    assert_eq!(line.numbers(), [3], "the newest is sent again");
    line.store.advance(3600);
    assert_eq!(line.round().await, 0, "and then no more");
}

on_both_engines! {
    while_the_ror_is_down_only_the_newest_value_of_an_indicator_waits,
    an_open_breaker_lets_one_request_through_and_closes_when_it_succeeds,
    a_count_that_waits_for_days_is_late_and_never_dropped,
    a_request_applied_late_does_not_have_the_last_word,
}
