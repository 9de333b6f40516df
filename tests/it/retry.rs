//! The schedule of retries and the breaker before the ROR.

use std::time::Duration;

use base::config_values::Span;
use base::retry::Schedule;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use service::pipeline::{Breaker, Failed};

fn schedule() -> Schedule {
    Schedule::try_from([10, 60, 600].map(Span::seconds).to_vec()).unwrap()
}

#[test]
fn the_last_wait_repeats_for_ever() {
    let waits: Vec<u64> = (0..5).map(|attempts| schedule().wait(attempts, None, 0.5).as_secs()).collect();
    assert_eq!(waits, [10, 60, 600, 600, 600]);
}

#[test]
fn a_retry_after_is_honoured_within_bounds() {
    let wait = |wish| schedule().wait(0, Some(Duration::from_secs(wish)), 0.5).as_secs();
    assert_eq!((wait(1), wait(120), wait(86_400)), (10, 120, 600));
}

#[test]
fn a_schedule_has_a_step() {
    assert!(Schedule::try_from(Vec::new()).is_err());
    assert!(toml::from_str::<std::collections::BTreeMap<String, Schedule>>("retry = []").is_err());
}

#[test]
fn spans_are_read_as_people_write_them() {
    let check = |text: &str, seconds| {
        assert_eq!(text.parse::<Span>().map(|span| span.get().as_secs()).ok(), seconds, "{text}");
    };
    check("90s", Some(90));
    check("15min", Some(900));
    check("2h", Some(7200));
    check("7d", Some(604_800));
    check("-1s", None);
    check("12", None);
    check("", None);
}

proptest! {
    #[test]
    fn jitter_stays_within_a_fifth(attempts in 0_u32..10, random in 0.0_f64..1.0) {
        let plain = schedule().wait(attempts, None, 0.5).as_secs_f64();
        let wait = schedule().wait(attempts, None, random).as_secs_f64();
        prop_assert!(wait >= plain * 0.799 && wait <= plain * 1.201);
    }
}

#[test]
fn the_breaker_opens_lets_one_through_and_closes() {
    let start: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
    let later = |seconds| start + SignedDuration::from_secs(seconds);
    let mut breaker = Breaker::new(3, Duration::from_secs(30));
    assert!(!breaker.failure(Failed::Row(1), start) && !breaker.failure(Failed::Connection, start));
    for _ in 0..10 {
        assert!(!breaker.failure(Failed::Row(1), start), "a row counts once, however often it fails");
    }
    assert_eq!(breaker.allowance(8, start), 8, "two failures of three");
    assert!(breaker.failure(Failed::Removal(1), start), "the third opens it");
    assert_eq!(breaker.allowance(8, later(29)), 0);
    assert_eq!(breaker.allowance(8, later(30)), 1, "one probe");
    assert!(!breaker.failure(Failed::Row(1), later(31)), "open already: no news");
    assert_eq!(breaker.allowance(8, later(60)), 0, "open again");
    assert!(breaker.success(), "closing is news");
    assert_eq!(breaker.allowance(8, later(61)), 8);
    assert!(breaker.our_fault(later(62)), "a fault on our side opens it at once");
    assert_eq!(breaker.allowance(8, later(63)), 0);
}
