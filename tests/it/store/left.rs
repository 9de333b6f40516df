//! Mails that stay in their mailbox for ever, since its server cannot move them.

use store::{MailId, ToMove};

use super::bench::{ACCOUNT, Bench, judged, received};
use super::engine::{Engine, on_both_engines};

async fn receive(bench: &Bench, position: &str, raw: &str) -> MailId {
    bench.store.receive(&bench.duty, &[received(position, raw)], bench.now()).await.unwrap();
    bench.store.known_positions(ACCOUNT).await.unwrap()[position].id
}

async fn left(bench: &Bench, position: &str, raw: &str) -> MailId {
    let id = receive(bench, position, raw).await;
    bench.record(id, &judged(vec![])).await;
    bench.store.left(&bench.duty, &[id], bench.now()).await.unwrap();
    id
}

async fn places(bench: &Bench) -> Vec<(String, MailId, bool)> {
    let known = bench.store.known_positions(ACCOUNT).await.unwrap();
    let mut places: Vec<_> = known.into_values().map(|known| (known.position, known.id, known.stays)).collect();
    places.sort();
    places
}

async fn a_mail_left_is_known_by_its_position_and_not_moved_again(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let id = left(&bench, "7:1", "octets").await;
    for restarted in [false, true] {
        assert_eq!(places(&bench).await, [("7:1".to_owned(), id, true)], "{restarted}");
        assert_eq!(bench.store.to_move(ACCOUNT, &[], None, 10).await.unwrap(), []);
        assert_eq!(bench.store.to_judge(ACCOUNT, 10).await.unwrap(), []);
        bench.restart().await;
    }
    assert!(bench.store.mail(id).await.unwrap().unwrap().left_at.is_some(), "the journal says so");
}

async fn the_same_bytes_beside_a_mail_left_are_a_duplicate(engine: Engine) {
    let bench = Bench::new(engine).await;
    let first = left(&bench, "7:1", "octets").await;
    let second = receive(&bench, "7:2", "octets").await;
    assert_eq!(bench.store.mail(second).await.unwrap().unwrap().duplicate_of, Some(first));
    // Seen again before it is left itself: the same duplicate.
    assert_eq!(receive(&bench, "7:3", "octets").await, second);
    assert_eq!(places(&bench).await, [("7:1".to_owned(), first, true), ("7:3".to_owned(), second, false)]);
}

async fn a_mail_found_elsewhere_or_gone_is_followed(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = left(&bench, "7:1", "octets").await;
    bench.store.relocate(&bench.duty, &[(id, "8:1")]).await.unwrap();
    assert_eq!(places(&bench).await, [("8:1".to_owned(), id, true)]);
    bench.store.moved(&bench.duty, &[id], bench.now()).await.unwrap();
    assert_eq!(places(&bench).await, []);
    let again = receive(&bench, "8:2", "octets").await;
    assert_eq!(bench.store.mail(again).await.unwrap().unwrap().duplicate_of, Some(id));
}

async fn that_a_move_was_begun_outlives_the_process(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let id = receive(&bench, "7:1", "octets").await;
    bench.record(id, &judged(vec![])).await;
    let tried = async |bench: &Bench| -> Vec<bool> {
        let waiting: Vec<ToMove> = bench.store.to_move(ACCOUNT, &[], None, 10).await.unwrap();
        waiting.into_iter().map(|mail| mail.tried).collect()
    };
    assert_eq!(tried(&bench).await, [false]);
    bench.store.begin_filing(&bench.duty, &[id], bench.now()).await.unwrap();
    bench.restart().await;
    assert_eq!(tried(&bench).await, [true]);
}

on_both_engines! {
    a_mail_left_is_known_by_its_position_and_not_moved_again,
    the_same_bytes_beside_a_mail_left_are_a_duplicate,
    a_mail_found_elsewhere_or_gone_is_followed,
    that_a_move_was_begun_outlives_the_process,
}
