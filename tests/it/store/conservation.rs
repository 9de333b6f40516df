//! Every mail has one outcome or is in progress, whatever happened and in whatever order.

use domain::outcome::Verdict;
use jiff::SignedDuration;
use proptest::prelude::*;
use store::{Balance, Expiry, JudgedMail, MailId, NewReplyText, ReadingMark, ToMove, Unsettled};

use super::bench::{ACCOUNT, Bench, acknowledged, beds, document, judged, refused};
use super::engine::Engine;
use super::search::assert_in_step;

#[derive(Debug, Clone)]
enum Step {
    /// These bytes lie at this position.
    Seen {
        bytes: u8,
        position: u8,
    },
    Judge {
        verdict: Option<Verdict>,
        rows: u8,
    },
    ReadAndDie,
    MoveOne,
    Send {
        refuse: bool,
    },
    SettleOne,
    Purge,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let verdict = prop::option::of(prop::sample::select(Verdict::ALL.to_vec()));
    let step = prop_oneof![
        4 => (0..6_u8, 0..4_u8).prop_map(|(bytes, position)| Step::Seen { bytes, position }),
        3 => (verdict, 0..3_u8).prop_map(|(verdict, rows)| Step::Judge { verdict, rows }),
        1 => Just(Step::ReadAndDie),
        2 => Just(Step::MoveOne),
        2 => any::<bool>().prop_map(|refuse| Step::Send { refuse }),
        2 => Just(Step::SettleOne),
        1 => Just(Step::Purge),
    ];
    prop::collection::vec(step, 1..40)
}

async fn take(bench: &Bench, rank: usize, step: &Step) {
    let store = &bench.store;
    match step {
        Step::Seen { bytes, position } => {
            bench.receive(&position.to_string(), &bytes.to_string()).await;
        }
        Step::Judge { verdict, rows } => {
            let Some(mail) = store.to_judge(ACCOUNT, 1).await.unwrap().pop() else { return };
            let updates = (0..*rows).map(|minute| beds(1, i64::from(minute))).collect();
            let judged = JudgedMail { verdict: *verdict, ..judged(vec![document(&rank.to_string(), updates)]) };
            bench.record(mail.id, &judged).await;
        }
        Step::ReadAndDie => {
            let ids: Vec<MailId> = store.to_judge(ACCOUNT, 3).await.unwrap().iter().map(|mail| mail.id).collect();
            store.begin_reading(&bench.duty, &ids, ReadingMark::Together).await.unwrap();
            store.recover_readings(&bench.duty, ACCOUNT).await.unwrap();
        }
        Step::MoveOne => {
            let Some(ToMove { id, .. }) = store.to_move(ACCOUNT, &[], None, 1).await.unwrap().pop() else { return };
            store.moved(&bench.duty, &[id], bench.now()).await.unwrap();
        }
        Step::Send { refuse } => drop(bench.send(if *refuse { refused } else { acknowledged }).await),
        Step::SettleOne => {
            let ready = store.unsettled(SignedDuration::from_secs(3600), bench.now(), None, 1).await.unwrap().pop();
            if let Some(Unsettled::Ready(id)) = ready {
                bench.settle(id, NewReplyText::Told).await;
            }
        }
        Step::Purge => drop(store.purge_content(&Expiry::at(bench.after(1))).await.unwrap()),
    }
}

/// A mail that is settled has its verdict, and keeps it.
async fn check(bench: &Bench, before: Balance) -> Balance {
    let balance = bench.store.balance(None).await.unwrap();
    assert!(balance.holds(), "{balance:?}");
    assert_eq!(balance, bench.store.balance(Some(ACCOUNT)).await.unwrap(), "the one account is all");
    let undecided = "SELECT COUNT(*) FROM mails WHERE settled_at IS NOT NULL AND verdict IS NULL";
    assert_eq!(bench.number(undecided).await, 0);
    assert_eq!(bench.number("SELECT COUNT(*) FROM mails").await, balance.recus);
    let finals = |balance: &Balance| balance.recus - balance.en_cours;
    assert!(finals(&balance) >= finals(&before) && balance.recus >= before.recus, "{before:?} then {balance:?}");
    balance
}

/// Takes the steps one by one; the balance holds after each.
fn tell(engine: Engine, steps: &[Step]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bench = Bench::new(engine).await;
        let mut balance = Balance::default();
        for (rank, step) in steps.iter().enumerate() {
            take(&bench, rank, step).await;
            balance = check(&bench, balance).await;
            assert_in_step(&bench).await;
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn the_balance_holds_at_every_step(steps in steps()) {
        tell(Engine::Sqlite, &steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 100, ..ProptestConfig::default() })]
    #[test]
    fn the_balance_holds_at_every_step_on_a_server(steps in steps()) {
        tell(Engine::Postgres, &steps);
    }
}
