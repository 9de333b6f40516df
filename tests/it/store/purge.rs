//! Forgetting contents: what is due, and nothing that is still needed.

use domain::defect::{Code, Defect, Place};
use domain::outcome::Verdict;
use store::search::{Filter, Page};
use store::{
    Closing, Expiry, First, JudgedDocument, JudgedMail, MailId, NewReplyText, Notice, Prior, RemovalClosing,
    Whereabouts, sha256,
};

use super::bench::unknown;
use super::bench::{
    ACCOUNT, Bench, SENDER, SETTLE, acknowledged, beds, document, hand_over, judged, received, refused,
};
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
        let verdict = Some(if defect.is_some() { Verdict::Rejete } else { Verdict::Integre });
        bench.record(id, &JudgedMail { defects, verdict, ..judged(vec![]) }).await;
    }
    if matches!(until, Until::Settled | Until::Moved | Until::Left) {
        bench.settle(id, NewReplyText::Letter(Box::new(letter(id)))).await;
    }
    if until == Until::Moved {
        bench.store.moved(&bench.duty, &[id], bench.now()).await.unwrap();
    }
    if until == Until::Left {
        bench.store.left(&bench.duty, &[id], bench.now()).await.unwrap();
    }
    id
}

/// 30 and 90 days for contents, one for those of patients, seven for what was not recognised; 180 and 730 for the journal.
fn expiry(bench: &Bench) -> Expiry {
    let [content, rejected_content, patient_content, unrecognised_content, journal, rejected_journal] =
        [30, 90, 1, 7, 180, 730].map(|days| bench.after(-days * DAY));
    Expiry { content, rejected_content, patient_content, unrecognised_content, journal, rejected_journal }
}

async fn purge(bench: &Bench) -> u64 {
    bench.store.purge_content(&expiry(bench)).await.unwrap()
}

async fn forget(bench: &Bench) -> u64 {
    bench.store.purge_journal(&expiry(bench)).await.unwrap()
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
    check(engine, Some(Code::M01), Until::Moved, 89, true).await;
    check(engine, Some(Code::M01), Until::Moved, 90, false).await;
    check(engine, patient, Until::Moved, 0, true).await;
    check(engine, patient, Until::Moved, 1, false).await;
    for until in [Until::Received, Until::Judged] {
        check(engine, patient, until, 100, true).await;
        check(engine, None, until, 100, true).await;
    }
    // A folder may refuse a mail for weeks: what nobody may keep does not wait for it.
    check(engine, patient, Until::Settled, 0, true).await;
    check(engine, patient, Until::Settled, 1, false).await;
    check(engine, None, Until::Settled, 100, true).await;
}

/// A rejected mail that was not recognised, with a defect that quotes and names.
async fn unrecognised(bench: &Bench, name: &str) -> MailId {
    let id = bench.receive(name, name).await;
    let place = Place { line: Some(7), ..Place::piece(SECRET) };
    let defects = vec![Defect::new(Code::M05, place).found(SECRET)];
    let verdict = Some(Verdict::Rejete);
    bench.record(id, &JudgedMail { defects, verdict, unrecognised: true, ..judged(vec![]) }).await;
    bench.settle(id, NewReplyText::Told).await;
    bench.store.moved(&bench.duty, &[id], bench.now()).await.unwrap();
    id
}

async fn what_was_not_recognised_goes_early_with_all_that_quotes_it(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = unrecognised(&bench, "a").await;
    let again = bench.receive("b", "a").await;
    bench.record(again, &JudgedMail { verdict: Some(Verdict::Doublon), ..judged(vec![]) }).await;
    end(&bench, again, NewReplyText::Silent("essai".to_owned())).await;
    let named = bench.report(SECRET, vec![beds(1, 10)]).await;
    bench.advance(6 * DAY + 3600);
    assert_eq!(purge(&bench).await, 0);
    let quoted = async |id| {
        let defect = bench.outcome(id).await.defects.remove(0);
        (defect.found_text().map(str::to_owned), defect.place().piece.clone(), defect.place().line)
    };
    assert_eq!(quoted(id).await, (Some(SECRET.to_owned()), SECRET.to_owned(), Some(7)));
    bench.advance(DAY);
    assert_eq!(purge(&bench).await, 2, "the same bytes go at the same time");
    assert_eq!(quoted(id).await, (None, String::new(), Some(7)), "code and place are still told");
    assert!(bench.store.mail(again).await.unwrap().unwrap().raw.is_none());
    assert!(bench.store.mail(named).await.unwrap().unwrap().raw.is_some());
}

async fn a_patient_document_that_came_twice_goes_twice(engine: Engine) {
    let bench = Bench::new(engine).await;
    mail(&bench, "a", Some(Code::M06), Until::Moved).await;
    let again = bench.receive("b", "a").await;
    bench.record(again, &JudgedMail { verdict: Some(Verdict::Doublon), ..judged(vec![]) }).await;
    end(&bench, again, NewReplyText::Silent("essai".to_owned())).await;
    bench.advance(DAY + 3600);
    assert_eq!(purge(&bench).await, 2);
}

async fn what_files_are_called_goes_with_the_content(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = done(&bench, "a", acknowledged).await;
    assert_eq!(bench.outcome(id).await.documents[0].name, "rapport.xml");
    bench.advance(31 * DAY);
    assert_eq!(purge(&bench).await, 1);
    assert_eq!(bench.outcome(id).await.documents[0].name, "");
}

async fn the_journal_stays_and_a_duplicate_is_still_known(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = mail(&bench, "a", Some(Code::M01), Until::Moved).await;
    bench.advance(91 * DAY);
    assert_eq!(purge(&bench).await, 1);
    assert_eq!(purge(&bench).await, 0);
    assert_eq!(forget(&bench).await, 0);
    assert_eq!(bench.codes(id).await, [Code::M01]);
    assert_eq!(bench.store.journal(&Filter::default(), &Page::newest(10)).await.unwrap().lines.len(), 1);
    let copy = bench.receive("b", "a").await;
    assert_eq!(bench.store.mail(copy).await.unwrap().unwrap().duplicate_of, Some(id));
    assert!(bench.store.balance(Some(ACCOUNT)).await.unwrap().holds());
}

async fn a_reply_goes_with_the_content_once_it_has_left(engine: Engine) {
    let bench = Bench::new(engine).await;
    let sent = mail(&bench, "a", None, Until::Moved).await;
    let due = bench.shift.replies_to_send(10, &[], bench.now()).await.unwrap();
    hand_over(&bench.store, &due[0], Whereabouts::Taken, bench.now()).await;
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
    bench.settle(id, NewReplyText::Told).await;
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

/// What is left of all mails.
async fn rows(bench: &Bench) -> i64 {
    bench
        .number(
            "SELECT (SELECT COUNT(*) FROM mails) + (SELECT COUNT(*) FROM documents) + (SELECT COUNT(*) FROM updates)
                  + (SELECT COUNT(*) FROM attempts) + (SELECT COUNT(*) FROM defects) + (SELECT COUNT(*) FROM replies)
                  + (SELECT COUNT(*) FROM withheld) + (SELECT COUNT(*) FROM mentions) + (SELECT COUNT(*) FROM removals)",
        )
        .await
}

/// A report of one count that came to its end: the answer of the ROR, the verdict, the move.
async fn done(bench: &Bench, name: &str, closing: impl Fn(&Bench) -> Closing) -> MailId {
    let id = bench.report(name, vec![beds(1, 10)]).await;
    bench.send(closing).await;
    end(bench, id, NewReplyText::Silent("essai".to_owned())).await;
    id
}

async fn end(bench: &Bench, id: MailId, answer: NewReplyText) {
    bench.settle(id, answer).await;
    bench.store.moved(&bench.duty, &[id], bench.now()).await.unwrap();
}

async fn the_journal_goes_in_its_time_and_that_of_rejections_later(engine: Engine) {
    let bench = Bench::new(engine).await;
    done(&bench, "a", acknowledged).await;
    let rejected = done(&bench, "b", refused).await;
    bench.advance(179 * DAY);
    assert_eq!(forget(&bench).await, 0);
    bench.advance(DAY + 60);
    assert_eq!(forget(&bench).await, 1);
    let balance = bench.store.balance(Some(ACCOUNT)).await.unwrap();
    assert_eq!((balance.recus, balance.rejetes, balance.holds()), (1, 1, true));
    assert_eq!(bench.codes(rejected).await, [Code::R03]);
    bench.advance(550 * DAY);
    assert_eq!(forget(&bench).await, 1);
    assert_eq!(rows(&bench).await, 0);
}

async fn what_is_under_way_is_never_forgotten(engine: Engine) {
    let bench = Bench::new(engine).await;
    let kept = async |years: i64| {
        bench.advance(years * 365 * DAY);
        forget(&bench).await == 0
    };
    let waiting = bench.report("attend", vec![beds(1, 10)]).await;
    bench.store.moved(&bench.duty, &[waiting], bench.now()).await.unwrap();
    assert!(kept(3).await, "not settled");
    bench.send(unknown).await;
    bench.advance(SETTLE);
    bench.send(acknowledged).await;
    bench.settle(waiting, NewReplyText::Silent("essai".to_owned())).await;
    assert!(kept(3).await, "in doubt: to be sent again");
    bench.report("suivant", vec![beds(2, 20)]).await;
    bench.send(acknowledged).await;
    bench.advance(SETTLE);
    bench.send(acknowledged).await;
    assert_eq!(forget(&bench).await, 1);

    let unsent = mail(&bench, "réponse", None, Until::Moved).await;
    assert!(kept(3).await, "its reply is to be sent");
    let due = bench.shift.replies_to_send(10, &[], bench.now()).await.unwrap();
    hand_over(&bench.store, &due[0], Whereabouts::Taken, bench.now()).await;
    let by = bench.receive("avis", "avis").await;
    let message_id = format!("reponse.{}@dispolits.test", unsent.number());
    let notice = Notice { message_id: &message_id, by, words: "absent", is_failure: true };
    bench.store.reply_noticed(&bench.duty, &notice).await.unwrap();
    assert_eq!(forget(&bench).await, 1);

    let withheld = bench.report("retenu", vec![beds(3, 30)]).await;
    bench.send(refused).await;
    end(&bench, withheld, NewReplyText::Withheld(SENDER.parse().unwrap())).await;
    assert!(kept(3).await, "to be told in a digest");
}

async fn the_first_stays_while_one_like_it_does(engine: Engine) {
    let bench = Bench::new(engine).await;
    done(&bench, "a", acknowledged).await;
    let first = bench.number("SELECT MIN(id) FROM documents").await;
    bench.advance(100 * DAY);
    let same = document("a", vec![]);
    let again = bench.receive("c", "c").await;
    let prior = Prior::Duplicate(First::Stored(first));
    bench.record(again, &judged(vec![JudgedDocument { prior, ..same }])).await;
    end(&bench, again, NewReplyText::Silent("essai".to_owned())).await;
    bench.store.receive(&bench.duty, &[received("d", "a")], bench.now()).await.unwrap();
    let copy = bench.store.to_judge(ACCOUNT, 1).await.unwrap()[0].id;
    bench.record(copy, &JudgedMail { verdict: Some(Verdict::Doublon), ..judged(vec![]) }).await;
    end(&bench, copy, NewReplyText::Silent("essai".to_owned())).await;
    bench.advance(100 * DAY);
    assert_eq!(forget(&bench).await, 0, "two others are the same");
    bench.advance(100 * DAY);
    assert_eq!(forget(&bench).await, 3);
    assert_eq!(rows(&bench).await, 0);
}

async fn a_removal_is_kept_while_a_count_tells_of_its_code(engine: Engine) {
    let bench = Bench::new(engine).await;
    let under = |code: &'static str| move |_: &Bench| Closing::Acknowledged { genre_code: Some(code.to_owned()) };
    done(&bench, "a", under("03")).await;
    bench.advance(170 * DAY);
    bench.report("b", vec![beds(2, 20)]).await;
    bench.send(under("04")).await;
    let removals: Vec<_> = bench.claim().await.into_iter().flat_map(|batch| batch.removals).collect();
    bench
        .store
        .close_removal(removals[0].id, &[], RemovalClosing::Done, bench.after(SETTLE), bench.now())
        .await
        .unwrap();
    let left = async || bench.number("SELECT COUNT(*) FROM removals").await;
    bench.advance(9 * DAY);
    forget(&bench).await;
    assert_eq!(left().await, 1);
    bench.advance(190 * DAY);
    assert_eq!(forget(&bench).await, 1, "the count under the old code");
    forget(&bench).await;
    assert_eq!(left().await, 0);
}

const GROWN: usize = 100;

/// A store that grew: so many mails of 40 kB, all of them done.
async fn grow(bench: &Bench, name: &str) {
    for rank in 0..GROWN {
        let name = format!("{name}-{rank}");
        // Nothing that an engine could compress.
        let raw: String = (0..600).map(|block| sha256(format!("{name}-{block}").as_bytes())).collect();
        let id = bench.receive(&name, &raw).await;
        bench.record(id, &JudgedMail { verdict: Some(Verdict::Integre), ..judged(vec![]) }).await;
        end(bench, id, NewReplyText::Silent("essai".to_owned())).await;
    }
}

#[tokio::test]
async fn a_file_that_grew_shrinks_again() {
    let bench = Bench::new(Engine::Sqlite).await;
    let size = || std::fs::metadata(bench.home.file()).unwrap().len();
    bench.store.give_back_space().await.unwrap();
    let empty = size();
    grow(&bench, "a").await;
    bench.advance(31 * DAY);
    assert_eq!(purge(&bench).await, GROWN as u64);
    let grown = size();
    assert!(grown > empty + 3_000_000, "{empty} {grown}");
    bench.store.give_back_space().await.unwrap();
    assert!(size() < empty + 1_000_000, "{empty} {grown} {}", size());
    assert_eq!(bench.number("SELECT COUNT(*) FROM mails").await, i64::try_from(GROWN).unwrap());
    bench.advance(150 * DAY);
    assert_eq!(forget(&bench).await, GROWN as u64);
    assert_eq!(rows(&bench).await, 0);
}

/// What autovacuum does in its own time is done here at once.
#[tokio::test]
async fn a_server_uses_the_space_of_what_was_forgotten_again() {
    let bench = Bench::new(Engine::Postgres).await;
    let size = async || bench.number("SELECT pg_total_relation_size('mails')").await;
    grow(&bench, "a").await;
    let grown = size().await;
    assert!(grown > 3_000_000, "{grown}");
    for name in ["b", "c"] {
        bench.advance(181 * DAY);
        assert_eq!(purge(&bench).await, GROWN as u64);
        assert_eq!(forget(&bench).await, GROWN as u64);
        bench.execute("VACUUM mails").await;
        grow(&bench, name).await;
    }
    assert!(size().await < grown * 3 / 2, "{grown} {}", size().await);
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

on_both_engines! {
    contents_go_in_their_time,
    what_was_not_recognised_goes_early_with_all_that_quotes_it,
    a_patient_document_that_came_twice_goes_twice,
    what_files_are_called_goes_with_the_content,
    the_journal_stays_and_a_duplicate_is_still_known,
    a_reply_goes_with_the_content_once_it_has_left,
    the_journal_goes_in_its_time_and_that_of_rejections_later,
    what_is_under_way_is_never_forgotten,
    the_first_stays_while_one_like_it_does,
    a_removal_is_kept_while_a_count_tells_of_its_code,
}
