//! A settled mail judged again: what changes of its record, and what never does.

use domain::access::audit::{AuditEntry, Deed};
use domain::capacity::Update;
use domain::defect::{Code, Defect, Place};
use domain::outcome::{Etat, Verdict};
use store::{JudgedDocument, JudgedMail, MailId, NewReplyText, Redo, Redone};

use super::bench::{ACCOUNT, Bench, acknowledged, at_location, beds, document, judged, refused};
use super::engine::{Engine, on_both_engines};

const BEFORE: &str = "{\"verdict\":\"rejete\"}";

/// A report that the ROR refused, settled.
async fn refused_report(bench: &Bench, name: &str, update: Update) -> MailId {
    let id = bench.report(name, vec![update]).await;
    bench.send(refused).await;
    settle(bench, id).await;
    id
}

async fn settle(bench: &Bench, id: MailId) {
    bench.settle(id, NewReplyText::Silent("essai".to_owned())).await;
}

async fn rows(bench: &Bench, id: MailId) -> Vec<i64> {
    bench.store.rows_of(id).await.unwrap().iter().map(|row| row.number).collect()
}

async fn redo(bench: &Bench, id: MailId, redo: &Redo<'_>) -> Option<u64> {
    bench
        .store
        .redo(id, redo, BEFORE, &AuditEntry::new("local:anne", Deed::Rejouer, "courriel 1"), bench.now())
        .await
        .unwrap()
}

async fn a_refused_row_is_sent_again_once(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = refused_report(&bench, "a", beds(1, 10)).await;
    let again = Redo::Rows(rows(&bench, id).await);
    assert_eq!(redo(&bench, id, &again).await, Some(1));
    assert_eq!((bench.etats(id).await, bench.codes(id).await), (vec![Etat::EnAttente], vec![]));
    assert_eq!(redo(&bench, id, &again).await, None, "in progress: it may change by itself");
    assert_eq!(bench.send(acknowledged).await, [1]);
    settle(&bench, id).await;
    assert_eq!(bench.outcome(id).await.verdict, Some(Verdict::Integre));
    assert_eq!(redo(&bench, id, &again).await, None, "nothing is refused any more");
    assert_eq!(bench.outcome(id).await.verdict, Some(Verdict::Integre), "and nothing was changed");
    assert_eq!(bench.store.replays(id).await.unwrap(), [(bench.now(), 1)]);
    assert!(bench.store.balance(Some(ACCOUNT)).await.unwrap().holds());
}

async fn an_older_value_is_never_sent_again(engine: Engine) {
    let bench = Bench::new(engine).await;
    let old = refused_report(&bench, "a", beds(1, 10)).await;
    let new = refused_report(&bench, "b", beds(2, 20)).await;
    let newest = async |id| bench.store.rows_of(id).await.unwrap()[0].newest;
    assert_eq!((newest(old).await, newest(new).await), (false, true));
    assert_eq!(bench.store.rejected_for(Code::R03, None, None).await.unwrap(), [new, old]);
    assert_eq!(redo(&bench, old, &Redo::Rows(rows(&bench, old).await)).await, None);
    assert_eq!(bench.etats(old).await, [Etat::Rejetee]);
    assert_eq!(redo(&bench, new, &Redo::Rows(rows(&bench, new).await)).await, Some(1));
    assert_eq!(bench.send(acknowledged).await, [2]);
}

/// A mail rejected as a whole is judged again as a report of this count.
async fn a_rejected_mail_takes_the_new_judgement(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = rejected_mail(&bench, "a").await;
    let mail = judged(vec![document("a", vec![beds(1, 10)])]);
    assert_eq!(redo(&bench, id, &Redo::Mail(&mail, vec![Redone::New(&mail.documents[0])])).await, Some(1));
    assert_eq!((bench.etats(id).await, bench.codes(id).await), (vec![Etat::EnAttente], vec![]));
    assert_eq!(bench.store.balance(None).await.unwrap().en_cours, 1);
    assert_eq!(bench.send(acknowledged).await, [1]);
}

async fn rejected_mail(bench: &Bench, name: &str) -> MailId {
    let id = bench.receive(name, name).await;
    let defects = vec![Defect::new(Code::M01, Place::mail())];
    bench.record(id, &JudgedMail { defects, verdict: Some(Verdict::Rejete), ..judged(vec![]) }).await;
    settle(bench, id).await;
    id
}

async fn a_count_rejected_before_comes_in_beside_those_that_went(engine: Engine) {
    let bench = Bench::new(engine).await;
    let (went, missing) = (beds(1, 10), at_location("SSR2", 2, 10));
    let defects = vec![Defect::new(Code::S01, Place::mail())];
    let first = JudgedDocument { defects, ..document("a", vec![went.clone()]) };
    let id = bench.receive("a", "a").await;
    bench.record(id, &judged(vec![first])).await;
    bench.send(acknowledged).await;
    settle(&bench, id).await;
    let mail = judged(vec![document("a", vec![went, missing])]);
    let changed = Redo::Mail(&mail, vec![Redone::Changed(&mail.documents[0], vec![])]);
    assert_eq!(redo(&bench, id, &changed).await, Some(1));
    assert_eq!(bench.etats(id).await, [Etat::Transmise, Etat::EnAttente]);
    assert_eq!(bench.codes(id).await, []);
    assert_eq!(bench.send(acknowledged).await, [2], "what was acknowledged is not sent again");
}

/// Two mails with one document: between the proposal and the deed, the other one was recorded.
async fn a_document_recorded_meanwhile_takes_its_place(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = rejected_mail(&bench, "a").await;
    let mail = judged(vec![document("même", vec![beds(1, 10)])]);
    bench.report("même", vec![beds(1, 10)]).await;
    assert_eq!(redo(&bench, id, &Redo::Mail(&mail, vec![Redone::New(&mail.documents[0])])).await, None);
    assert_eq!(bench.codes(id).await, [Code::M01], "nothing was changed");
    assert_eq!(bench.outcome(id).await.verdict, Some(Verdict::Rejete));
}

on_both_engines! {
    a_refused_row_is_sent_again_once,
    an_older_value_is_never_sent_again,
    a_rejected_mail_takes_the_new_judgement,
    a_count_rejected_before_comes_in_beside_those_that_went,
    a_document_recorded_meanwhile_takes_its_place,
}
