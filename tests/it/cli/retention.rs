//! How long the service keeps what of each kind: every age of the configuration has a test of its own kind of mail.

use base::clock::Clock;
use domain::defect::{Code, Defect, Place};
use domain::outcome::Verdict;
use jiff::{SignedDuration, Timestamp};
use store::{JudgedMail, MailId, NewReplyText, NewTrace, Received, Settlement, Store, TraceFilter, WorkerLease};

use super::service::World;
use crate::store::bench::{judged, worker};
use crate::store::engine::{Engine, Home, on_both_engines};

const ACCOUNT: &str = "maildir:d’avant";

/// What becomes of a kind of mail at an age of its own, in days: no two are less than two days apart, so that an age in
/// the place of another is seen.
const KINDS: [(&str, i64, Kind); 6] = [
    ("patient_content", 2, Kind { verdict: Verdict::Rejete, defect: Some(Code::M06), unrecognised: false }),
    ("unrecognised_content", 5, Kind { verdict: Verdict::Rejete, defect: Some(Code::M05), unrecognised: true }),
    ("content", 8, Kind { verdict: Verdict::Integre, defect: None, unrecognised: false }),
    ("rejected_content", 11, Kind { verdict: Verdict::Rejete, defect: Some(Code::M01), unrecognised: false }),
    ("journal", 14, Kind { verdict: Verdict::Integre, defect: None, unrecognised: false }),
    ("rejected_journal", 17, Kind { verdict: Verdict::Rejete, defect: Some(Code::M01), unrecognised: false }),
];
const TRACES: (&str, i64) = ("traces", 20);

#[derive(Clone, Copy)]
struct Kind {
    verdict: Verdict,
    defect: Option<Code>,
    unrecognised: bool,
}

fn days_ago(days: i64) -> Timestamp {
    Clock::System.now() - SignedDuration::from_hours(24 * days)
}

/// The place of what happened before the service was started.
struct Past {
    store: Store,
    shift: WorkerLease,
}

impl Past {
    /// A mail that was received, settled and filed so long ago.
    async fn mail(&self, name: &str, days: i64, kind: Kind) -> MailId {
        let (store, at) = (&self.store, days_ago(days));
        let raw = format!("{name} {days}");
        let size = raw.len() as u64;
        let mail = Received { account: ACCOUNT, position: &raw, raw: raw.as_bytes(), size, headers_only: false };
        let duty = self.shift.take_mailbox(ACCOUNT).await.unwrap().unwrap();
        store.receive(&duty, &[mail], at).await.unwrap();
        let id = store.to_judge(ACCOUNT, 1).await.unwrap()[0].id;
        let defects = kind.defect.map(|code| Defect::new(code, Place::mail())).into_iter().collect();
        let (verdict, unrecognised) = (Some(kind.verdict), kind.unrecognised);
        let judgement = JudgedMail { defects, verdict, unrecognised, ..judged(vec![]) };
        let _stands = store.record(&duty, id, &judgement, at).await.unwrap();
        let outcome = store.settled_outcomes(&[id]).await.unwrap().pop().unwrap().1;
        let settling = self.shift.take_settling().await.unwrap().unwrap();
        let settlement = Settlement { mail: id, outcome, answer: NewReplyText::Silent("essai".to_owned()) };
        assert!(store.settle(&settling, &[settlement], at).await.unwrap());
        store.moved(&duty, &[id], at).await.unwrap();
        id
    }

    async fn trace(&self, days: i64) {
        let (mailbox, who) = (ACCOUNT.to_owned(), "essai".to_owned());
        let (request, answer) = (days.to_string(), "fait".to_owned());
        let trace = NewTrace { mailbox, who, action: "lecture", request, answer, failed: false };
        self.store.trace(&[trace], days_ago(days)).await.unwrap();
    }
}

/// Whether what the age is about is still there.
async fn is_kept(store: &Store, age: &str, id: MailId) -> bool {
    let mail = store.mail(id).await.unwrap();
    if age.ends_with("journal") { mail.is_some() } else { mail.is_some_and(|mail| mail.raw.is_some()) }
}

async fn each_kind_is_kept_for_its_own_time(engine: Engine) {
    let mut world = World::new().await;
    let home = Home::new(engine).await;
    world.keep_state_in(&home.settings().url);
    let ages: Vec<String> = KINDS
        .iter()
        .map(|(age, days, _)| (*age, *days))
        .chain([TRACES])
        .map(|(age, days)| format!("{age} = \"{days}d\""))
        .collect();
    world.configure(&format!("[retention]\n{}\n", ages.join("\n")));
    let store = world.store().await;
    let past = Past { store: store.clone(), shift: worker(&store, "avant").await };
    let mut mails = Vec::new();
    for (age, days, kind) in KINDS {
        for (days, kept) in [(days - 1, true), (days + 1, false)] {
            mails.push((age, kept, past.mail(age, days, kind).await));
        }
    }
    past.trace(TRACES.1 - 1).await;
    past.trace(TRACES.1 + 1).await;
    past.shift.end().await.unwrap();
    let service = world.start();
    service.wait_for("au terme de leur conservation : ", 1);
    assert_eq!(service.stop().0.code(), Some(0));
    for (age, kept, id) in mails {
        assert_eq!(is_kept(&store, age, id).await, kept, "{age}");
    }
    let traces = store.traces(&TraceFilter { mailbox: Some(ACCOUNT.to_owned()), ..TraceFilter::default() }, 10).await;
    let traces: Vec<String> = traces.unwrap().into_iter().map(|trace| trace.demande).collect();
    assert_eq!(traces, [(TRACES.1 - 1).to_string()]);
    store.close().await;
}

on_both_engines! {
    each_kind_is_kept_for_its_own_time,
}
