//! What fails by itself: it waits alone, and neither its location nor the others wait with it for long.

use base::config_values::Span;
use campaign::simulator::{Effect, IndicatorKey, SimulatedFault};
use domain::capacity::{Statut, Update};
use domain::outcome::Etat;

use super::Line;
use crate::ror::bench::indicator;
use crate::store::bench::{at_location, beds};
use crate::store::engine::{Engine, on_both_engines};

fn occupied(nombre: i64, minute: i64) -> Update {
    let mut update = beds(nombre, minute);
    update.count.indicator = indicator(Statut::Occupe, |_| ());
    update
}

/// Every request for occupied beds is hit, and no other.
fn on_occupied(effect: Effect) -> SimulatedFault {
    let statut = Some("03".to_owned());
    SimulatedFault { indicateur: Some(IndicatorKey { statut, ..IndicatorKey::default() }), ..effect.times(100_000) }
}

fn status(statut: u16) -> Effect {
    Effect::Statut { statut, retry_after: None }
}

fn refusal(statut: u16, code: &str) -> Effect {
    Effect::Refus { statut, codes: vec![code.to_owned()], texte: None, expression: None, retry_after: None }
}

/// One row fails for ever, and counts come for another indicator of its location all the time.
async fn starve(engine: Engine, effect: Effect) {
    let schedule = vec![Span::seconds(5), Span::seconds(30), Span::seconds(3600)];
    let line = Line::with(engine, |policy| policy.retry = schedule.try_into().unwrap()).await;
    line.simulator.inject(on_occupied(effect.clone()));
    let ill = line.store.report("malade", vec![occupied(1, 10)]).await;
    for rank in 0..10 {
        line.store.report(&format!("sain-{rank}"), vec![beds(100 + rank, 20 + rank)]).await;
        line.round().await;
        line.store.advance(70);
    }
    line.round().await;
    assert_eq!(line.numbers(), [109], "{effect:?}");
    let tries = line.writes().iter().filter(|(nombre, _)| *nombre == 1).count();
    assert!((3..=5).contains(&tries), "{effect:?}: {tries} requests of the row that fails");
    assert_eq!(line.store.etats(ill).await, [Etat::EnAttente]);
    line.simulator.clear_faults();
    line.store.advance(7200);
    line.round().await;
    assert_eq!(line.numbers().len(), 2, "{effect:?}: it is sent once it can be");
}

async fn an_indicator_that_fails_for_ever_does_not_starve_its_location(engine: Engine) {
    starve(engine, status(500)).await;
    starve(engine, status(501)).await;
    starve(engine, refusal(409, "conflict")).await;
    starve(engine, Effect::CoupureAvant).await;
}

async fn the_newest_value_of_an_indicator_that_waits_alone_wins(engine: Engine) {
    let line = Line::with(engine, |_| ()).await;
    line.simulator.inject(on_occupied(status(501)));
    let first = line.store.report("a", vec![occupied(1, 10)]).await;
    for _ in 0..4 {
        line.round().await;
        line.store.advance(3600);
    }
    line.store.report("b", vec![occupied(2, 20)]).await;
    line.simulator.clear_faults();
    line.round().await;
    assert_eq!(line.numbers(), [2]);
    assert_eq!(line.store.etats(first).await, [Etat::Depassee]);
}

async fn what_may_still_be_applied_holds_its_location_for_the_settling_time_only(engine: Engine) {
    let line = Line::with(engine, |_| ()).await;
    line.simulator.inject(on_occupied(status(500)));
    line.store.report("a", vec![occupied(1, 10)]).await;
    for _ in 0..3 {
        assert_eq!(line.round().await, 1);
        line.store.advance(200);
    }
    assert_eq!(line.round().await, 1, "the fourth, in five minutes by the schedule");
    line.store.report("b", vec![beds(2, 20)]).await;
    line.store.advance(59);
    assert_eq!(line.round().await, 0, "the location is held");
    line.store.advance(2);
    line.round().await;
    assert_eq!(line.numbers(), [2]);
}

/// Ten failures of one row are one of those that suspend all requests.
async fn one_row_does_not_suspend_the_others(engine: Engine) {
    let line = Line::with(engine, |policy| policy.breaker_failures = 2).await;
    line.simulator.inject(on_occupied(status(501)));
    line.store.report("malade", vec![occupied(1, 10)]).await;
    for _ in 0..10 {
        assert_eq!(line.round().await, 1);
        line.store.advance(3600 * 2);
    }
    line.store.report("autre", vec![at_location("SSR2", 7, 10)]).await;
    line.round().await;
    assert_eq!(line.numbers(), [7]);
}

/// A wrong address stops all, and rejects nothing.
async fn an_address_that_is_not_known_suspends_all_and_rejects_nothing(engine: Engine) {
    let line = Line::with(engine, |_| ()).await;
    line.simulator.inject(refusal(405, "not-supported").times(1000));
    let first = line.store.report("a", vec![at_location("SSR1", 1, 10)]).await;
    let second = line.store.report("b", vec![at_location("SSR2", 2, 10)]).await;
    assert_eq!(line.round().await, 1);
    line.store.advance(10);
    assert_eq!(line.round().await, 0, "requests are suspended");
    assert_eq!(line.store.etats(first).await, [Etat::EnAttente]);
    assert_eq!(line.store.etats(second).await, [Etat::EnAttente]);
    line.simulator.clear_faults();
    line.store.advance(3600);
    line.round().await;
    line.store.advance(3600);
    line.round().await;
    assert_eq!(line.numbers(), [1, 2]);
}

on_both_engines! {
    an_indicator_that_fails_for_ever_does_not_starve_its_location,
    the_newest_value_of_an_indicator_that_waits_alone_wins,
    what_may_still_be_applied_holds_its_location_for_the_settling_time_only,
    one_row_does_not_suspend_the_others,
    an_address_that_is_not_known_suspends_all_and_rejects_nothing,
}
