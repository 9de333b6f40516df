//! The identity of a document: sender, identifiant and content.

use domain::address::Address;
use domain::outcome::{Etat, Verdict};
use reading::report::ReportHead;
use store::{First, JudgedDocument, JudgedMail, MailId, NewReplyText, Prior, Recorded};

use super::bench::{ACCOUNT, Bench, SENDER, acknowledged, beds, document, judged};
use super::engine::{Engine, on_both_engines};

async fn check(engine: Engine, sender: &str, identifiant: &str, sha256: &str, expected: fn(&Prior) -> bool) {
    let bench = Bench::new(engine).await;
    bench.report("BM-1", vec![]).await;
    let sender: Address = sender.parse().unwrap();
    let prior = bench.store.prior(&sender, identifiant, sha256).await.unwrap();
    assert!(expected(&prior), "{sender} {identifiant} {sha256}: {prior:?}");
}

async fn what_is_known_of_a_document(engine: Engine) {
    let content = store::sha256(b"BM-1");
    check(engine, SENDER, "BM-1", &content, |prior| matches!(prior, Prior::Duplicate(First::Stored(_)))).await;
    check(engine, SENDER, "BM-1", "autre", |prior| *prior == Prior::Reused).await;
    check(engine, SENDER, "BM-2", &content, |prior| *prior == Prior::New).await;
    check(engine, "autre@ch-armor.test", "BM-1", &content, |prior| *prior == Prior::New).await;
}

async fn a_duplicate_tells_of_the_first_whatever_came_between(engine: Engine) {
    let bench = Bench::new(engine).await;
    let first = bench.report("BM-1", vec![beds(3, 0)]).await;
    let received_at = bench.now();
    bench.advance(600);
    let sender: Address = SENDER.parse().unwrap();
    let content = store::sha256(b"BM-1");
    let mut seen = Vec::new();
    for name in ["copie 1", "copie 2"] {
        let Prior::Duplicate(known) = bench.store.prior(&sender, "BM-1", &content).await.unwrap() else {
            panic!("a duplicate");
        };
        let copy = JudgedDocument { prior: Prior::Duplicate(known), ..document("BM-1", vec![]) };
        let id = bench.receive(name, name).await;
        bench.record(id, &judged(vec![copy])).await;
        seen.push(bench.outcome(id).await.documents[0].clone());
    }
    for copy in seen {
        assert_eq!(copy.verdict, Some(Verdict::Doublon));
        assert_eq!(copy.first_seen, Some((received_at, Verdict::Integre)), "as far as it is known");
    }
    assert_eq!(bench.send(acknowledged).await, [3], "one effect");
    assert_eq!(bench.etats(first).await, [Etat::Transmise]);
}

async fn twice_in_one_mail(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.receive("a", "a").await;
    let copy = JudgedDocument { prior: Prior::Duplicate(First::SameMail(0)), ..document("BM-1", vec![]) };
    let other = document("BM-2", vec![beds(4, 1)]);
    bench.record(id, &judged(vec![document("BM-1", vec![beds(3, 0)]), copy, other])).await;
    let outcome = bench.store.settled_outcomes(&[id]).await.unwrap().pop().unwrap().1;
    let verdicts: Vec<_> = outcome.documents.iter().map(|document| document.verdict.unwrap()).collect();
    assert_eq!(verdicts, [Verdict::Integre, Verdict::Doublon, Verdict::Integre]);
    assert_eq!(outcome.verdict, Some(Verdict::Integre));
    assert_eq!(bench.etats(id).await, [Etat::Depassee, Etat::EnAttente]);
}

async fn two_documents_of_one_mail_and_one_instant_the_second_wins(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.receive("a", "a").await;
    bench.record(id, &judged(vec![document("BM-1", vec![beds(3, 0)]), document("BM-2", vec![beds(4, 0)])])).await;
    assert_eq!(bench.send(acknowledged).await, [4]);
    assert_eq!(bench.etats(id).await, [Etat::Depassee, Etat::Transmise]);
}

async fn a_document_without_identifiant_has_no_past(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.receive("a", "a").await;
    let unnamed = document("", vec![]);
    let unnamed = JudgedDocument { head: ReportHead { identifiant: None, ..unnamed.head }, ..unnamed };
    bench.record(id, &judged(vec![unnamed])).await;
    bench.settle(id, NewReplyText::Told).await;
    assert_eq!(bench.outcome(id).await.verdict, Some(Verdict::Rejete), "nothing accepted");
}

async fn a_mail_without_sender_is_recorded(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.receive("a", "a").await;
    bench.record(id, &JudgedMail { sender: None, message_id: None, ..judged(vec![]) }).await;
    assert!(bench.store.to_judge(ACCOUNT, 1).await.unwrap().is_empty());
}

async fn of_mails_recorded_together_each_knows_those_before(engine: Engine) {
    let bench = Bench::new(engine).await;
    let mut ids = Vec::new();
    for name in ["ancien", "nouveau", "copie", "connu"] {
        ids.push(bench.receive(name, name).await);
    }
    bench.record(ids[3], &judged(vec![document("BM-3", vec![])])).await;
    let [older, newer] =
        [judged(vec![document("BM-1", vec![beds(3, 0)])]), judged(vec![document("BM-2", vec![beds(4, 1)])])];
    let all = [(ids[0], &older), (ids[1], &newer), (ids[2], &older), (ids[3], &newer)];
    let recorded = bench.store.record_all(&bench.duty, &all, bench.now()).await.unwrap();
    let stands = Recorded::Stands;
    assert_eq!(recorded, [stands, stands, Recorded::Overtaken, stands], "the third is a copy of the first");
    let left: Vec<MailId> = bench.store.to_judge(ACCOUNT, 9).await.unwrap().iter().map(|mail| mail.id).collect();
    assert_eq!(left, [ids[2]]);
    assert_eq!(bench.etats(ids[0]).await, [Etat::Depassee]);
    assert_eq!(bench.etats(ids[1]).await, [Etat::EnAttente]);
    assert_eq!(bench.etats(ids[3]).await, [], "the first judgement on it stands");
}

on_both_engines! {
    of_mails_recorded_together_each_knows_those_before,
    what_is_known_of_a_document,
    a_duplicate_tells_of_the_first_whatever_came_between,
    twice_in_one_mail,
    two_documents_of_one_mail_and_one_instant_the_second_wins,
    a_document_without_identifiant_has_no_past,
    a_mail_without_sender_is_recorded,
}
