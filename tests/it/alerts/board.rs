//! Who is shown first, and of whom people are told.

use std::collections::BTreeMap;

use base::config_values::Span;
use domain::alerts::{AlertSettings, Baseline, Board, ExpectedSender, FreshnessState, IncidentKind, Stillness};
use domain::finess::Finess;
use jiff::{SignedDuration, Timestamp};

const LOUD: &str = "350054680";
const QUIET: &str = "2A0000154";

fn now() -> Timestamp {
    "2026-11-23T07:00:00Z".parse().unwrap()
}

fn expected(finess: &str, service: Option<&str>) -> ExpectedSender {
    ExpectedSender {
        finess: finess.parse().unwrap(),
        service: service.map(|code| code.parse().unwrap()),
        name: format!("Centre {finess}"),
        cadence: Some(Span::seconds(3600)),
    }
}

fn board(hours: &[(&str, Option<&str>, Option<i64>)], mutes: &BTreeMap<Finess, Timestamp>) -> Board {
    let known = |one: &ExpectedSender| {
        let found = hours.iter().find(|(finess, service, _)| {
            one.finess == finess.parse().unwrap()
                && one.service.as_ref().map(domain::capacity::ServiceCode::as_str) == *service
        });
        let mut habit = Baseline::default();
        if let Some(hours) = found.unwrap().2 {
            habit.note(now().checked_sub(SignedDuration::from_hours(hours)).unwrap());
        }
        (habit, Stillness::default())
    };
    let all = hours.iter().map(|(finess, service, _)| expected(finess, *service));
    Board::new(all, known, mutes, &AlertSettings::default(), now())
}

#[test]
fn the_silent_come_first_then_who_is_late_then_who_never_came() {
    let board = board(
        &[
            (LOUD, None, Some(0)),
            (LOUD, Some("A"), Some(0)),
            (LOUD, Some("B"), Some(2)),
            (LOUD, Some("C"), None),
            (QUIET, None, Some(90)),
            (QUIET, Some("A"), Some(90)),
            (LOUD, Some("D"), Some(5)),
        ],
        &BTreeMap::new(),
    );
    let states: Vec<FreshnessState> = board.rows().iter().map(|row| row.freshness.state).collect();
    let expected = [
        FreshnessState::Silent,
        FreshnessState::Silent,
        FreshnessState::Silent,
        FreshnessState::Late,
        FreshnessState::NeverSeen,
        FreshnessState::OnTime,
    ];
    assert_eq!(states[..6], expected);
    assert_eq!(board.rows()[0].expected.finess, QUIET.parse().unwrap());
    assert_eq!(board.establishments().count(), 2);
    assert_eq!(board.services_of(LOUD.parse().unwrap()).count(), 4);
}

#[test]
fn a_silent_establishment_speaks_for_its_services() {
    let known =
        [(LOUD, None, Some(0)), (LOUD, Some("A"), Some(5)), (QUIET, None, Some(90)), (QUIET, Some("A"), Some(90))];
    let told: Vec<(IncidentKind, String)> = board(&known, &BTreeMap::new())
        .observations()
        .iter()
        .map(|one| (one.kind(), one.object().to_owned()))
        .collect();
    let silent = (IncidentKind::SilentEstablishment, QUIET.to_owned());
    assert_eq!(told, [silent, (IncidentKind::SilentService, format!("{LOUD}/A"))]);
    // Who is muted says nothing.
    let until = now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let mutes = BTreeMap::from([(QUIET.parse().unwrap(), until)]);
    assert_eq!(board(&known, &mutes).observations().len(), 1);
}
