//! The oracle itself: it finds nothing wrong with a run in which nothing went wrong, and sees each way in which one could.

use super::evidence::Evidence;
use super::letter::{Answer, Fate, Letter};
use super::region::{Outbox, Plan, Post, Region};
use super::traffic::{Cast, Traffic};
use super::{REST, fail_on, oracle};
use crate::store::engine::Engine;

/// A change to what was seen, and how its fault is called.
type Spoiling = (&'static str, fn(&mut Evidence, &[Letter]));

/// What only the end shows.
const AT_THE_END: &[Spoiling] = &[
    ("lost: envoi-0 ", |seen, letters| files(seen, "Traites").retain(|file| *file != letters[0].bytes)),
    ("lost: envoi-0 ", |seen, letters| files(seen, "Traites").push(letters[0].bytes.clone())),
    ("lost: envoi-0 ", |seen, letters| seen.ledger.mails.retain(|mail| mail.sha256 != oracle::hash(&letters[0].bytes))),
    ("invented: 1 files", |seen, _| files(seen, "Traites").push(b"From: personne\r\n".to_vec())),
    ("left: 1 mails in the inbox", |seen, letters| seen.inbox.push(letters[0].bytes.clone())),
    ("left: 1 mails", |seen, _| seen.ledger.mails[0].moved_at = None),
    ("left: 1 counts", |seen, _| seen.ledger.rows[0].etat = "en-attente".to_owned()),
    ("left: 1 replies", |seen, _| seen.ledger.replies[0].etat = "abandonnee".to_owned()),
    ("verdict: envoi-0 is", |seen, _| seen.ledger.mails[0].verdict = Some("rejete".to_owned())),
    ("verdict: envoi-0 is", |seen, _| seen.ledger.mails[0].verdict = None),
    ("verdict: envoi-0 has", |seen, _| {
        let mut again = seen.ledger.mails[0].clone();
        again.id = i64::MAX;
        seen.ledger.mails.push(again);
    }),
    ("folder: envoi-0 is in", |seen, letters| refile(seen, &letters[0], "Rejets")),
    ("quarantine: envoi-0 is innocent", |seen, letters| refile(seen, &letters[0], "Quarantaine")),
    ("effect: document", |seen, letters| {
        let first = letters.iter().position(|letter| is_told_twice(letters, letter)).unwrap();
        let twice = letters.iter().rposition(|letter| letter.document == letters[first].document).unwrap();
        let (own, other) = (mail(seen, &letters[first]), mail(seen, &letters[twice]));
        let mut doubled: Vec<_> =
            seen.ledger.rows.iter().filter(|row| [own, other].contains(&row.mail_id)).cloned().collect();
        for row in &mut doubled {
            row.mail_id = own + other - row.mail_id;
        }
        seen.ledger.rows.extend(doubled);
    }),
    ("counts: envoi-0 has", |seen, letters| {
        let id = mail(seen, &letters[0]);
        let rank = seen.ledger.rows.iter().position(|row| row.mail_id == id).unwrap();
        seen.ledger.rows.remove(rank);
    }),
    ("counts: 1350054680", |seen, letters| {
        let rank = letters.iter().position(|letter| letter.trial).unwrap();
        let id = mail(seen, &letters[rank]);
        let row = seen.ledger.rows.iter_mut().find(|row| row.mail_id == id).unwrap();
        row.etat = "transmise".to_owned();
    }),
    ("newest: ", |seen, _| seen.held[0].nombre += 1),
    ("newest: ", |seen, _| seen.held[0].date = "2020-01-01T00:00:00Z".to_owned()),
    ("newest: ", |seen, _| drop(seen.held.pop())),
    ("newest: ", |seen, _| seen.held[0].identifiant = "1350054680/AUTRE".to_owned()),
    ("reply: ", |seen, letters| {
        let answered = answered(letters);
        let mails = seen.boxes.get_mut(answered.sender).unwrap();
        mails.retain(|mail| !speaks_of(mail, answered));
    }),
    ("reply: direction-des-soins@ch-armor.test did not get", |seen, _| {
        seen.boxes.get_mut("direction-des-soins@ch-armor.test").unwrap().clear();
    }),
    ("reply: ", |seen, letters| {
        let mut other = reply_to(seen, answered(letters));
        other.extend(b"autre texte");
        seen.boxes.get_mut(answered(letters).sender).unwrap().push(other);
    }),
    ("reply: 4 were repeated", |seen, letters| {
        let same = reply_to(seen, answered(letters));
        seen.deaths = 3;
        seen.boxes.get_mut(answered(letters).sender).unwrap().extend(vec![same; 4]);
    }),
    ("reply: one answers", |seen, letters| {
        let text = String::from_utf8(reply_to(seen, answered(letters)))
            .unwrap()
            .replace("In-Reply-To: <envoi", "In-Reply-To: <x");
        seen.boxes.get_mut(answered(letters).sender).unwrap().push(text.into_bytes());
    }),
];

/// What each death shows.
const AT_REST: &[Spoiling] = &[
    ("lost: envoi-0 ", |seen, letters| files(seen, "Traites").retain(|file| *file != letters[0].bytes)),
    ("durable: envoi-0 was moved", |seen, _| {
        for mail in &mut seen.ledger.mails {
            mail.judged_at = None;
        }
    }),
    ("durable: envoi-0 was moved", |seen, letters| {
        seen.ledger.mails.retain(|mail| mail.sha256 != oracle::hash(&letters[0].bytes));
    }),
    ("durable: reply", |seen, _| drop(seen.ledger.replies.remove(0))),
    ("durable: reply", |seen, _| seen.ledger.replies[0].content.push(b'!')),
    ("request: ", |seen, _| {
        let request = seen.requests.iter_mut().find(|request| request.nombre.is_some()).unwrap();
        request.nombre = Some(-7);
    }),
];

#[test]
fn the_oracle_sees_each_kind_of_fault_and_no_other() {
    let plan = Plan { engine: Engine::Sqlite, post: Post::Maildir, outbox: Outbox::Maildir, places: 2 };
    let (region, mut traffic) = (Region::start(plan), Traffic::new(7, 2, Cast::All));
    let batch = traffic.batch(48);
    region.deliver(&traffic, &batch);
    let service = region.run(None);
    region.settle(REST);
    assert!(service.stop().0.success());
    let (letters, seen) = (&traffic.letters, region.evidence());
    fail_on("nothing was done to it", &oracle::at_the_end(letters, &seen));
    fail_on("nothing was done to it", &oracle::at_rest(letters, &seen));
    for (spoilings, judge) in
        [(AT_THE_END, oracle::at_the_end as fn(&[Letter], &Evidence) -> Vec<String>), (AT_REST, oracle::at_rest)]
    {
        for (rank, (fault, spoil)) in spoilings.iter().enumerate() {
            let mut spoilt = seen.clone();
            spoil(&mut spoilt, letters);
            let faults = judge(letters, &spoilt);
            assert!(faults.iter().any(|found| found.starts_with(fault)), "{rank}: « {fault} » is not in {faults:#?}");
        }
    }
}

fn files<'a>(seen: &'a mut Evidence, folder: &str) -> &'a mut Vec<Vec<u8>> {
    seen.folders.get_mut(folder).unwrap()
}

fn refile(seen: &mut Evidence, letter: &Letter, folder: &str) {
    for files in seen.folders.values_mut() {
        files.retain(|file| *file != letter.bytes);
    }
    files(seen, folder).push(letter.bytes.clone());
}

/// The mail of the store that stands for a letter.
fn mail(seen: &Evidence, letter: &Letter) -> i64 {
    let sha256 = oracle::hash(&letter.bytes);
    seen.ledger.mails.iter().find(|mail| mail.sha256 == sha256).unwrap().id
}

fn is_told_twice(letters: &[Letter], letter: &Letter) -> bool {
    !letter.counts.is_empty() && letters.iter().filter(|other| other.document == letter.document).count() > 1
}

/// A letter that was answered for sure.
fn answered(letters: &[Letter]) -> &Letter {
    letters.iter().find(|letter| letter.answer == Answer::Once && letter.fate == Fate::Rejected).unwrap()
}

fn speaks_of(mail: &[u8], letter: &Letter) -> bool {
    super::evidence::reply_ids(mail).1 == format!("{}@hopital.test", letter.id)
}

fn reply_to(seen: &Evidence, letter: &Letter) -> Vec<u8> {
    seen.boxes[letter.sender].iter().find(|mail| speaks_of(mail, letter)).unwrap().clone()
}
