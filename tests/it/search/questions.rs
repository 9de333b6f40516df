//! What is asked of the journal: each filter, alone and with others.

use domain::defect::{Actor, Code};
use domain::outcome::Verdict;
use jiff::{SignedDuration, Timestamp};
use store::search::{Filter, Identifier, MailStatus, Sender};

use super::region::{BEGIN, LENGTH, finess};

/// A question, with a filter for each of several tries.
pub(super) struct Question {
    pub(super) name: &'static str,
    pub(super) filter: fn(usize) -> Filter,
    pub(super) sorts: &'static [&'static str],
}

const IN_TIME: &[&str] = &["-recu", "recu"];
const ALL_SORTS: &[&str] = &["-recu", "recu", "expediteur", "-expediteur", "verdict", "-verdict"];

pub(super) fn at(share: f64) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "an instant of the history")]
    let offset = (LENGTH as f64 * share) as i64;
    Timestamp::from_millisecond(BEGIN + offset).unwrap()
}

fn any() -> Filter {
    Filter::default()
}

/// Establishments of all sizes: the first send most.
pub(super) fn establishment(rank: usize) -> usize {
    rank * 71 % 1500
}

fn word<T: Copy>(all: &[T], rank: usize) -> T {
    all[rank % all.len()]
}

const CODES: [Code; 6] = [Code::S01, Code::C03, Code::M01, Code::R05, Code::C01, Code::D07];

pub(super) const QUESTIONS: &[Question] = &[
    Question { name: "tout", filter: |_| any(), sorts: ALL_SORTS },
    Question {
        name: "dates (un jour)",
        filter: |n| {
            let since = at(0.04 * f64::from(u32::try_from(n).unwrap()) + 0.01);
            Filter { since: Some(since), until: since.checked_add(SignedDuration::from_hours(24)).ok(), ..any() }
        },
        sorts: ALL_SORTS,
    },
    Question {
        name: "dates (six mois)",
        filter: |_| Filter { since: Some(at(0.2)), until: Some(at(0.7)), ..any() },
        sorts: ALL_SORTS,
    },
    Question {
        name: "établissement",
        filter: |n| Filter { finess: Some(finess()[establishment(n)]), ..any() },
        sorts: ALL_SORTS,
    },
    Question {
        name: "établissement et service",
        filter: |n| Filter { finess: Some(finess()[establishment(n)]), service: Some("URG".into()), ..any() },
        sorts: IN_TIME,
    },
    Question {
        name: "service (un seul, un sur 20, tous)",
        filter: |n| {
            let service = match n % 3 {
                0 => format!("S{}-5", establishment(n)),
                1 => format!("MED{}", n % 20),
                _ => "URG".to_owned(),
            };
            Filter { service: Some(service), ..any() }
        },
        sorts: ALL_SORTS,
    },
    Question {
        name: "expéditeur exact",
        filter: |n| Filter { sender: Some(Sender::Is(format!("lits@ch-{}.test", establishment(n)))), ..any() },
        sorts: ALL_SORTS,
    },
    Question {
        name: "expéditeur (début)",
        filter: |n| {
            let prefix = word(&["lits@ch-1", "lits@", "inconnu", "inconnu33", "z", "lits@ch-77"], n);
            Filter { sender: Some(Sender::StartsWith(prefix.into())), ..any() }
        },
        sorts: ALL_SORTS,
    },
    Question { name: "code", filter: |n| Filter { code: Some(word(&CODES, n)), ..any() }, sorts: ALL_SORTS },
    Question {
        name: "verdict",
        filter: |n| Filter { standing: MailStatus::all().nth(n % 7), ..any() },
        sorts: ALL_SORTS,
    },
    Question {
        name: "qui doit agir",
        filter: |n| Filter { actor: Some(word(&Actor::ALL, n)), ..any() },
        sorts: ALL_SORTS,
    },
    Question { name: "rejets", filter: |_| Filter { rejected: true, ..any() }, sorts: ALL_SORTS },
    Question {
        name: "identifiant (début)",
        filter: |n| {
            let prefix = word(&["BM-77-", "BM-", "m1", "m123456", "100", "10045", "absent"], n);
            Filter { identifier: Some(Identifier::StartsWith(prefix.into())), ..any() }
        },
        sorts: ALL_SORTS,
    },
    Question {
        name: "identifiant",
        filter: |n| {
            let whole = word(&["BM-77-", "BM-77-1", "m1", "m123456@ch-armor.test", "absent"], n);
            Filter { identifier: Some(Identifier::Is(whole.into())), ..any() }
        },
        sorts: ALL_SORTS,
    },
    Question {
        name: "boîte",
        filter: |n| {
            let account = word(&["imaps://lits@eai.test", "imaps://secours@eai.test", "maildir:ancienne"], n);
            Filter { account: Some(account.into()), ..any() }
        },
        sorts: ALL_SORTS,
    },
    Question {
        name: "établissement, rejets",
        filter: |n| Filter { finess: Some(finess()[establishment(n)]), rejected: true, ..any() },
        sorts: IN_TIME,
    },
    Question {
        name: "établissement, code, dates",
        filter: |n| Filter {
            finess: Some(finess()[n % 10]),
            code: Some(word(&CODES, n)),
            since: Some(at(0.3)),
            until: Some(at(0.9)),
            ..any()
        },
        sorts: IN_TIME,
    },
    Question {
        name: "verdict, code",
        filter: |n| Filter {
            standing: Some(MailStatus::Verdict(word(&[Verdict::Rejete, Verdict::Integre], n))),
            code: Some(word(&CODES, n / 2)),
            ..any()
        },
        sorts: ALL_SORTS,
    },
    Question {
        name: "boîte, verdict, dates",
        filter: |n| Filter {
            account: Some("imaps://secours@eai.test".into()),
            standing: MailStatus::all().nth(n % 7),
            since: Some(at(0.5)),
            ..any()
        },
        sorts: ALL_SORTS,
    },
    Question {
        name: "qui doit agir, service",
        filter: |n| Filter { actor: Some(word(&Actor::ALL, n)), service: Some("URG".into()), ..any() },
        sorts: ALL_SORTS,
    },
    Question {
        name: "expéditeur (début), verdict",
        filter: |n| Filter {
            sender: Some(Sender::StartsWith("lits@".into())),
            standing: MailStatus::all().nth(n % 7),
            ..any()
        },
        sorts: ALL_SORTS,
    },
    Question {
        name: "rejets non traités",
        filter: |n| Filter { rejected: true, handled: Some(n % 2 == 1), ..any() },
        sorts: ALL_SORTS,
    },
    Question {
        name: "boîte, code sans réponse",
        filter: |n| Filter {
            account: Some(word(&["maildir:ancienne", "imaps://lits@eai.test"], n).into()),
            code: Some(Code::M06),
            ..any()
        },
        sorts: IN_TIME,
    },
];
