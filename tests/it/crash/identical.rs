//! Mails of the same bytes meet where one of them is being filed, and somebody dies: each is filed once, where it belongs.

use super::evidence::Evidence;
use super::region::{Outbox, Plan, Post, Region};
use super::traffic::{Cast, Posting, Traffic};
use super::{REST, at_once, oracle};
use crate::store::engine::Engine;

/// What Dovecot offers, but for MOVE and UIDPLUS.
const NEITHER: &str = "imap_capability = IMAP4rev1 SASL-IR ID IDLE\n";

/// How far a filing was when it was cut short.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// Nothing was asked for.
    Planned,
    /// The server died between its copy and its removal.
    Copied,
    /// The server did it, and nobody noted it.
    Moved,
}

#[test]
fn as_many_are_filed_as_were_sent_of_the_same_bytes() {
    at_once(Engine::ALL, |engine| {
        let mut trial = Trial::start(engine, "");
        for cut in [Cut::Planned, Cut::Copied, Cut::Moved] {
            let letter = trial.traffic.twins()[0].letter;
            // What is filed first is a report, and what comes after it a duplicate, which has its like in its folder.
            for (round, folder) in ["Traites", "Doublons"].into_iter().enumerate() {
                trial.deliver(letter, &format!("{round}.a"));
                trial.cut_short(letter, cut, folder);
                trial.deliver(letter, &format!("{round}.b"));
                trial.rest();
                let seen = trial.region.evidence();
                assert_eq!(trial.filed(letter, &seen), [1, 2 * round + 1, 0], "{engine:?}, {cut:?}, {folder}");
                let verdicts = [vec!["integre"], vec!["doublon"; 2 * round + 1]].concat();
                assert_eq!(trial.verdicts(letter), verdicts, "{engine:?}, {cut:?}, {folder}");
            }
        }
    });
}

/// Where mails stay, a filing says nothing of where they are: a mail under another number may be the same.
#[test]
fn a_mail_that_stays_and_changes_its_number_is_no_duplicate() {
    let mut trial = Trial::start(Engine::Sqlite, NEITHER);
    let letter = trial.traffic.twins()[0].letter;
    trial.deliver(letter, "0");
    trial.region.die_at("move-done");
    let dovecot = trial.region.dovecot.as_mut().unwrap();
    dovecot.stop();
    dovecot.shift_numbers();
    dovecot.restart();
    // Another mail, received after it, shows that it was looked at.
    let other = trial.traffic.twins()[0].letter;
    trial.deliver(other, "1");
    let service = trial.region.run(None);
    trial.region.wait("every mail to be settled", REST, || {
        let mails = trial.region.ledger().mails;
        mails.len() > 1 && mails.iter().all(|mail| mail.settled_at.is_some())
    });
    assert!(service.stop().0.success());
    assert_eq!([letter, other].map(|letter| trial.verdicts(letter)), [["integre"], ["integre"]]);
    assert_eq!(trial.filed(letter, &trial.region.evidence()), [0, 0, 1]);
}

struct Trial {
    region: Region,
    traffic: Traffic,
}

impl Trial {
    fn start(engine: Engine, more: &str) -> Self {
        let plan = Plan { engine, post: Post::Dovecot, outbox: Outbox::Maildir, places: 3 };
        let mut region = Region::start(plan);
        if !more.is_empty() {
            region.dovecot.as_mut().unwrap().set_more(more);
        }
        Self { region, traffic: Traffic::new(20_261_123, 3, Cast::Armor) }
    }

    fn deliver(&self, letter: usize, unique: &str) {
        let posting = Posting { letter, unique: format!("1700000000.M{letter}x{unique}.serveur") };
        self.region.deliver(&self.traffic, &[posting]);
    }

    /// The mail is judged, and its filing cut short.
    fn cut_short(&self, letter: usize, cut: Cut, folder: &str) {
        let dovecot = self.region.dovecot.as_ref().unwrap();
        match cut {
            Cut::Moved => self.region.die_at("move-done"),
            Cut::Planned | Cut::Copied => self.region.die_at("move-planned"),
        }
        dovecot.await_rest();
        if let Cut::Copied = cut {
            dovecot.deliver_to(folder, &self.traffic.letters[letter].bytes, &format!("1600000000.M{letter}.{folder}"));
        }
    }

    fn rest(&self) {
        let service = self.region.run(None);
        self.region.settle(REST);
        assert!(service.stop().0.success());
    }

    /// How many files of these bytes are among the reports, among the duplicates and in the inbox.
    fn filed(&self, letter: usize, seen: &Evidence) -> [usize; 3] {
        let bytes = &self.traffic.letters[letter].bytes;
        let among = |mails: &[Vec<u8>]| mails.iter().filter(|mail| *mail == bytes).count();
        [among(&seen.folders["Traites"]), among(&seen.folders["Doublons"]), among(&seen.inbox)]
    }

    /// What became of the mails of these bytes, in the order of reception.
    fn verdicts(&self, letter: usize) -> Vec<String> {
        let sha256 = oracle::hash(&self.traffic.letters[letter].bytes);
        let mails = self.region.ledger().mails.into_iter().filter(|mail| mail.sha256 == sha256);
        mails.filter_map(|mail| mail.verdict).collect()
    }
}
