//! Several workers: each under a lease, one at each duty, and what one that was taken for dead may still do.

use std::time::Duration;

use domain::capacity::Location;
use domain::outcome::Etat;
use store::{
    Closing, MailId, NewReplyText, ReadingMark, RemovalClosing, Store, StoreError, TaskLease, Whereabouts, WorkerLease,
};

use super::bench::{ACCOUNT, Bench, SETTLE, acknowledged, at_location, beds, document, judged, location, received};
use super::bench::{failed, hand_over, held_back, refused, unknown, worker};
use super::engine::{Engine, on_both_engines};
use super::replies::letter;

fn lapsed<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Lapsed)), "{result:?}");
}

async fn take(shift: &WorkerLease) -> Option<TaskLease> {
    shift.take_mailbox(ACCOUNT).await.unwrap()
}

/// The lease of every worker at work has run out.
async fn let_lapse(bench: &Bench) {
    bench.execute("UPDATE workers SET expires_at = 0").await;
}

async fn a_duty_is_one_worker_s_until_it_leaves_or_lapses(engine: Engine) {
    let bench = Bench::new(engine).await;
    let other = worker(&bench.store, "autre").await;
    // On a file the other begins once it is alone: the first is taken off the list.
    if engine == Engine::Postgres {
        assert_eq!(take(&other).await, None);
        assert!(other.take_mailbox("maildir:libre").await.unwrap().is_some(), "each mailbox has its own");
        bench.shift.leave(&bench.duty).await.unwrap();
    }
    assert!(take(&other).await.is_some());
    let third = worker(&bench.store, "tiers").await;
    if engine == Engine::Postgres {
        assert_eq!(take(&third).await, None);
        let_lapse(&bench).await;
        assert_eq!(take(&third).await, None, "nobody has seen it lapse");
        assert!(!other.renew().await.unwrap().lapsed, "nor taken over: it goes on");
        assert!(third.renew().await.is_ok() && take(&third).await.is_none());
        let_lapse(&bench).await;
        assert_eq!(worker(&bench.store, "quatrième").await.dismiss_lapsed().await.unwrap(), 0, "its beginning sees it");
    }
    let last = worker(&bench.store, "dernier").await;
    assert!(take(&last).await.is_some());
}

/// Every write of a holder that was replaced, and of one whose task began anew, is refused and leaves nothing.
async fn a_holder_that_was_replaced_writes_nothing(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let open = bench.receive("1", "courriel").await;
    let settled = bench.report("2", vec![]).await;
    let (old, old_settling) = (bench.duty.clone(), bench.settling.clone());
    bench.crash().await;
    refuses_all(&bench, &old, &old_settling, open, settled).await;
    let again = take(&bench.shift).await.unwrap();
    refuses_all(&bench, &bench.duty.clone(), &old_settling, open, settled).await;
    bench.store.receive(&again, &[received("3", "accepté")], bench.now()).await.unwrap();
}

async fn refuses_all(bench: &Bench, duty: &TaskLease, settling: &TaskLease, open: MailId, settled: MailId) {
    let (store, now) = (&bench.store, bench.now());
    let before = contents(bench).await;
    lapsed(&store.receive(duty, &[received("9", "tardif")], now).await);
    lapsed(&store.begin_reading(duty, &[open], ReadingMark::Alone).await);
    lapsed(&store.reading_failed(duty, open).await);
    lapsed(&store.end_readings(duty, ACCOUNT).await);
    lapsed(&store.recover_readings(duty, ACCOUNT).await);
    lapsed(&store.record(duty, open, &judged(vec![document("tardif", vec![beds(1, 0)])]), now).await);
    lapsed(&store.relocate(duty, &[(open, "9")]).await);
    lapsed(&store.begin_filing(duty, &[settled], now).await);
    lapsed(&store.left(duty, &[settled], now).await);
    lapsed(&store.moved(duty, &[settled], now).await);
    let outcome = store.settled_outcomes(&[settled]).await.unwrap().pop().unwrap().1;
    let answer = || NewReplyText::Letter(Box::new(letter(settled)));
    lapsed(&store.answer(settling, settled, &answer(), now).await);
    let settlement = store::Settlement { mail: settled, outcome, answer: answer() };
    lapsed(&store.settle(settling, &[settlement], now).await);
    lapsed(&store.add_digest(settling, &[(settled, 1)], &letter(settled), now).await);
    assert_eq!(contents(bench).await, before);
}

async fn contents(bench: &Bench) -> [i64; 5] {
    [
        bench.number("SELECT COUNT(*) FROM mails").await,
        bench.number("SELECT COUNT(*) FROM mails WHERE judged_at IS NULL AND moved_at IS NULL AND reading = 0").await,
        bench.number("SELECT COUNT(*) FROM mails WHERE settled_at IS NULL").await,
        bench.number("SELECT COUNT(*) FROM updates").await,
        bench.number("SELECT COUNT(*) FROM replies").await,
    ]
}

async fn a_worker_off_the_list_begins_nothing(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("1", vec![beds(1, 0)]).await;
    let_lapse(&bench).await;
    let other = worker(&bench.store, "autre").await;
    lapsed(&bench.shift.claim(10, bench.now()).await);
    lapsed(&bench.shift.take_settling().await);
    assert_eq!(other.claim(10, bench.now()).await.unwrap().len(), 1);
    let renewal = bench.shift.renew().await.unwrap();
    assert!(renewal.lapsed && !bench.shift.has(&bench.duty), "it is somebody else now");
}

/// The heart of it: the request of a worker that lapsed may be applied after a newer one.
async fn a_request_that_outlived_its_lease_has_the_newest_sent_again(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    bench.report("1", vec![beds(1, 0)]).await;
    let stopped = bench.claim().await;
    bench.report("2", vec![beds(2, 5)]).await;
    bench.crash().await;
    assert_eq!(bench.shift.take_over(bench.after(SETTLE)).await.unwrap(), 1);
    assert!(bench.claim().await.is_empty(), "the location is held");
    bench.advance(SETTLE);
    assert_eq!(bench.send(acknowledged).await, [2]);
    bench.advance(SETTLE);
    assert_eq!(bench.send(acknowledged).await, [2], "once more, after the doubt");
    bench.advance(10 * SETTLE);
    assert!(bench.claim().await.is_empty());
    // It wakes: its request leaves only now, and is acknowledged.
    bench.close(&stopped[0].rows[0], acknowledged(&bench)).await;
    assert!(bench.claim().await.is_empty(), "held again");
    bench.advance(SETTLE);
    assert_eq!(bench.send(acknowledged).await, [2]);
}

/// Its worker died, and the clock was set back by an hour: its lease would run for as much longer.
async fn a_lease_that_a_clock_set_back_would_prolong_has_lapsed(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.execute("UPDATE workers SET expires_at = expires_at + 3600000").await;
    let other = worker(&bench.store, "autre").await;
    assert!(take(&other).await.is_some(), "at once");
    assert!(bench.shift.renew().await.unwrap().lapsed, "and it was taken off the list");
}

/// A correction of the clock by less than a lease takes nobody off who is at work.
async fn a_lease_outlasts_a_small_correction_of_the_clock(engine: Engine) {
    let bench = Bench::new(engine).await;
    if engine == Engine::Sqlite {
        return;
    }
    bench.execute("UPDATE workers SET expires_at = expires_at + lease / 2").await;
    let other = worker(&bench.store, "autre").await;
    assert_eq!(take(&other).await, None);
    assert!(!bench.shift.renew().await.unwrap().lapsed);
}

/// The lease lapsed and was renewed: the worker is on the list again, as somebody else.
async fn what_was_claimed_before_a_lapse_is_not_sent_after_it(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("1", vec![beds(1, 0)]).await;
    let claimed = bench.claim().await;
    assert!(bench.shift.may_send(&claimed[0]));
    let_lapse(&bench).await;
    worker(&bench.store, "autre").await;
    assert!(bench.shift.renew().await.unwrap().lapsed && bench.shift.is_on());
    assert!(!bench.shift.may_send(&claimed[0]));
}

/// Other workers see that a mailbox is read by the sweeps that came to their end.
async fn sweeps_are_seen_by_other_workers(engine: Engine) {
    let bench = Bench::new(engine).await;
    if engine == Engine::Sqlite {
        return;
    }
    let other = worker(&bench.store, "autre").await;
    assert_eq!((take(&other).await, other.sweeps_of(ACCOUNT).await.unwrap()), (None, 0));
    bench.shift.swept(&bench.duty).await.unwrap();
    assert_eq!(other.sweeps_of(ACCOUNT).await.unwrap(), 1);
    let_lapse(&bench).await;
    assert!(take(&worker(&bench.store, "tiers").await).await.is_some());
    bench.shift.swept(&bench.duty).await.unwrap();
    assert_eq!(other.sweeps_of(ACCOUNT).await.unwrap(), 1, "those of one that was replaced do not count");
}

async fn a_late_answer_decides_nothing(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let id = bench.report("1", vec![beds(1, 0)]).await;
    let stopped = bench.claim().await;
    bench.crash().await;
    bench.shift.take_over(bench.now()).await.unwrap();
    bench.close(&stopped[0].rows[0], refused(&bench)).await;
    assert_eq!(bench.etats(id).await, [Etat::EnAttente]);
    bench.store.release(&stopped[0], bench.after(9000), bench.now()).await.unwrap();
    assert_eq!(bench.send(unknown).await, [1], "nor does it give back what is not its own");
}

/// Another worker has the row in flight by now: whatever comes late of the first, the row stays the other's, and what
/// may be applied only late holds the location until it is certain.
async fn a_late_answer_leaves_the_row_to_who_claimed_it_anew(engine: Engine) {
    let closings = [acknowledged as fn(&Bench) -> Closing, refused, held_back, failed, unknown, overtaken];
    for (rank, late) in closings.into_iter().enumerate() {
        let mut bench = Bench::new(engine).await;
        let id = bench.report("1", vec![beds(1, 0)]).await;
        let stopped = bench.claim().await;
        bench.crash().await;
        bench.shift.take_over(bench.now()).await.unwrap();
        let anew = bench.claim().await;
        assert_eq!(anew[0].rows[0].id.number(), stopped[0].rows[0].id.number());
        let answered = stopped[0].rows[0].answered(Vec::new(), late(&bench), bench.after(SETTLE), bench.now());
        assert!(bench.store.close_rows(&[&answered]).await.unwrap(), "{rank}: its sender is told that it lost the row");
        bench.store.release(&stopped[0], bench.after(9000), bench.now()).await.unwrap();
        assert_eq!((bench.etats(id).await, bench.codes(id).await), (vec![Etat::EnAttente], vec![]), "{rank}");
        assert!(bench.claim().await.is_empty(), "{rank}: it is in flight");
        bench.report("2", vec![beds(2, 5)]).await;
        assert_eq!(bench.etats(id).await, [Etat::EnAttente], "{rank}: and waits for the answer of the other");
        let answered = anew[0].rows[0].answered(Vec::new(), acknowledged(&bench), bench.after(SETTLE), bench.now());
        assert!(!bench.store.close_rows(&[&answered]).await.unwrap(), "{rank}");
        assert_eq!(bench.etats(id).await, [Etat::Transmise], "{rank}");
        let held = matches!(late(&bench), Closing::Acknowledged { .. } | Closing::Retry { hold: Some(_), .. });
        assert_eq!(bench.send(acknowledged).await, if held { vec![] } else { vec![2] }, "{rank}");
        bench.advance(SETTLE);
        assert_eq!(bench.send(acknowledged).await, [2], "{rank}: once more, for what was in doubt, or at last");
    }
}

fn overtaken(bench: &Bench) -> Closing {
    Closing::Overtaken { date: bench.now(), nombre: 9 }
}

/// The same of an indicator to delete.
async fn a_late_answer_leaves_the_removal_to_who_claimed_it_anew(engine: Engine) {
    let retry = |bench: &Bench| RemovalClosing::Retry { next_at: bench.after(9000), hold: None };
    for late in [|_: &Bench| RemovalClosing::Done, retry] {
        let mut bench = Bench::new(engine).await;
        for (nombre, code) in [(1, "03"), (2, "04")] {
            bench.report(code, vec![beds(nombre, nombre)]).await;
            bench.send(|_| Closing::Acknowledged { genre_code: Some(code.to_owned()) }).await;
        }
        let stopped = bench.claim().await;
        bench.crash().await;
        bench.shift.take_over(bench.now()).await.unwrap();
        let anew = bench.claim().await;
        assert_eq!((stopped[0].removals.len(), anew[0].removals.len()), (1, 1));
        bench.close_removal(&stopped[0].removals[0], late(&bench)).await;
        bench.store.release(&stopped[0], bench.after(9000), bench.now()).await.unwrap();
        bench.advance(SETTLE);
        assert!(bench.claim().await.is_empty(), "it is in flight");
        let again = RemovalClosing::Retry { next_at: bench.after(5), hold: None };
        bench.close_removal(&anew[0].removals[0], again).await;
        bench.advance(5);
        assert_eq!(bench.claim().await[0].removals.len(), 1, "to be tried again, as the other says");
    }
}

/// Services of one code in two establishments, and of two codes in one: each is claimed by itself.
async fn what_is_claimed_is_of_one_location(engine: Engine) {
    let bench = Bench::new(engine).await;
    let mut elsewhere = beds(2, 0);
    elsewhere.location = Location::new("299900100".parse().unwrap(), elsewhere.location.service().clone());
    bench.report("1", vec![beds(1, 0), elsewhere, at_location("SSR2", 3, 0)]).await;
    for expected in 1..=3 {
        let batches = bench.shift.claim(1, bench.now()).await.unwrap();
        let rows: Vec<_> = batches.iter().flat_map(|batch| &batch.rows).collect();
        assert_eq!(rows.iter().map(|row| row.update.count.nombre.get()).collect::<Vec<_>>(), [expected]);
        assert_eq!(rows[0].update.location, batches[0].location);
    }
}

async fn what_a_worker_left_is_taken_over_once(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("1", vec![at_location("A", 1, 0), at_location("B", 2, 0)]).await;
    assert_eq!(bench.claim().await.len(), 2);
    assert_eq!(bench.shift.take_over(bench.now()).await.unwrap(), 0, "it is at work");
    let_lapse(&bench).await;
    let (one, two) = (worker(&bench.store, "un").await, worker(&bench.store, "deux").await);
    let until = bench.after(SETTLE);
    let taken = tokio::join!(one.take_over(until), two.take_over(until));
    assert_eq!(taken.0.unwrap() + taken.1.unwrap(), 2);
}

async fn a_reply_is_sent_by_one_worker(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let id = bench.report("a", vec![]).await;
    bench.settle(id, NewReplyText::Letter(Box::new(letter(id)))).await;
    let first = bench.shift.replies_to_send(10, &[], bench.now()).await.unwrap();
    assert_eq!(first.len(), 1);
    if engine == Engine::Postgres {
        let other = worker(&bench.store, "autre").await;
        assert!(other.replies_to_send(10, &[], bench.now()).await.unwrap().is_empty());
        bench.shift.release_replies().await.unwrap();
        assert_eq!(other.replies_to_send(10, &[], bench.now()).await.unwrap().len(), 1);
    }
    bench.crash().await;
    let second = bench.shift.replies_to_send(10, &[], bench.now()).await.unwrap();
    assert_eq!(second[0].content, first[0].content, "the very same mail");
    hand_over(&bench.store, &second[0], Whereabouts::Taken, bench.now()).await;
    hand_over(&bench.store, &first[0], Whereabouts::Refused("trop tard".to_owned()), bench.now()).await;
    assert_eq!(bench.store.replies(id).await.unwrap()[0].etat, "envoyee");
}

on_both_engines! {
    a_duty_is_one_worker_s_until_it_leaves_or_lapses,
    a_holder_that_was_replaced_writes_nothing,
    a_worker_off_the_list_begins_nothing,
    a_request_that_outlived_its_lease_has_the_newest_sent_again,
    a_lease_that_a_clock_set_back_would_prolong_has_lapsed,
    a_lease_outlasts_a_small_correction_of_the_clock,
    what_was_claimed_before_a_lapse_is_not_sent_after_it,
    sweeps_are_seen_by_other_workers,
    a_late_answer_decides_nothing,
    a_late_answer_leaves_the_row_to_who_claimed_it_anew,
    a_late_answer_leaves_the_removal_to_who_claimed_it_anew,
    what_is_claimed_is_of_one_location,
    what_a_worker_left_is_taken_over_once,
    a_reply_is_sent_by_one_worker,
}

/// Claims all there is, as often as there is something.
async fn claim_all(store: Store, name: &'static str, bench: &Bench) -> Vec<(String, i32)> {
    let shift = worker(&store, name).await;
    let mut claimed = Vec::new();
    for _ in 0..20 {
        for batch in shift.claim(3, bench.now()).await.unwrap() {
            for row in &batch.rows {
                claimed.push((batch.location.service().to_string(), row.update.count.nombre.get()));
                bench.close(row, acknowledged(bench)).await;
            }
        }
    }
    claimed
}

#[tokio::test]
async fn workers_side_by_side_share_the_locations_and_send_none_twice() {
    let bench = Bench::new(Engine::Postgres).await;
    let codes: Vec<String> = (0..20).map(|rank| format!("L{rank}")).collect();
    let updates = codes.iter().zip(1..).map(|(code, nombre)| at_location(code, nombre, 0)).collect();
    bench.report("1", updates).await;
    let open = async || Store::open(&bench.settings()).await.unwrap();
    let (a, b, c) = (open().await, open().await, open().await);
    let (a, b, c) =
        tokio::join!(claim_all(a, "un", &bench), claim_all(b, "deux", &bench), claim_all(c, "trois", &bench));
    let mut sent: Vec<_> = a.into_iter().chain(b).chain(c).collect();
    sent.sort_by_key(|(_, nombre)| *nombre);
    let whole: Vec<_> = codes.iter().map(|code| location(code).service().to_string()).zip(1..).collect();
    assert_eq!(sent, whole);
}

/// Two workers that ask at once: the server lets one have it.
#[tokio::test]
async fn of_workers_that_ask_at_once_one_has_the_duty() {
    let bench = Bench::new(Engine::Postgres).await;
    let mut shifts = Vec::new();
    for name in ["a", "b", "c", "d"] {
        shifts.push(worker(&bench.store, name).await);
    }
    for round in 0..10 {
        let account = format!("maildir:{round}");
        let asked = futures_util::future::join_all(shifts.iter().map(|shift| shift.take_mailbox(&account))).await;
        assert_eq!(asked.into_iter().filter(|taken| taken.as_ref().unwrap().is_some()).count(), 1);
    }
}

/// The database's clock decides: that of this process is not asked.
#[tokio::test]
async fn a_lease_runs_out_on_the_clock_of_the_database() {
    let bench = Bench::new(Engine::Postgres).await;
    let short = WorkerLease::new(bench.store.clone(), "bref", Duration::from_millis(300));
    short.begin().await.unwrap();
    assert!(short.is_on());
    let left = bench.number(
        "SELECT expires_at - CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) FROM workers WHERE name = 'bref'",
    );
    assert!(left.await <= 300);
    let deadline = std::time::Instant::now() + Duration::from_mins(1);
    while bench.shift.dismiss_lapsed().await.unwrap() == 0 {
        assert!(std::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!short.is_on());
    assert!(short.renew().await.unwrap().lapsed);
    assert!(short.is_on());
}
