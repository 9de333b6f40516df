//! Forgetting contents: what is due, and nothing that is still needed.

use dispolits::defect::{Code, Defect, Place};
use dispolits::store::{Answer, JudgedMail, MailId};
use jiff::Timestamp;

use super::bench::{ACCOUNT, Bench, judged};
use super::engine::{Engine, on_both_engines};
use super::replies::letter;

const DAY: i64 = 86_400;
const SECRET: &str = "NOM-DU-PATIENT-QUI-NE-DOIT-PAS-RESTER";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Received,
    Judged,
    Settled,
    Moved,
    Left,
}

/// A mail that came so far on its way.
async fn mail(bench: &Bench, name: &str, defect: Option<Code>, until: Until) -> MailId {
    let id = bench.receive(name, name).await;
    let defects = defect.map(|code| Defect::new(code, Place::mail())).into_iter().collect();
    if until != Until::Received {
        bench.record(id, &JudgedMail { defects, ..judged(vec![]) }).await;
    }
    if matches!(until, Until::Settled | Until::Moved | Until::Left) {
        bench.settle(id, Answer::Letter(Box::new(letter(id)))).await;
    }
    if until == Until::Moved {
        bench.store.moved(&bench.duty, &[id], bench.now()).await.unwrap();
    }
    if until == Until::Left {
        bench.store.left(&bench.duty, &[id], bench.now()).await.unwrap();
    }
    id
}

async fn purge(bench: &Bench) -> u64 {
    let (general, patient): (Timestamp, Timestamp) = (bench.after(-30 * DAY), bench.after(-DAY));
    bench.store.purge_content(general, patient).await.unwrap()
}

/// Whether the content of such a mail is still there after so many days and an hour.
async fn check(engine: Engine, defect: Option<Code>, until: Until, days: i64, kept: bool) {
    let bench = Bench::new(engine).await;
    let id = mail(&bench, "a", defect, until).await;
    bench.advance(days * DAY + 3600);
    purge(&bench).await;
    let raw = bench.store.mail(id).await.unwrap().unwrap().raw;
    assert_eq!(raw.is_some(), kept, "{defect:?} after {days} days");
}

async fn contents_go_in_their_time(engine: Engine) {
    let patient = Some(Code::M06);
    check(engine, None, Until::Moved, 29, true).await;
    check(engine, None, Until::Moved, 30, false).await;
    check(engine, None, Until::Left, 29, true).await;
    check(engine, None, Until::Left, 30, false).await;
    check(engine, Some(Code::M01), Until::Moved, 29, true).await;
    check(engine, patient, Until::Moved, 0, true).await;
    check(engine, patient, Until::Moved, 1, false).await;
    for until in [Until::Received, Until::Judged, Until::Settled] {
        check(engine, patient, until, 100, true).await;
        check(engine, None, until, 100, true).await;
    }
}

async fn the_journal_stays_and_a_duplicate_is_still_known(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = mail(&bench, "a", Some(Code::M01), Until::Moved).await;
    bench.advance(31 * DAY);
    assert_eq!(purge(&bench).await, 1);
    assert_eq!(purge(&bench).await, 0);
    assert_eq!(bench.codes(id).await, [Code::M01]);
    assert_eq!(bench.store.journal(&dispolits::store::Filter::default(), 10).await.unwrap().len(), 1);
    let copy = bench.receive("b", "a").await;
    assert_eq!(bench.store.mail(copy).await.unwrap().unwrap().duplicate_of, Some(id));
    assert!(bench.store.balance(Some(ACCOUNT)).await.unwrap().holds());
}

async fn a_reply_goes_with_the_content_once_it_has_left(engine: Engine) {
    let bench = Bench::new(engine).await;
    let sent = mail(&bench, "a", None, Until::Moved).await;
    let due = bench.shift.replies_to_send(10, bench.now()).await.unwrap();
    bench.store.reply_sent(due[0].id, None, bench.now()).await.unwrap();
    let waiting = mail(&bench, "b", None, Until::Moved).await;
    bench.advance(31 * DAY);
    purge(&bench).await;
    let content = async |id| bench.store.replies(id).await.unwrap().remove(0).content;
    assert!(content(sent).await.is_empty());
    assert!(!content(waiting).await.is_empty(), "it is still to be sent, unchanged");
}

#[tokio::test]
async fn nothing_of_a_patient_document_is_left_on_the_disk() {
    let bench = Bench::new(Engine::Sqlite).await;
    let folder = bench.home.file().parent().unwrap().to_owned();
    // More than a page, or the place would be overwritten by chance.
    let id = bench.receive("a", &SECRET.repeat(1000)).await;
    let defects = vec![Defect::new(Code::M06, Place::mail())];
    bench.record(id, &JudgedMail { defects, ..judged(vec![]) }).await;
    bench.settle(id, Answer::Told).await;
    bench.store.moved(&bench.duty, &[id], bench.now()).await.unwrap();
    let on_disk = || {
        let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| holds(&std::fs::read(path).unwrap(), SECRET.as_bytes())).count()
    };
    assert!(on_disk() > 0, "or this test proves nothing");
    bench.advance(2 * DAY);
    assert_eq!(purge(&bench).await, 1);
    assert_eq!(on_disk(), 0);
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

on_both_engines! {
    contents_go_in_their_time,
    the_journal_stays_and_a_duplicate_is_still_known,
    a_reply_goes_with_the_content_once_it_has_left,
}
