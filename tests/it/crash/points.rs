//! The process dies once at every fail point, and the oracle looks after each death and at the end.

use base::fail_point::STEPS;
use campaign::simulator::Effect;
use domain::capacity::GenreCode;

use super::letter::Fate;
use super::moments::in_words;
use super::region::{Outbox, Plan, Post, Region};
use super::traffic::{Cast, Traffic};
use super::{REST, at_once, fail_on, oracle};
use crate::faults::table;
use crate::store::engine::Engine;

/// Mails that arrive before each death: one turn of every kind.
const BATCH: usize = 12;
/// The commands that file one set of mails by IMAP: each is a step of its own.
const FILING_COMMANDS: [&str; 4] =
    ["imap-filing-sent", "imap-filing-sent:2", "imap-filing-sent:3", "imap-filing-sent:4"];

/// The steps that are come by only after a change of the configuration.
const LATE: [&str; 5] = ["removal-answered", "removal-recorded", "purge-written", "purge-committed", "content-purged"];

const HEADER: [&str; 3] = ["le programme meurt quand", "perdus (SQLite)", "perdus (PostgreSQL)"];

struct Trial {
    region: Region,
    traffic: Traffic,
    /// What was gone through.
    moments: Vec<String>,
}

#[test]
fn a_death_at_any_step_loses_nothing_with_a_maildir() {
    let rows = on_each_engine(|engine| {
        let mut trial = Trial::start(engine, Post::Maildir, Outbox::Maildir, Cast::All);
        trial.die_everywhere(&["imap-filing-sent"], &[]);
        trial.moments
    });
    table::check("arrets-maildir", HEADER, &rows);
}

#[test]
fn a_death_at_any_step_loses_nothing_with_imap_and_smtp() {
    let absent = ["maildir-linked", "maildir-moved", "reply-copied", "imap-filing-sent"];
    let rows = on_each_engine(|engine| {
        let mut trial = Trial::start(engine, Post::Dovecot, Outbox::Exim, Cast::Armor);
        trial.die_everywhere(&absent, &FILING_COMMANDS);
        trial.moments
    });
    table::check("arrets-serveurs", HEADER, &rows);
}

/// Both engines at once; the rows of the page tell of what both went through.
fn on_each_engine(tell: impl Fn(Engine) -> Vec<String> + Sync) -> Vec<[String; 3]> {
    let [embedded, server] = at_once(Engine::ALL, tell);
    assert_eq!(embedded, server, "the engines went through the same");
    embedded.into_iter().map(|moment| [moment, "0".to_owned(), "0".to_owned()]).collect()
}

impl Trial {
    fn start(engine: Engine, post: Post, outbox: Outbox, cast: Cast) -> Self {
        let region = Region::start(Plan { engine, post, outbox, places: 3 });
        Self { region, traffic: Traffic::new(20_261_123, 3, cast), moments: Vec::new() }
    }

    /// All steps but the absent ones, and the others in their place.
    fn die_everywhere(&mut self, absent: &[&str], others: &[&str]) {
        let usual = STEPS.iter().filter(|step| !absent.contains(step) && !LATE.contains(step));
        for step in usual.chain(others) {
            self.mails(BATCH);
            self.die_at(step);
            if self.region.blames() {
                // Five deaths in a row, each while the same mail is read alone, are held against it.
                self.judge();
            }
        }
        self.die_between_request_and_answer();
        self.poison();
        self.change_genre();
        self.purge();
        self.end();
    }

    fn mails(&mut self, count: usize) {
        let batch = self.traffic.batch(count);
        self.region.deliver(&self.traffic, &batch);
    }

    /// Runs the program until it dies by its own hand at this step.
    fn die_at(&mut self, step: &str) {
        self.region.die_at(step);
        self.look(step);
        self.note(&in_words(step));
    }

    /// Nothing was found lost: the page says so once the end has said it too.
    fn note(&mut self, moment: &str) {
        if !self.moments.iter().any(|noted| noted == moment) {
            self.moments.push(moment.to_owned());
        }
    }

    fn look(&self, when: &str) {
        fail_on(when, &oracle::at_rest(&self.traffic.letters, &self.region.evidence()));
    }

    /// A run in which every mail is judged, cut short as by a power cut.
    fn judge(&self) {
        let service = self.region.run(None);
        self.region.judge(REST);
        service.kill();
        self.look("after the judgement");
    }

    /// The request has arrived and is treated after the death of who sent it: before and after the next start.
    fn die_between_request_and_answer(&mut self) {
        for ms in [100, 500] {
            self.mails(BATCH);
            assert!(self.region.simulator.inject(Effect::Tardif { ms: Some(ms) }.once()));
            let service = self.region.run(None);
            let unanswered = || {
                self.region
                    .simulator
                    .requests()
                    .iter()
                    .any(|one| one.methode == "PATCH" && one.statut.is_none() && !one.applique)
            };
            self.region.wait("a request to arrive", REST, unanswered);
            service.kill();
            self.look("request sent");
            self.note(&format!("demande reçue par le ROR, qui ne l’applique que {ms} ms plus tard"));
        }
    }

    /// A mail that kills whoever reads it comes with others: it alone is put in quarantine.
    fn poison(&mut self) {
        self.mails(3);
        let poison = self.traffic.poison();
        let step = format!("mail-reading@{}", oracle::hash(&self.traffic.letters[poison.letter].bytes));
        self.region.deliver(&self.traffic, &[poison]);
        self.mails(3);
        // Once with the others, five times alone.
        for _ in 0..6 {
            self.die_at(&step);
        }
        let service = self.region.run(Some(&step));
        self.region.settle(REST);
        let (status, log) = service.stop();
        assert!(status.success() && log.contains("courriel mis en quarantaine"), "{log}");
        assert_eq!(self.traffic.letters.iter().filter(|letter| letter.fate == Fate::Quarantined).count(), 1);
        self.note("il lit un certain courriel, et de nouveau à chaque fois : ce courriel va en quarantaine, lui seul");
    }

    /// The other code of the undifferentiated genre becomes the legal one; every indicator is observed anew.
    fn change_genre(&mut self) {
        self.region.simulator.accept_genre(GenreCode::Indetermine);
        self.region.changing.genre = GenreCode::Indetermine;
        let anew = self.traffic.everything_anew();
        self.region.deliver(&self.traffic, &anew);
        self.die_at("removal-answered");
        self.die_at("removal-recorded");
    }

    fn purge(&mut self) {
        let service = self.region.run(None);
        self.region.settle(REST);
        service.kill();
        self.region.changing.retention = "1s";
        for step in ["purge-written", "purge-committed"] {
            std::thread::sleep(std::time::Duration::from_secs(1));
            self.die_at(step);
        }
        // What was committed before the death is not purged twice: something younger must be.
        self.mails(BATCH);
        let service = self.region.run(None);
        self.region.settle(REST);
        service.kill();
        std::thread::sleep(std::time::Duration::from_secs(1));
        self.die_at("content-purged");
    }

    fn end(&mut self) {
        self.mails(BATCH);
        let service = self.region.run(None);
        self.region.settle(REST);
        let (status, log) = service.stop();
        assert!(status.success(), "{log}");
        fail_on("at the end", &oracle::at_the_end(&self.traffic.letters, &self.region.evidence()));
    }
}
