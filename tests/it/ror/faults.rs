//! Each fault of the simulator: what `put` makes of it, and what the simulator holds afterwards.

use base::config_values::Span;
use campaign::simulator::{Effect, SimulatedFault};
use domain::defect::Code;
use edges::ror::{Attempted, Client, OurFault, PushFailure};

use super::bench::{Bench, NORMAL, available, identifier};

/// How a `put` ended, without the texts.
#[derive(Debug, PartialEq)]
enum End {
    Done,
    Busy(u16, Option<u64>),
    Unknown,
    NotFromTheRor,
    Unexpected,
}

fn end(attempted: &Attempted) -> End {
    match &attempted.result {
        Ok(_) => End::Done,
        Err(PushFailure::Busy { status, retry_after }) => End::Busy(*status, retry_after.map(|wait| wait.as_secs())),
        Err(PushFailure::Unknown(_)) => End::Unknown,
        Err(PushFailure::OurSide(OurFault::NotFromTheRor { .. })) => End::NotFromTheRor,
        Err(PushFailure::OurSide(OurFault::UnexpectedAnswer { .. })) => End::Unexpected,
        Err(other) => panic!("{other:?}"),
    }
}

struct Case {
    effect: Effect,
    end: End,
    /// Whether the simulator holds the new number.
    applied: bool,
    /// Whether the failure says that it may.
    unknown: bool,
}

fn status(statut: u16, retry_after: Option<&str>) -> Effect {
    Effect::Statut { statut, retry_after: retry_after.map(str::to_owned) }
}

/// A count of 1 is there; the fault hits the replacement by 2, and nothing hits the one by 3.
async fn check(case: Case) {
    let (bench, name) = (Bench::start().await, format!("{:?}", case.effect));
    let client = bench.client();
    client.put(&available(1)).await.result.unwrap();
    assert!(bench.simulator.inject(case.effect.once()));
    let attempted = client.put(&available(2)).await;
    assert_eq!(end(&attempted), case.end, "{name}");
    assert_eq!(bench.numbers(), [if case.applied { 2 } else { 1 }], "{name}");
    let failure = attempted.result.err();
    assert_eq!(failure.as_ref().is_some_and(PushFailure::is_unknown), case.unknown, "{name}");
    let told = attempted.exchanges.last().unwrap().failure.clone();
    assert_eq!(told, failure.map(|failure| failure.to_string()), "{name}");
    assert_eq!(bench.writes().last().unwrap().2, case.applied, "{name}");
    client.put(&available(3)).await.result.unwrap();
    assert_eq!(bench.numbers(), [3], "{name}");
}

#[tokio::test]
async fn each_fault_has_its_consequence() {
    let in_two_minutes = "Mon, 23 Nov 2026 07:02:00 GMT";
    let a_minute_ago = "Mon, 23 Nov 2026 06:59:00 GMT";
    let case = |effect, end, applied, unknown| Case { effect, end, applied, unknown };
    for case in [
        case(Effect::Lent { ms: 1 }, End::Done, true, false),
        case(status(500, None), End::Busy(500, None), false, true),
        case(status(501, None), End::Busy(501, None), false, false),
        case(status(502, None), End::Busy(502, None), false, true),
        case(status(503, None), End::Busy(503, None), false, true),
        case(status(503, Some("5")), End::Busy(503, Some(5)), false, false),
        case(status(504, Some("5")), End::Busy(504, Some(5)), false, true),
        case(status(408, None), End::Busy(408, None), false, false),
        case(status(429, Some("120")), End::Busy(429, Some(120)), false, false),
        case(status(429, Some(in_two_minutes)), End::Busy(429, Some(120)), false, false),
        case(status(429, Some(a_minute_ago)), End::Busy(429, Some(0)), false, false),
        case(status(429, Some("bientôt")), End::Busy(429, None), false, false),
        case(status(429, Some("-5")), End::Busy(429, None), false, false),
        case(Effect::CoupureAvant, End::Unknown, false, true),
        case(Effect::ReponsePerdue, End::Unknown, true, true),
        case(Effect::Passerelle { statut: 403 }, End::NotFromTheRor, false, false),
        case(Effect::Passerelle { statut: 404 }, End::NotFromTheRor, false, false),
        case(Effect::Charabia, End::Unexpected, false, true),
        case(Effect::JetonExpire, End::Done, true, false),
        case(Effect::ExpressionInversee, End::Done, true, false),
    ] {
        check(case).await;
    }
}

#[tokio::test]
async fn an_outcome_with_the_other_shape_of_expression_is_understood() {
    let bench = Bench::start().await;
    let client = bench.client();
    bench.simulator.inject(Effect::ExpressionInversee.times(2));
    client.put(&available(1)).await.result.unwrap();
    assert_eq!(bench.numbers(), [1]);
    let unknown = domain::capacity::Update { location: super::bench::location("INCONNU"), ..available(1) };
    let failure = client.put(&unknown).await.result.unwrap_err();
    assert!(matches!(&failure, PushFailure::Refused(refusal) if refusal.code == Code::R01), "{failure}");
}

/// A client with a deadline short enough to be waited for. A count of 1 is there, and the
/// connection with it, so that the deadline is spent on the fault alone.
async fn hasty(bench: &Bench) -> Client {
    let client = bench.client_with(|settings| settings.timeout = Span::millis(1500));
    client.put(&available(1)).await.result.unwrap();
    client
}

#[tokio::test]
async fn a_request_treated_after_its_deadline_overwrites_the_newer_count() {
    let bench = Bench::start().await;
    let client = hasty(&bench).await;
    bench.simulator.inject(Effect::Tardif { ms: None }.once());
    let late = client.put(&available(2)).await;
    assert_eq!(end(&late), End::Unknown);
    bench.client().put(&available(3)).await.result.unwrap();
    assert_eq!(bench.numbers(), [3]);
    bench.simulator.release().await;
    assert_eq!(bench.numbers(), [2], "the stale overwrite that the delivery must mend");
    let writes = bench.writes();
    assert_eq!(writes.get(2), Some(&("replace".to_owned(), None, true)), "{writes:?}");
}

#[tokio::test]
async fn a_slow_answer_beyond_the_deadline_is_unknown() {
    let bench = Bench::start().await;
    let client = hasty(&bench).await;
    bench.simulator.inject(Effect::Lent { ms: 60_000 }.once());
    let slow = client.put(&available(2)).await;
    assert_eq!(end(&slow), End::Unknown);
    assert_eq!(slow.exchanges.last().unwrap().status, None);
}

#[tokio::test]
async fn a_late_request_is_treated_by_itself_when_its_time_comes() {
    let bench = Bench::start().await;
    bench.client().put(&available(1)).await.result.unwrap();
    bench.simulator.inject(Effect::Tardif { ms: Some(1) }.once());
    assert_eq!(end(&bench.client().put(&available(2)).await), End::Unknown);
    assert_eq!(bench.numbers(), [2]);
}

#[tokio::test]
async fn a_fault_may_wait_for_its_location_and_its_turn() {
    let bench = Bench::start().await;
    let client = bench.client();
    client.put(&available(1)).await.result.unwrap();
    let fault = |code: &str, apres| SimulatedFault {
        identifiant: Some(identifier(code)),
        apres,
        ..Effect::Statut { statut: 500, retry_after: None }.times(2)
    };
    bench.simulator.inject(fault("AILLEURS", 0));
    bench.simulator.inject(fault(NORMAL, 1));
    let mut ends = Vec::new();
    for nombre in 2..6 {
        ends.push(end(&client.put(&available(nombre)).await));
    }
    assert_eq!(ends, [End::Done, End::Busy(500, None), End::Busy(500, None), End::Done]);
    bench.simulator.inject(fault(NORMAL, 0));
    bench.simulator.clear_faults();
    assert_eq!(end(&client.put(&available(6)).await), End::Done);
}
