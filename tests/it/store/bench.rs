//! A store in a database of its own, and mails and rows to put into it.

use std::time::Duration;

use base::clock::Clock;
use domain::address::Address;
use domain::capacity::{
    Affectation, Count, Genre, Indicator, IndicatorParts, Location, Mode, Nature, Nombre, Source, Statut, Temporalite,
    Update,
};
use domain::defect::{Code, Defect, Place};
use domain::outcome::{Etat, MailOutcome};
use jiff::{SignedDuration, Timestamp};
use reading::report::ReportHead;
use store::{
    Batch, Closing, Handing, JudgedDocument, JudgedMail, MailId, NewReplyText, Prior, Probe, Received, Recorded,
    Removal, RemovalClosing, ReplyToSend, RowToSend, Settlement, Store, StoreSettings, TaskLease, Whereabouts,
    WorkerLease, sha256,
};

use super::engine::{Engine, Home};

pub(crate) const ACCOUNT: &str = "maildir:essai";
pub(crate) const SENDER: &str = "lits@ch-armor.test";
/// How long a request in doubt may still be applied, in seconds.
pub(crate) const SETTLE: i64 = 60;

pub(crate) struct Bench {
    pub(crate) home: Home,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    /// The worker of the story, at work.
    pub(crate) shift: WorkerLease,
    /// Its duty to read and judge, which serves for all accounts of a story.
    pub(crate) duty: TaskLease,
    /// Its duty to settle.
    pub(crate) settling: TaskLease,
}

impl Bench {
    pub(crate) async fn new(engine: Engine) -> Self {
        let home = Home::new(engine).await;
        let store = Store::open(&home.settings()).await.unwrap();
        let (shift, duty, settling) = begin(&store).await;
        Self { home, store, clock: Clock::manual("2026-11-23T07:00:00Z".parse().unwrap()), shift, duty, settling }
    }

    pub(crate) fn settings(&self) -> StoreSettings {
        self.home.settings()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn after(&self, seconds: i64) -> Timestamp {
        self.now().checked_add(SignedDuration::from_secs(seconds)).unwrap()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// The same database as if the process had died and started again.
    pub(crate) async fn restart(&mut self) {
        self.store.close().await;
        self.store = Store::open(&self.settings()).await.unwrap();
        self.crash().await;
    }

    /// The worker dies, its lease runs out, and another begins.
    pub(crate) async fn crash(&mut self) {
        self.execute("UPDATE workers SET expires_at = 0").await;
        (self.shift, self.duty, self.settling) = begin(&self.store).await;
    }

    /// Runs a statement behind the store's back.
    pub(crate) async fn execute(&self, statement: &'static str) {
        self.home.execute(statement).await;
    }

    /// A number that a query gives.
    pub(crate) async fn number(&self, query: &'static str) -> i64 {
        self.home.number(query).await
    }

    /// Receives one mail; its bytes are told by `raw`.
    pub(crate) async fn receive(&self, position: &str, raw: &str) -> MailId {
        self.store.receive(&self.duty, &[received(position, raw)], self.now()).await.unwrap();
        self.store.newest_mail(&sha256(raw.as_bytes()), None).await.unwrap().unwrap()
    }

    pub(crate) async fn record(&self, id: MailId, mail: &JudgedMail) {
        assert_eq!(self.store.record(&self.duty, id, mail, self.now()).await.unwrap(), Recorded::Stands);
    }

    /// A mail that is received and judged to carry these rows in one document.
    pub(crate) async fn report(&self, name: &str, updates: Vec<Update>) -> MailId {
        let id = self.receive(name, name).await;
        self.record(id, &judged(vec![document(name, updates)])).await;
        id
    }

    pub(crate) async fn outcome(&self, id: MailId) -> MailOutcome {
        self.store.outcome(id).await.unwrap().unwrap()
    }

    /// The states of the mail's rows.
    pub(crate) async fn etats(&self, id: MailId) -> Vec<Etat> {
        let outcome = self.outcome(id).await;
        outcome.documents.iter().flat_map(|document| &document.lines).filter_map(|line| line.etat).collect()
    }

    /// The codes of the mail's defects.
    pub(crate) async fn codes(&self, id: MailId) -> Vec<Code> {
        self.outcome(id).await.all_defects().map(Defect::code).collect()
    }

    pub(crate) async fn claim(&self) -> Vec<Batch> {
        self.shift.claim(10, self.now()).await.unwrap()
    }

    pub(crate) async fn close(&self, row: &RowToSend, closing: Closing) {
        self.answer(row, Vec::new(), closing).await;
    }

    /// The same, with the requests that led to it.
    pub(crate) async fn answer(&self, row: &RowToSend, probes: Vec<Probe>, closing: Closing) {
        let answered = row.answered(probes, closing, self.after(SETTLE), self.now());
        self.store.close_rows(&[&answered]).await.unwrap();
    }

    pub(crate) async fn close_removal(&self, removal: &Removal, closing: RemovalClosing) {
        self.store.close_removal(removal.id, &[], closing, self.after(SETTLE), self.now()).await.unwrap();
    }

    /// Claims what is due and closes every row of it alike. Returns the numbers sent.
    pub(crate) async fn send(&self, closing: impl Fn(&Self) -> Closing) -> Vec<i32> {
        let mut sent = Vec::new();
        for batch in self.claim().await {
            for row in &batch.rows {
                sent.push(row.update.count.nombre.get());
                self.close(row, closing(self)).await;
            }
        }
        sent
    }

    /// Settles a mail as it stands.
    pub(crate) async fn settle(&self, id: MailId, answer: NewReplyText) {
        let outcome = self.store.settled_outcomes(&[id]).await.unwrap().pop().unwrap().1;
        self.store.settle(&self.settling, &[Settlement { mail: id, outcome, answer }], self.now()).await.unwrap();
    }
}

async fn begin(store: &Store) -> (WorkerLease, TaskLease, TaskLease) {
    let shift = worker(store, "essai").await;
    let duty = shift.take_mailbox(ACCOUNT).await.unwrap().unwrap();
    let settling = shift.take_settling().await.unwrap().unwrap();
    (shift, duty, settling)
}

/// A worker at work.
pub(crate) async fn worker(store: &Store, name: &str) -> WorkerLease {
    let shift = WorkerLease::new(store.clone(), name, Duration::from_mins(10));
    shift.begin().await.unwrap();
    shift
}

/// Notes what came of a try of a letter, the same for each of those it was offered to; who waits is tried again a minute later.
pub(crate) async fn hand_over(store: &Store, letter: &ReplyToSend, whereabouts: Whereabouts, now: Timestamp) {
    let handing = |to: &Address| Handing { to: to.clone(), whereabouts: whereabouts.clone() };
    let news: Vec<Handing> = letter.recipients.iter().map(handing).collect();
    store.reply_handed(letter.id, &news, now + SignedDuration::from_mins(1), now).await.unwrap();
}

pub(crate) fn received<'a>(position: &'a str, raw: &'a str) -> Received<'a> {
    let raw = raw.as_bytes();
    Received { account: ACCOUNT, position, raw, size: raw.len() as u64, headers_only: false }
}

pub(crate) fn acknowledged(_: &Bench) -> Closing {
    Closing::Acknowledged { genre_code: None }
}

pub(crate) fn refused(_: &Bench) -> Closing {
    Closing::Refused(Defect::new(Code::R03, Place::mail()))
}

pub(crate) fn held_back(bench: &Bench) -> Closing {
    Closing::HeldBack { defect: Defect::new(Code::R04, Place::mail()), next_at: bench.after(3600) }
}

/// A transient failure that certainly had no effect.
pub(crate) fn failed(bench: &Bench) -> Closing {
    Closing::Retry { next_at: bench.after(5), hold: None }
}

/// An answer that was lost.
pub(crate) fn unknown(bench: &Bench) -> Closing {
    let until = bench.after(SETTLE);
    Closing::Retry { next_at: until, hold: Some(until) }
}

pub(crate) fn judged(documents: Vec<JudgedDocument>) -> JudgedMail {
    JudgedMail {
        folder: "traites".to_owned(),
        sender: Some(SENDER.parse().unwrap()),
        message_id: Some("essai@ch-armor.test".to_owned()),
        defects: Vec::new(),
        documents,
        unrecognised: false,
        verdict: None,
    }
}

pub(crate) fn document(identifiant: &str, updates: Vec<Update>) -> JudgedDocument {
    let head = ReportHead {
        name: "rapport.xml".to_owned(),
        identifiant: Some(identifiant.to_owned()),
        sha256: sha256(identifiant.as_bytes()),
        ..ReportHead::default()
    };
    JudgedDocument { head, prior: Prior::New, mentions: Vec::new(), updates, defects: Vec::new() }
}

pub(crate) fn test_document(identifiant: &str, updates: Vec<Update>) -> JudgedDocument {
    let document = document(identifiant, updates);
    JudgedDocument { head: ReportHead { mode: Mode::Test, ..document.head }, ..document }
}

pub(crate) fn location(code: &str) -> Location {
    Location::new("350054680".parse().unwrap(), code.parse().unwrap())
}

/// An observation of the one indicator that the stories are about: so many beds, observed so many
/// minutes after midnight.
pub(crate) fn beds(nombre: i64, minute: i64) -> Update {
    at_location("SSR1", nombre, minute)
}

/// The same, of beds or of places: the key of an indicator is without its nature.
pub(crate) fn of_nature(nature: Nature, nombre: i64, minute: i64) -> Update {
    let mut update = beds(nombre, minute);
    update.count.nature = nature;
    update
}

pub(crate) fn at_location(code: &str, nombre: i64, minute: i64) -> Update {
    let indicator = Indicator::new(IndicatorParts {
        statut: Statut::Disponible,
        temporalite: Temporalite::Courant,
        genre: Some(Genre::Indifferencie),
        fermeture: None,
        supplement: None,
        crise: None,
        affectation: Affectation::Aucune,
    });
    let midnight: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
    Update {
        location: location(code),
        count: Count { indicator: indicator.unwrap(), nature: Nature::Lit, nombre: Nombre::new(nombre).unwrap() },
        date_releve: midnight.checked_add(SignedDuration::from_mins(minute)).unwrap(),
        source: Source::BedManagement,
    }
}
