//! Several mailboxes in one store: each judged and balanced by itself, and one effect of what came to both.

use jiff::SignedDuration;
use store::{
    DigestDue, First, JudgedDocument, JudgedMail, Judging, MailId, NewReplyText, Prior, ReadingMark, Received, Recorded,
};

use super::bench::{ACCOUNT, Bench, SENDER, acknowledged, beds, document, judged, received};
use super::engine::{Engine, on_both_engines};

const OTHER: &str = "maildir:brest";

async fn receive(bench: &Bench, account: &str, raw: &str) -> MailId {
    let mail = Received { account, ..received(raw, raw) };
    bench.store.receive(&bench.duty, &[mail], bench.now()).await.unwrap();
    bench.store.known_positions(account).await.unwrap()[raw].id
}

async fn what_is_being_read_for_one_mailbox_is_no_business_of_another(engine: Engine) {
    let bench = Bench::new(engine).await;
    let (ours, theirs) = (receive(&bench, ACCOUNT, "a").await, receive(&bench, OTHER, "a").await);
    assert_ne!(ours, theirs, "the same bytes in two mailboxes are two mails");
    bench.store.begin_reading(&bench.duty, &[ours], ReadingMark::Alone).await.unwrap();
    bench.store.begin_reading(&bench.duty, &[theirs], ReadingMark::Alone).await.unwrap();
    assert_eq!(bench.store.recover_readings(&bench.duty, OTHER).await.unwrap(), 1);
    let waiting = async |account| bench.store.to_judge(account, 10).await.unwrap();
    assert_eq!(waiting(ACCOUNT).await, [Judging { id: ours, suspect: false, attempts: 0 }], "still being read");
    assert_eq!(waiting(OTHER).await, [Judging { id: theirs, suspect: true, attempts: 1 }]);
    bench.store.end_readings(&bench.duty, OTHER).await.unwrap();
    assert_eq!(bench.store.recover_readings(&bench.duty, ACCOUNT).await.unwrap(), 1, "its mark was left alone");
}

async fn accounts_are_known_as_long_as_they_have_mails_and_balance_each_by_itself(engine: Engine) {
    let bench = Bench::new(engine).await;
    let ours = bench.report("a", vec![]).await;
    for raw in ["a", "b"] {
        receive(&bench, OTHER, raw).await;
    }
    bench.settle(ours, NewReplyText::Told).await;
    assert_eq!(bench.store.accounts().await.unwrap(), [OTHER, ACCOUNT]);
    assert_eq!(bench.store.accounts_to_judge().await.unwrap(), [OTHER]);
    let check = async |account, recus, en_cours| {
        let balance = bench.store.balance(account).await.unwrap();
        assert_eq!((balance.holds(), balance.recus, balance.en_cours), (true, recus, en_cours), "{account:?}");
    };
    check(Some(ACCOUNT), 1, 0).await;
    check(Some(OTHER), 2, 2).await;
    check(None, 3, 2).await;
}

/// Two judges took the same document for new at the same time.
async fn one_document_sent_to_two_mailboxes_has_one_effect(engine: Engine) {
    let bench = Bench::new(engine).await;
    let (ours, theirs) = (receive(&bench, ACCOUNT, "a").await, receive(&bench, OTHER, "b").await);
    bench.record(ours, &judged(vec![document("BM-1", vec![beds(3, 0)])])).await;
    let late = judged(vec![document("BM-0", vec![beds(9, 1)]), document("BM-1", vec![beds(3, 0)])]);
    assert_eq!(bench.store.record(&bench.duty, theirs, &late, bench.now()).await.unwrap(), Recorded::Overtaken);
    assert_eq!(bench.store.to_judge(OTHER, 10).await.unwrap().len(), 1, "to be judged again");
    assert!(bench.outcome(theirs).await.documents.is_empty(), "nothing of it was written");

    let sender = SENDER.parse().unwrap();
    let prior = bench.store.prior(&sender, "BM-1", &store::sha256(b"BM-1")).await.unwrap();
    assert!(matches!(prior, Prior::Duplicate(First::Stored(_))), "{prior:?}");
    bench.record(theirs, &judged(vec![JudgedDocument { prior, ..document("BM-1", vec![]) }])).await;
    assert_eq!(bench.send(acknowledged).await, [3], "one effect");
}

async fn an_identifiant_used_meanwhile_for_something_else_is_seen(engine: Engine) {
    let bench = Bench::new(engine).await;
    let (ours, theirs) = (receive(&bench, ACCOUNT, "a").await, receive(&bench, OTHER, "b").await);
    bench.record(ours, &judged(vec![document("BM-1", vec![])])).await;
    let mut other = document("BM-1", vec![beds(4, 0)]);
    other.head.sha256 = "autre contenu".to_owned();
    let late = judged(vec![other]);
    assert_eq!(bench.store.record(&bench.duty, theirs, &late, bench.now()).await.unwrap(), Recorded::Overtaken);
    let JudgedMail { documents, .. } = &late;
    let told = JudgedDocument { prior: Prior::Reused, ..document("BM-1", vec![beds(4, 0)]) };
    let told = JudgedDocument { head: documents[0].head.clone(), ..told };
    assert_eq!(
        bench.store.record(&bench.duty, theirs, &judged(vec![told]), bench.now()).await.unwrap(),
        Recorded::Stands
    );
}

/// The database itself holds it, were a judgement ever recorded without a look.
async fn no_two_documents_of_one_identity_are_both_the_first(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("BM-1", vec![]).await;
    let again = "INSERT INTO documents (mail_id, rank, name, sender, identifiant, sha256, test)
                 SELECT mail_id, 1, name, sender, identifiant, sha256, test FROM documents";
    assert!(bench.home.try_execute(again).await.is_err());
}

async fn a_digest_gathers_what_was_sent_to_one_mailbox(engine: Engine) {
    let bench = Bench::new(engine).await;
    let to: domain::address::Address = SENDER.parse().unwrap();
    let mut ids = Vec::new();
    for (account, name) in [(ACCOUNT, "a"), (OTHER, "b"), (ACCOUNT, "c")] {
        let id = receive(&bench, account, name).await;
        bench.record(id, &judged(vec![document(name, vec![])])).await;
        bench.store.answer(&bench.settling, id, &NewReplyText::Withheld(to.clone()), bench.now()).await.unwrap();
        ids.push(id);
    }
    let mut due = bench.store.digests_due(SignedDuration::ZERO, bench.now()).await.unwrap();
    due.sort_by_key(|digest| digest.mails[0]);
    let digest = |mails: &[MailId]| DigestDue { to: to.clone(), mails: mails.to_vec() };
    assert_eq!(due, [digest(&[ids[0], ids[2]]), digest(&[ids[1]])]);
}

on_both_engines! {
    what_is_being_read_for_one_mailbox_is_no_business_of_another,
    accounts_are_known_as_long_as_they_have_mails_and_balance_each_by_itself,
    one_document_sent_to_two_mailboxes_has_one_effect,
    an_identifiant_used_meanwhile_for_something_else_is_seen,
    no_two_documents_of_one_identity_are_both_the_first,
    a_digest_gathers_what_was_sent_to_one_mailbox,
}
