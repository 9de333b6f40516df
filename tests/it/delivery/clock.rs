//! The clock is set back or forward, and the two nights of the year on which people's clocks are: nothing waits longer
//! for it, nothing that is held is let go early, and the newest observation stays the newest.

use campaign::simulator::Effect;
use domain::outcome::Etat;
use jiff::{SignedDuration, Timestamp};

use super::Line;
use crate::store::bench::{at_location, beds};
use crate::store::engine::{Engine, on_both_engines};
use reading::report::{DocumentLimits, read};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Line {
    fn set_clock(&self, by: SignedDuration) {
        self.store.clock.jump(by);
    }
}

async fn a_clock_set_back_delays_no_retry(engine: Engine) {
    let line = Line::with(engine, |_| ()).await;
    line.simulator.inject(Effect::Statut { statut: 429, retry_after: None }.once());
    line.store.report("a", vec![beds(1, 10)]).await;
    assert_eq!(line.round().await, 1);
    line.set_clock(-HOUR);
    line.store.advance(10);
    line.round().await;
    assert_eq!(line.numbers(), [1]);
}

async fn a_clock_set_back_keeps_no_breaker_open(engine: Engine) {
    let line = Line::with(engine, |_| ()).await;
    line.simulator.inject(Effect::Passerelle { statut: 403 }.once());
    for rank in 1..=2 {
        line.store.report(&format!("m{rank}"), vec![at_location(&format!("SSR{rank}"), rank, 10)]).await;
    }
    assert_eq!(line.round().await, 1);
    line.set_clock(-HOUR);
    line.store.advance(1);
    assert_eq!(line.round().await, 0, "the pause is not over");
    line.store.advance(40);
    line.round().await;
    assert_eq!(line.numbers(), [1, 2]);
}

/// A request in doubt holds its location: as long as before, whatever the clock is set to meanwhile.
async fn check_hold(engine: Engine, by: SignedDuration) {
    let line = Line::with(engine, |_| ()).await;
    line.store.report("a", vec![beds(1, 10)]).await;
    line.round().await;
    line.simulator.inject(Effect::Tardif { ms: None }.once());
    line.store.report("b", vec![beds(2, 20)]).await;
    assert_eq!(line.round().await, 1);
    line.set_clock(by);
    line.store.advance(10);
    line.store.report("c", vec![beds(3, 30)]).await;
    assert_eq!(line.round().await, 0, "{by}: the location is held");
    line.store.advance(61);
    line.round().await;
    assert_eq!(line.numbers(), [3], "{by}: the hold ends");
    line.simulator.release().await;
    assert_eq!(line.numbers(), [2], "{by}: the late one overwrote it");
    line.set_clock(-by);
    assert_eq!(line.round().await, 0, "{by}: not before the settling time is over");
    line.store.advance(70);
    line.round().await;
    assert_eq!(line.numbers(), [3], "{by}: the newest is sent again");
}

async fn a_clock_set_back_or_forward_leaves_a_hold_its_length(engine: Engine) {
    for by in [-HOUR, HOUR] {
        check_hold(engine, by).await;
    }
}

async fn a_clock_set_back_while_nothing_runs_is_seen_at_the_start(engine: Engine) {
    let line = Line::with(engine, |_| ()).await;
    line.simulator.inject(Effect::Statut { statut: 429, retry_after: None }.once());
    let mail = line.store.report("a", vec![beds(1, 10)]).await;
    line.round().await;
    line.set_clock(-HOUR);
    line.delivery.mind_the_past().await.unwrap();
    assert_eq!(line.store.claim().await.len(), 1, "what waited is due");
    assert_eq!(line.store.etats(mail).await, [Etat::EnAttente]);
}

/// When a report says that it was observed.
fn observed(text: &str) -> Timestamp {
    let good = include_str!("../../reading/report/good.xml");
    let said = good.replacen("2026-11-23T07:50:00+01:00", text, 1);
    let reading = read("a.xml", said.as_bytes(), &DocumentLimits::default());
    reading.etablissements[0].services[0].date_releve.unwrap()
}

/// Two observations of one night by the clocks on the wall, the later one first to arrive, a retry of an hour between.
async fn check_night(engine: Engine, earlier: &str, later: &str) {
    let line = Line::with(engine, |_| ()).await;
    let begin = observed(earlier);
    line.set_clock(begin.duration_since(line.store.now()));
    line.simulator.inject(Effect::Statut { statut: 503, retry_after: Some("3600".to_owned()) }.once());
    let update = |nombre, at: &str| vec![domain::capacity::Update { date_releve: observed(at), ..beds(nombre, 0) }];
    let newest = line.store.report("later", update(2, later)).await;
    assert_eq!(line.round().await, 1);
    let older = line.store.report("earlier", update(1, earlier)).await;
    line.store.advance(3590);
    assert_eq!(line.round().await, 0, "{earlier}: an hour is an hour");
    line.store.advance(10);
    line.round().await;
    assert_eq!(line.numbers(), [2], "{earlier}, {later}");
    assert_eq!(
        (line.store.etats(newest).await, line.store.etats(older).await),
        (vec![Etat::Transmise], vec![Etat::Depassee])
    );
}

async fn on_the_nights_when_the_hour_changes_the_newest_is_the_newest(engine: Engine) {
    // In October the clock on the wall shows 02:30, an hour later 02:30 again, and is behind at 02:10.
    check_night(engine, "2026-10-25T02:30:00+02:00", "2026-10-25T02:10:00+01:00").await;
    // In March it goes from 02:00 to 03:00.
    check_night(engine, "2026-03-29T01:59:00+01:00", "2026-03-29T03:01:00+02:00").await;
}

on_both_engines! {
    a_clock_set_back_delays_no_retry,
    a_clock_set_back_keeps_no_breaker_open,
    a_clock_set_back_or_forward_leaves_a_hold_its_length,
    a_clock_set_back_while_nothing_runs_is_seen_at_the_start,
    on_the_nights_when_the_hour_changes_the_newest_is_the_newest,
}
