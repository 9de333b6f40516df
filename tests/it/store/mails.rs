//! Receiving, seeing again, reading under a mark, moving.

use domain::outcome::Verdict;
use store::{JudgedMail, Judging, MailId, ReadingMark, Received};

use super::bench::{ACCOUNT, Bench, judged, received};
use super::engine::{Engine, on_both_engines};

async fn positions(bench: &Bench) -> Vec<(String, MailId)> {
    let known = bench.store.known_positions(ACCOUNT).await.unwrap();
    let mut known: Vec<_> = known.into_iter().map(|(position, known)| (position, known.id)).collect();
    known.sort();
    known
}

async fn duplicate_of(bench: &Bench, id: MailId) -> Option<MailId> {
    bench.store.mail(id).await.unwrap().unwrap().duplicate_of
}

async fn the_same_bytes_are_one_mail_until_their_move_is_confirmed(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let first = bench.receive("a", "octets").await;
    bench.restart().await;
    assert_eq!(bench.receive("b", "octets").await, first, "seen again elsewhere");
    assert_eq!(positions(&bench).await, [("b".to_owned(), first)], "where it was seen last");
    bench.record(first, &judged(vec![])).await;
    assert_eq!(bench.receive("c", "octets").await, first, "judged is not moved");

    bench.store.moved(&bench.duty, &[first], bench.now()).await.unwrap();
    assert_eq!(positions(&bench).await, []);
    let second = bench.receive("c", "octets").await;
    assert!(second > first);
    assert_eq!(duplicate_of(&bench, second).await, Some(first));
    bench.store.moved(&bench.duty, &[second], bench.now()).await.unwrap();
    let third = bench.receive("d", "octets").await;
    assert_eq!(duplicate_of(&bench, third).await, Some(first), "of the first, however many came");
}

async fn two_copies_in_the_mailbox_at_once_are_one_mail_then_a_duplicate(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.store.receive(&bench.duty, &[received("a", "octets"), received("b", "octets")], bench.now()).await.unwrap();
    assert_eq!(bench.store.balance(Some(ACCOUNT)).await.unwrap().recus, 1);
    let known = positions(&bench).await;
    assert_eq!(known.len(), 1);
    bench.store.moved(&bench.duty, &[known[0].1], bench.now()).await.unwrap();
    let copy = bench.receive("a", "octets").await;
    assert_eq!(duplicate_of(&bench, copy).await, Some(known[0].1));
}

async fn accounts_do_not_share_mails(engine: Engine) {
    let bench = Bench::new(engine).await;
    let ours = bench.receive("a", "octets").await;
    bench.store.moved(&bench.duty, &[ours], bench.now()).await.unwrap();
    let other = Received { account: "maildir:autre", ..received("a", "octets") };
    bench.store.receive(&bench.duty, &[other], bench.now()).await.unwrap();
    assert_eq!(bench.store.balance(Some("maildir:autre")).await.unwrap().recus, 1);
    let theirs = bench.store.known_positions("maildir:autre").await.unwrap()["a"].id;
    assert_eq!(duplicate_of(&bench, theirs).await, None);
}

async fn a_header_alone_is_told_apart_by_the_size_of_its_mail(engine: Engine) {
    let bench = Bench::new(engine).await;
    let header = |position, size| Received { size, headers_only: true, ..received(position, "Subject: a\r\n\r\n") };
    bench
        .store
        .receive(&bench.duty, &[header("a", 100), header("b", 200), header("c", 100)], bench.now())
        .await
        .unwrap();
    assert_eq!(positions(&bench).await.len(), 2);
    bench.receive("d", "Subject: a\r\n\r\n").await;
    assert_eq!(positions(&bench).await.len(), 3, "a whole mail of these bytes is another one");
}

async fn to_move_goes_through_pages_and_keeps_what_cannot_be_read(engine: Engine) {
    let bench = Bench::new(engine).await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        let id = bench.receive(name, name).await;
        bench.record(id, &JudgedMail { folder: "n’importe quoi".to_owned(), ..judged(vec![]) }).await;
        ids.push(id);
    }
    bench.receive("d", "pas jugé").await;
    let first = bench.store.to_move(ACCOUNT, &[], None, 2).await.unwrap();
    let second = bench.store.to_move(ACCOUNT, &[], Some(first[1].id), 2).await.unwrap();
    let seen: Vec<MailId> = first.iter().chain(&second).map(|mail| mail.id).collect();
    assert_eq!(seen, ids);
    assert_eq!(bench.store.to_move(ACCOUNT, &[], Some(ids[2]), 2).await.unwrap(), []);
}

/// Whether a copy is to be looked for, and how many files of the same bytes are not it: those of mails moved before.
async fn a_copy_is_looked_for_beyond_those_of_other_mails(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("a", vec![]).await;
    let tried = async || {
        let mail = bench.store.to_move(ACCOUNT, &[], None, 9).await.unwrap().pop().unwrap();
        mail.tried.then_some(mail.others)
    };
    assert_eq!(tried().await, None);
    bench.store.begin_filing(&bench.duty, &[id], bench.now()).await.unwrap();
    assert_eq!(tried().await, Some(0));
    bench.store.not_filed(&bench.duty, &[id]).await.unwrap();
    assert_eq!(tried().await, None);
    bench.store.moved(&bench.duty, &[id], bench.now()).await.unwrap();
    // The same bytes again, filed in the same folder, and once more in another.
    for (position, folder, others) in [("b", "traites", 1), ("c", "traites", 2), ("d", "doublons", 0)] {
        let twin = bench.receive(position, "a").await;
        bench.record(twin, &JudgedMail { folder: folder.to_owned(), ..judged(vec![]) }).await;
        assert_eq!(tried().await, None);
        bench.store.begin_filing(&bench.duty, &[twin], bench.now()).await.unwrap();
        assert_eq!(tried().await, Some(others), "{position}");
        bench.store.moved(&bench.duty, &[twin], bench.now()).await.unwrap();
    }
}

/// What a crash, or a failed reading, leaves of a mail read in this company.
async fn check_marks(engine: Engine, company: &[&str], how: ReadingMark, crash: bool, expected: (bool, u32)) {
    let mut bench = Bench::new(engine).await;
    let mut ids = Vec::new();
    for name in company {
        ids.push(bench.receive(name, name).await);
    }
    let spectator = bench.receive("pas lu", "pas lu").await;
    bench.store.begin_reading(&bench.duty, &ids, how).await.unwrap();
    if crash {
        bench.restart().await;
        assert_eq!(bench.store.recover_readings(&bench.duty, ACCOUNT).await.unwrap(), ids.len() as u64);
    } else {
        bench.store.reading_failed(&bench.duty, ids[0]).await.unwrap();
        bench.store.end_readings(&bench.duty, ACCOUNT).await.unwrap();
    }
    let waiting = bench.store.to_judge(ACCOUNT, 10).await.unwrap();
    let (suspect, attempts) = expected;
    assert!(waiting.contains(&Judging { id: ids[0], suspect, attempts }), "{company:?} {how:?} {crash}: {waiting:?}");
    assert!(waiting.contains(&Judging { id: spectator, suspect: false, attempts: 0 }), "{waiting:?}");
    assert_eq!(bench.store.recover_readings(&bench.duty, ACCOUNT).await.unwrap(), 0, "once");
}

async fn only_a_mail_read_alone_is_blamed(engine: Engine) {
    check_marks(engine, &["a", "b", "c"], ReadingMark::Together, true, (true, 0)).await;
    check_marks(engine, &["a"], ReadingMark::Together, true, (true, 0)).await;
    check_marks(engine, &["a"], ReadingMark::Alone, true, (true, 1)).await;
    check_marks(engine, &["a", "b"], ReadingMark::Together, false, (true, 0)).await;
    check_marks(engine, &["a"], ReadingMark::Alone, false, (true, 1)).await;
}

/// What ends the program once the bytes are interpreted was not the mail; a judgement that fails then still is.
async fn a_death_while_a_judgement_is_recorded_blames_nobody(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let id = bench.receive("a", "a").await;
    for attempts in [0, 1] {
        bench.store.begin_reading(&bench.duty, &[id], ReadingMark::Alone).await.unwrap();
        bench.store.interpreted_alone(&bench.duty, id).await.unwrap();
        if attempts == 0 {
            bench.restart().await;
            assert_eq!(bench.store.recover_readings(&bench.duty, ACCOUNT).await.unwrap(), 1);
        } else {
            bench.store.reading_failed(&bench.duty, id).await.unwrap();
        }
        let expected = [Judging { id, suspect: true, attempts }];
        assert_eq!(bench.store.to_judge(ACCOUNT, 10).await.unwrap(), expected);
    }
}

async fn readings_given_up_blame_nobody(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let id = bench.receive("a", "a").await;
    bench.store.begin_reading(&bench.duty, &[id], ReadingMark::Alone).await.unwrap();
    bench.store.end_readings(&bench.duty, ACCOUNT).await.unwrap();
    bench.restart().await;
    assert_eq!(bench.store.recover_readings(&bench.duty, ACCOUNT).await.unwrap(), 0);
    assert_eq!(bench.store.to_judge(ACCOUNT, 10).await.unwrap(), [Judging { id, suspect: false, attempts: 0 }]);
}

async fn a_mail_is_judged_once(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.receive("a", "a").await;
    bench.store.begin_reading(&bench.duty, &[id], ReadingMark::Alone).await.unwrap();
    bench.record(id, &JudgedMail { verdict: Some(Verdict::Ignore), ..judged(vec![]) }).await;
    bench.record(id, &JudgedMail { verdict: Some(Verdict::Rejete), ..judged(vec![]) }).await;
    assert_eq!(bench.outcome(id).await.verdict, Some(Verdict::Ignore));
    assert_eq!(bench.store.to_judge(ACCOUNT, 10).await.unwrap(), []);
    assert_eq!(
        bench.store.recover_readings(&bench.duty, ACCOUNT).await.unwrap(),
        0,
        "the mark went with the judgement"
    );
}

on_both_engines! {
    the_same_bytes_are_one_mail_until_their_move_is_confirmed,
    two_copies_in_the_mailbox_at_once_are_one_mail_then_a_duplicate,
    accounts_do_not_share_mails,
    a_header_alone_is_told_apart_by_the_size_of_its_mail,
    to_move_goes_through_pages_and_keeps_what_cannot_be_read,
    a_copy_is_looked_for_beyond_those_of_other_mails,
    only_a_mail_read_alone_is_blamed,
    a_death_while_a_judgement_is_recorded_blames_nobody,
    readings_given_up_blame_nobody,
    a_mail_is_judged_once,
}
