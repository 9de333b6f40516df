//! A verdict is written of the counts as they stand, not as they stood when it was reached.

use domain::outcome::{Etat, Verdict};
use store::{MailId, NewReplyText, Settlement};

use super::bench::{Bench, acknowledged, beds, refused};
use super::engine::{Engine, on_both_engines};

async fn a_verdict_from_before_a_count_came_back_and_was_refused_is_not_written(engine: Engine) {
    let bench = Bench::new(engine).await;
    let older = bench.report("ancien", vec![beds(1, 10)]).await;
    bench.report("nouveau", vec![beds(2, 20)]).await;
    assert_eq!(bench.etats(older).await, [Etat::Depassee]);
    let read = async || Settlement {
        mail: older,
        outcome: bench.store.settled_outcomes(&[older]).await.unwrap().pop().unwrap().1,
        answer: NewReplyText::Silent("intégré".to_owned()),
    };
    let superseded = read().await;
    assert_eq!(superseded.outcome.verdict, Some(Verdict::Integre));

    assert_eq!(bench.send(refused).await, [2]);
    let waiting = read().await;
    assert_eq!(bench.send(refused).await, [1]);
    for stale in [superseded, waiting] {
        assert!(!bench.store.settle(&bench.settling, &[stale], bench.now()).await.unwrap());
    }
    assert!(!bench.store.is_settled(older).await.unwrap());
    assert!(bench.store.settle(&bench.settling, &[read().await], bench.now()).await.unwrap());
    assert_eq!(bench.outcome(older).await.verdict, Some(Verdict::Rejete));
}

async fn a_mail_with_a_count_that_waits_is_not_settled(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("seul", vec![beds(1, 10)]).await;
    let outcome = bench.store.settled_outcomes(&[id]).await.unwrap().pop().unwrap().1;
    let settlement = Settlement { mail: id, outcome, answer: NewReplyText::Told };
    assert!(!bench.store.settle(&bench.settling, &[settlement], bench.now()).await.unwrap());
    assert!(!bench.store.is_settled(id).await.unwrap());
}

async fn mails_settled_together_are_all_settled_or_none(engine: Engine) {
    let bench = Bench::new(engine).await;
    let sent = bench.report("envoye", vec![beds(1, 10)]).await;
    bench.send(acknowledged).await;
    let waiting = bench.report("attend", vec![beds(1, 20)]).await;
    let empty = bench.report("vide", vec![]).await;
    let settle = async |ids: &[MailId]| {
        let outcomes = bench.store.settled_outcomes(ids).await.unwrap().into_iter();
        let told = |(mail, outcome)| Settlement { mail, outcome, answer: NewReplyText::Told };
        bench.store.settle(&bench.settling, &outcomes.map(told).collect::<Vec<_>>(), bench.now()).await.unwrap()
    };
    assert!(!settle(&[sent, waiting, empty]).await, "a count waits");
    assert!(!bench.store.is_settled(sent).await.unwrap() && !bench.store.is_settled(empty).await.unwrap());
    assert!(settle(&[sent, empty]).await);
    assert_eq!(bench.outcome(sent).await.documents[0].verdict, Some(Verdict::Integre));
    assert_eq!(bench.outcome(empty).await.verdict, Some(Verdict::Rejete));
    bench.send(acknowledged).await;
    assert!(!settle(&[waiting, sent]).await, "one is settled already");
    assert!(settle(&[waiting]).await);
}

on_both_engines! {
    mails_settled_together_are_all_settled_or_none,
    a_verdict_from_before_a_count_came_back_and_was_refused_is_not_written,
    a_mail_with_a_count_that_waits_is_not_settled,
}
