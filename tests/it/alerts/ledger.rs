//! What opens, goes on and closes, told minute by minute.

use base::config_values::Span;
use domain::alerts::{AlertSettings, Change, Incident, IncidentKind, IncidentTracker, Observation, Severity, Sight};
use jiff::{SignedDuration, Timestamp};

fn settings() -> AlertSettings {
    AlertSettings {
        open_after: Span::seconds(5 * 60),
        close_after: Span::seconds(10 * 60),
        remind_after: Span::seconds(60 * 60),
        ..AlertSettings::default()
    }
}

fn start() -> Timestamp {
    "2026-11-23T07:00:00Z".parse().unwrap()
}

fn minutes(minutes: i64) -> Timestamp {
    start().checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

/// What is seen in a minute: `.` nothing, `x` something, `X` something grave, `2` something further along, `?` nothing
/// could be looked at.
fn sight(kind: IncidentKind, letter: char, since: Option<Timestamp>) -> Sight {
    let mut sight = Sight::default();
    let seen = |severity| Observation::new(kind, "principale", severity, "rien ne va", since);
    match letter {
        '.' => {}
        '?' => sight.miss(kind),
        'X' => sight.see(seen(Severity::Grave)),
        '2' => sight.see(seen(Severity::Attention).at_level(2)),
        _ => sight.see(seen(Severity::Attention)),
    }
    sight
}

/// What an incident becomes, as the store makes it of a change.
fn apply(open: &mut Vec<Incident>, change: &Change, now: Timestamp) -> char {
    let seen = |open: &mut Vec<Incident>, observation: &Observation, told: bool| {
        open[0].vu_a = now;
        (open[0].gravite, open[0].niveau) = (observation.severity(), observation.level());
        if told {
            open[0].rappele_a = now;
        }
    };
    match change {
        Change::Open { observation, since } => {
            open.push(Incident::sample(observation, *since, now));
            'O'
        }
        Change::Seen { observation, .. } => {
            seen(open, observation, false);
            '-'
        }
        Change::Worsen { observation, .. } => {
            seen(open, observation, true);
            'W'
        }
        Change::Remind { observation, .. } => {
            seen(open, observation, true);
            'R'
        }
        Change::Close { .. } => {
            open.clear();
            'C'
        }
    }
}

fn story(kind: IncidentKind, seen: &str, since: Option<Timestamp>) -> String {
    let (mut ledger, mut open) = (IncidentTracker::new(start()), Vec::new());
    let tell = |(minute, letter): (usize, char)| {
        let now = minutes(i64::try_from(minute).unwrap());
        let changes = ledger.judge(&sight(kind, letter, since), &open, &settings(), now);
        assert!(changes.len() <= 1, "{changes:?}");
        changes.first().map_or('-', |change| apply(&mut open, change, now))
    };
    seen.chars().enumerate().map(tell).collect()
}

fn check(seen: &str, told: &str) {
    assert_eq!(story(IncidentKind::RorDown, seen, None), told, "{seen}");
}

#[test]
fn an_incident_opens_once_it_has_held_and_closes_once_it_is_away() {
    check("xxxxxxx..............", "-----O----------C----");
    // Not long enough.
    check("xxxxx...............", "--------------------");
    // Away, but not for long enough.
    check("xxxxxx........xxx.........", "-----O--------------------");
    // Two incidents, each of its own.
    check("xxxxxx...........xxxxxxx", "-----O---------C------O-");
}

#[test]
fn what_flickers_opens_once() {
    check("x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.", "------O-----------------------");
    check("xx...xx...xx...xx...xx...xx...", "-----O------------------------");
    // Far apart: each is a moment of its own.
    check("x......x......x......x......x.", "------------------------------");
}

#[test]
fn what_could_not_be_looked_at_is_not_over() {
    check("xxxxxx??????????????????????.", "-----O----------------------C");
}

#[test]
fn what_becomes_graver_is_told_again_once() {
    check("xxxxxxxXXXXxx", "-----O-W-----");
    check("xxxxxxx222222", "-----O-W-----");
}

#[test]
fn what_lasts_is_told_again() {
    let seen = "x".repeat(130);
    let told: Vec<(usize, char)> =
        story(IncidentKind::RorDown, &seen, None).chars().enumerate().filter(|(_, letter)| *letter != '-').collect();
    assert_eq!(told, [(5, 'O'), (65, 'R'), (125, 'R')]);
}

#[test]
fn what_happened_once_opens_at_first_sight() {
    for kind in IncidentKind::ALL.into_iter().filter(|kind| kind.is_event()) {
        assert_eq!(story(kind, "x............", None), "O---------C--", "{kind}");
    }
}

#[test]
fn what_is_known_to_last_already_opens_at_once() {
    assert_eq!(story(IncidentKind::LateDeliveries, "xx", Some(minutes(-60))), "O-");
    assert_eq!(story(IncidentKind::LateDeliveries, "xx", Some(minutes(-1))), "--");
}

/// The time in which nobody watched says nothing.
#[test]
fn a_watch_that_begins_closes_nothing_at_once() {
    let seen = Observation::new(IncidentKind::RorDown, "principale", Severity::Grave, "rien ne va", None);
    let open = [Incident::sample(&seen, start(), start())];
    let mut ledger = IncidentTracker::new(minutes(600));
    assert_eq!(ledger.judge(&Sight::default(), &open, &settings(), minutes(601)), []);
    let closed = ledger.judge(&Sight::default(), &open, &settings(), minutes(610));
    assert_eq!(closed, [Change::Close { numero: 0 }]);
}

#[test]
fn one_object_does_not_hide_another() {
    let mut sight = Sight::default();
    for mailbox in ["une", "deux"] {
        sight.see(Observation::new(IncidentKind::Unswept, mailbox, Severity::Grave, "rien ne va", Some(minutes(-60))));
    }
    assert_eq!(IncidentTracker::new(start()).judge(&sight, &[], &settings(), start()).len(), 2);
}

/// What is told is one line, and no address is in it.
#[test]
fn a_sentence_is_one_line_without_an_address() {
    let sentence = "refusé pour lits@ch-armor.test :\r\nBcc: x@y.test";
    let seen = Observation::new(IncidentKind::Unswept, "a\nb", Severity::Grave, sentence, None);
    assert_eq!(seen.sentence(), "refusé pour l***@c***.test :  Bcc: x***@y***.test");
    assert_eq!(seen.object(), "a b");
    let long = Observation::new(IncidentKind::Unswept, &"o".repeat(9000), Severity::Grave, &"s".repeat(9000), None);
    assert_eq!((long.object().len(), long.sentence().len()), (500, 500));
}
