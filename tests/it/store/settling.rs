//! A verdict is written of the counts as they stand, not as they stood when it was reached.

use dispolits::outcome::{Etat, Verdict};
use dispolits::store::{Answer, Settlement};

use super::bench::{Bench, beds, refused};
use super::engine::{Engine, on_both_engines};

async fn a_verdict_from_before_a_count_came_back_and_was_refused_is_not_written(engine: Engine) {
    let bench = Bench::new(engine).await;
    let older = bench.report("ancien", vec![beds(1, 10)]).await;
    bench.report("nouveau", vec![beds(2, 20)]).await;
    assert_eq!(bench.etats(older).await, [Etat::Depassee]);
    let read = async || Settlement {
        outcome: bench.store.settled_outcome(older).await.unwrap().unwrap(),
        answer: Answer::Silent("intégré".to_owned()),
    };
    let superseded = read().await;
    assert_eq!(superseded.outcome.verdict, Some(Verdict::Integre));

    assert_eq!(bench.send(refused).await, [2]);
    let waiting = read().await;
    assert_eq!(bench.send(refused).await, [1]);
    for stale in [superseded, waiting] {
        assert!(!bench.store.settle(&bench.settling, older, &stale, bench.now()).await.unwrap());
    }
    assert!(!bench.store.is_settled(older).await.unwrap());
    assert!(bench.store.settle(&bench.settling, older, &read().await, bench.now()).await.unwrap());
    assert_eq!(bench.outcome(older).await.verdict, Some(Verdict::Rejete));
}

async fn a_mail_with_a_count_that_waits_is_not_settled(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("seul", vec![beds(1, 10)]).await;
    let outcome = bench.store.settled_outcome(id).await.unwrap().unwrap();
    let settlement = Settlement { outcome, answer: Answer::Told };
    assert!(!bench.store.settle(&bench.settling, id, &settlement, bench.now()).await.unwrap());
    assert!(!bench.store.is_settled(id).await.unwrap());
}

on_both_engines! {
    a_verdict_from_before_a_count_came_back_and_was_refused_is_not_written,
    a_mail_with_a_count_that_waits_is_not_settled,
}
