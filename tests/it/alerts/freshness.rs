//! How fresh what is sent is, by what is declared and by what was learned.

use base::config_values::Span;
use domain::alerts::{AlertSettings, Baseline, Cadence, Excess, Freshness, FreshnessState, Stillness, Values};
use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp};

const HOUR: u64 = 3600;

/// An instant on the clocks of France.
fn paris(local: &str) -> Timestamp {
    let local: jiff::civil::DateTime = local.parse().unwrap();
    domain::outcome::paris().to_timestamp(local).unwrap()
}

/// Arrivals at these hours of each day of some weeks, until an instant.
fn habit(weeks: i32, hours: &[i8], weekend: bool, until: &str) -> Baseline {
    let end: jiff::civil::DateTime = until.parse().unwrap();
    let mut habit = Baseline::default();
    for day in (0..weeks * 7).rev() {
        let date = end.date().checked_sub(jiff::Span::new().days(day)).unwrap();
        let rests = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        for hour in hours.iter().filter(|_| weekend || !rests) {
            let at = date.at(*hour, 0, 0, 0);
            if at <= end {
                habit.note(paris(&at.to_string()));
            }
        }
    }
    habit
}

/// Every two hours of working days, the last on Friday 20 November 2026 at 18:00.
fn office() -> Baseline {
    habit(6, &[8, 10, 12, 14, 16, 18], false, "2026-11-20T18:00:00")
}

fn check(habit: &Baseline, declared: Option<u64>, settings: &AlertSettings, expected: &[(&str, FreshnessState)]) {
    for (at, state) in expected {
        let found = Freshness::of(declared.map(Span::seconds), habit, settings, paris(at));
        assert_eq!(found.state, *state, "at {at}: {found:?}");
    }
}

#[test]
fn what_is_declared_counts_night_and_day() {
    let expected = [
        ("2026-11-20T20:59:00", FreshnessState::OnTime),
        ("2026-11-20T21:00:00", FreshnessState::Late),
        ("2026-11-20T23:59:00", FreshnessState::Late),
        ("2026-11-21T00:00:00", FreshnessState::Silent),
    ];
    check(&office(), Some(2 * HOUR), &AlertSettings::default(), &expected);
}

#[test]
fn nights_and_week_ends_are_no_silence_of_who_never_sends_then() {
    let expected = [
        ("2026-11-20T23:00:00", FreshnessState::OnTime),
        ("2026-11-21T12:00:00", FreshnessState::OnTime),
        ("2026-11-22T20:00:00", FreshnessState::OnTime),
        ("2026-11-23T08:30:00", FreshnessState::OnTime),
        ("2026-11-23T10:00:00", FreshnessState::Late),
        ("2026-11-23T12:00:00", FreshnessState::Silent),
        ("2026-11-24T03:00:00", FreshnessState::Silent),
    ];
    check(&office(), None, &AlertSettings::default(), &expected);
}

#[test]
fn what_was_learned_is_the_median_of_the_intervals() {
    let now = paris("2026-11-20T18:30:00");
    let found = Freshness::of(None, &office(), &AlertSettings::default(), now);
    assert_eq!(found.cadence, Some(Cadence::Learned(Span::seconds(2 * HOUR))));
    assert_eq!(found.last, Some(paris("2026-11-20T18:00:00")));
}

#[test]
fn who_sends_night_and_day_is_silent_at_night_too() {
    let hours: Vec<i8> = (0..24).collect();
    let always = habit(3, &hours, true, "2026-11-22T01:00:00");
    let expected = [
        ("2026-11-22T03:00:00", FreshnessState::OnTime),
        ("2026-11-22T03:30:00", FreshnessState::Late),
        ("2026-11-22T04:00:00", FreshnessState::Silent),
    ];
    check(&always, None, &AlertSettings::default(), &expected);
}

#[test]
fn who_sends_once_a_day_may_miss_one() {
    let daily = habit(6, &[9], true, "2026-11-20T09:00:00");
    let expected = [
        ("2026-11-21T12:00:00", FreshnessState::OnTime),
        ("2026-11-22T12:00:00", FreshnessState::Late),
        ("2026-11-23T12:00:00", FreshnessState::Silent),
    ];
    check(&daily, None, &AlertSettings::default(), &expected);
}

#[test]
fn who_sends_at_any_hour_is_measured_by_the_clock() {
    let mut habit = Baseline::default();
    let mut at = paris("2026-10-01T00:00:00");
    // Every 25 hours: no hour of the week is a usual one.
    while at < paris("2026-11-20T00:00:00") {
        at = at.checked_add(SignedDuration::from_hours(25)).unwrap();
        habit.note(at);
    }
    let after = |hours| at.checked_add(SignedDuration::from_hours(hours)).unwrap();
    let state = |hours| Freshness::of(None, &habit, &AlertSettings::default(), after(hours)).state;
    assert_eq!(
        (state(38), state(39), state(74), state(75)),
        (FreshnessState::OnTime, FreshnessState::Late, FreshnessState::Late, FreshnessState::Silent)
    );
}

#[test]
fn nothing_is_said_of_who_is_not_known() {
    let expected = [("2026-11-20T12:00:00", FreshnessState::NeverSeen)];
    check(&Baseline::default(), Some(HOUR), &AlertSettings::default(), &expected);
    let few = habit(1, &[9], true, "2026-11-03T09:00:00");
    let mut newcomer = Baseline::default();
    newcomer.note(few.last().unwrap());
    check(&newcomer, None, &AlertSettings::default(), &[("2026-11-20T12:00:00", FreshnessState::OnTime)]);
}

#[test]
fn tension_leaves_less_time_and_no_nights() {
    let tension = AlertSettings { tension: true, tension_cadence: Span::seconds(HOUR), ..AlertSettings::default() };
    let expected = [
        ("2026-11-20T18:59:00", FreshnessState::OnTime),
        ("2026-11-20T19:00:00", FreshnessState::Late),
        ("2026-11-20T19:30:00", FreshnessState::Silent),
    ];
    check(&office(), None, &tension, &expected);
    check(&office(), Some(24 * HOUR), &tension, &expected);
}

/// A silence is no habit, and the first report after it does not make one of it.
#[test]
fn who_comes_back_after_weeks_is_watched_again() {
    let mut back = office();
    for hour in [8, 10, 12, 14, 16, 18] {
        back.note(paris(&format!("2027-02-01T{hour:02}:00:00")));
    }
    check(
        &back,
        None,
        &AlertSettings::default(),
        &[("2027-02-02T08:30:00", FreshnessState::OnTime), ("2027-02-02T12:00:00", FreshnessState::Silent)],
    );
}

/// On the clocks of France the hour is the same in summer and in winter.
#[test]
fn the_change_of_clocks_changes_no_habit() {
    let summer = habit(6, &[8, 10, 12, 14, 16, 18], false, "2026-10-23T18:00:00");
    check(
        &summer,
        None,
        &AlertSettings::default(),
        &[("2026-10-26T08:30:00", FreshnessState::OnTime), ("2026-10-26T12:00:00", FreshnessState::Silent)],
    );
}

#[test]
fn a_short_cadence_is_no_silence_within_the_minimum() {
    let expected = [("2026-11-20T18:59:00", FreshnessState::Late), ("2026-11-20T19:00:00", FreshnessState::Silent)];
    check(&office(), Some(600), &AlertSettings::default(), &expected);
}

#[test]
fn who_is_muted_is_muted_until_then() {
    let now = paris("2026-11-23T12:00:00");
    let until = paris("2026-11-24T00:00:00");
    let muted = Freshness::of(None, &office(), &AlertSettings::default(), now).muted(Some(until));
    assert!(muted.is_muted(now) && !muted.is_muted(until));
}

#[test]
fn reports_that_say_nothing_new_are_told_after_a_while() {
    let habit = office();
    let settings = AlertSettings { frozen_after: Span::seconds(7 * 86_400), ..AlertSettings::default() };
    let now = paris("2026-11-20T18:00:00");
    let (old, fresh) = (paris("2026-11-13T17:00:00"), paris("2026-11-14T00:00:00"));
    let of = |values| Stillness::of(values, &habit, &settings, now);
    let frozen = of(Values { unchanged_since: old, advanced_at: fresh });
    assert_eq!((frozen.frozen_since, frozen.stalled_since), (Some(old), None));
    let stalled = of(Values { unchanged_since: fresh, advanced_at: old });
    assert_eq!((stalled.frozen_since, stalled.stalled_since), (None, Some(old)));
    // Nothing came since: it is silent, not still.
    let mut gone = Baseline::default();
    gone.note(old);
    let values = Values { unchanged_since: old, advanced_at: old };
    assert_eq!(Stillness::of(values, &gone, &settings, now), Stillness::default());
}

#[test]
fn more_than_usual_is_more_than_almost_every_hour_had() {
    // Twenty hours are known; the busiest but one had 4.
    let past = [(3, 9), (5, 4), (6, 2)];
    let with = |now: u32| [&[(0, now)], &past[..]].concat();
    for (now, expected) in [(12, None), (13, Some(Excess { now: 13, usual: 4 }))] {
        assert_eq!(Excess::of(&with(now), 20, 5, 3), expected, "{now}");
    }
    // Never any before: the minimum decides.
    assert_eq!(Excess::of(&[(0, 9)], 300, 10, 3), None);
    assert_eq!(Excess::of(&[(0, 10)], 300, 10, 3), Some(Excess { now: 10, usual: 0 }));
    // Nothing in the last hour.
    assert_eq!(Excess::of(&[(1, 50)], 300, 0, 3), None);
}
