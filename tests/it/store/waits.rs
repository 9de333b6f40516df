//! No clock that is set makes anything wait for as long as the jump: every instant of the store is accounted for, every
//! wait is bounded by how long it can be, and what is counted from an instant takes one ahead for one past.

use base::config_values::Span;
use base::unread::Cause;
use domain::access::audit::{AuditEntry, Deed};
use domain::access::{Lifetimes, Means, Role};
use domain::address::Address;
use domain::alerts::{Change, IncidentKind, Observation, Severity};
use domain::outcome::Verdict;
use jiff::SignedDuration;
use store::{Attempt, JudgedMail, Longest, NewReminder, NewReplyText, NewSession, NewUnread, Stage, Unsettled, Way};

use super::bench::{ACCOUNT, Bench, SENDER, SETTLE, at_location, beds, judged};
use super::engine::{Engine, on_both_engines};
use super::replies::letter;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const JUMP: SignedDuration = SignedDuration::from_hours(48);
const JUMP_MS: i64 = 48 * 3_600_000;

const LONGEST: Longest = Longest { delivery: HOUR, hold: HOUR, replies: HOUR, alerts: HOUR, unread: HOUR };

/// Where waits end: table and column.
const WAITS: [(&str, &str); 8] = [
    ("alerts", "next_at"),
    ("holds", "until"),
    ("reminders", "next_at"),
    ("removals", "next_at"),
    ("replies", "next_at"),
    ("unread", "next_at"),
    ("updates", "again_at"),
    ("updates", "next_at"),
];

/// What something is counted from, and where it is tried with an instant that lies ahead.
const COUNTED: [(&str, &str, &str); 15] = [
    ("alerts", "created_at", "what_is_counted_from_an_instant_ahead_is_due"),
    ("failures", "last_at", "an_instant_ahead_locks_nobody_out_and_keeps_no_session"),
    ("incidents", "opened_at", "alerts::ledger"),
    ("incidents", "seen_at", "alerts::ledger"),
    ("incidents", "since", "alerts::ledger"),
    ("incidents", "told_at", "alerts::ledger"),
    ("journal", "received_at", "the_last_mail_of_a_sender_is_the_last_by_number"),
    ("mails", "judged_at", "what_is_counted_from_an_instant_ahead_is_due"),
    ("replies", "created_at", "what_is_counted_from_an_instant_ahead_is_due"),
    ("sessions", "opened_at", "an_instant_ahead_locks_nobody_out_and_keeps_no_session"),
    ("sessions", "seen_at", "an_instant_ahead_locks_nobody_out_and_keeps_no_session"),
    ("unread", "since", "the age alone, which is told whatever its sign"),
    ("withheld", "since", "what_is_counted_from_an_instant_ahead_is_due"),
    ("workers", "expires_at", "store::workers"),
    ("mails", "received_at", "the age alone, and retention: nothing is forgotten early for a clock set back"),
];

/// Facts for people, marks that only are or are not, dates that somebody chose, and what forgetting goes by.
const TOLD: [(&str, &str); 36] = [
    ("alerts", "closed_at"),
    ("attempts", "at"),
    ("audit", "at"),
    ("devices", "seen_at"),
    ("facets", "received_at"),
    ("handled", "at"),
    ("incidents", "closed_at"),
    ("mails", "filing_at"),
    ("mails", "left_at"),
    ("mails", "moved_at"),
    ("mails", "settled_at"),
    ("mentions", "received_at"),
    ("mutes", "at"),
    ("mutes", "until"),
    ("places", "advanced_at"),
    ("places", "heard_at"),
    ("places", "same_since"),
    ("referential", "loaded_at"),
    ("reminders", "closed_at"),
    ("reminders", "created_at"),
    ("removals", "done_at"),
    ("removals", "in_flight_at"),
    ("replays", "at"),
    ("replies", "closed_at"),
    ("traces", "at"),
    ("twins", "seen_at"),
    ("unread", "arrived_at"),
    ("unread", "aside_at"),
    ("unread", "gone_at"),
    ("unread", "tried_at"),
    ("updates", "closed_at"),
    ("updates", "in_flight_at"),
    ("users", "created_at"),
    ("users", "locked_at"),
    ("users", "password_at"),
    ("users", "seen_at"),
];

#[tokio::test]
async fn every_instant_of_the_store_is_accounted_for() {
    let bench = Bench::new(Engine::Sqlite).await;
    let known =
        WAITS.iter().chain(TOLD.iter()).copied().chain(COUNTED.iter().map(|(table, column, _)| (*table, *column)));
    let known: Vec<String> = known.map(|(table, column)| format!("'{table}.{column}'")).collect();
    let unknown = format!(
        "SELECT COUNT(*) FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type = 'table' AND c.type = 'INTEGER'
         AND (c.name LIKE '%\\_at' ESCAPE '\\' OR c.name LIKE '%since' OR c.name IN ('at', 'until'))
         AND s.name || '.' || c.name NOT IN ({})",
        known.join(", ")
    );
    assert_eq!(bench.number(Box::leak(unknown.into_boxed_str())).await, 0, "a new column is in none of the lists");
}

impl Bench {
    async fn run(&self, statement: String) {
        self.execute(Box::leak(statement.into_boxed_str())).await;
    }

    async fn count(&self, table: &str, condition: String) -> i64 {
        let statement = format!("SELECT COUNT(*) FROM {table} WHERE {condition}");
        self.number(Box::leak(statement.into_boxed_str())).await
    }

    /// One of each that waits.
    async fn fill(&self) {
        let id = self.report("a", vec![at_location("SSR2", 1, 0)]).await;
        self.store.answer(&self.settling, id, &NewReplyText::Letter(Box::new(letter(id))), self.now()).await.unwrap();
        let again = self.report("b", vec![beds(2, 5)]).await.number();
        let now = self.now().as_millisecond();
        self.run(format!(
            "UPDATE updates SET again_at = {now}, etat = 'transmise', next_at = 0 WHERE mail_id = {again}"
        ))
        .await;
        self.run(format!("INSERT INTO holds (finess, service, until) VALUES ('350054680', 'SSR1', {now})")).await;
        self.run(format!(
            "INSERT INTO removals (finess, service, indicator, genre_code, next_at)
             VALUES ('350054680', 'SSR1', '02-01-03-01', '04', {now})"
        ))
        .await;
        let reminder = NewReminder {
            finess: "350054680".parse().unwrap(),
            subject: "relance".to_owned(),
            message_id: "relance@region.test".to_owned(),
            to: SENDER.parse().unwrap(),
            return_path: "disponibilites@region.test".parse().unwrap(),
            content: b"x".to_vec(),
        };
        let entry = AuditEntry::new("local:anne", Deed::Relance, "établissement 350054680");
        assert!(self.store.remind(&reminder, &entry, self.now()).await.unwrap());
        let unread = NewUnread {
            account: ACCOUNT.to_owned(),
            position: "7:1".to_owned(),
            cause: Cause::Empty,
            detail: String::new(),
            size: 1,
            arrived_at: None,
            next_at: self.now(),
        };
        self.store.leave_unread(&self.duty, &[unread], self.now()).await.unwrap();
        self.open("une").await;
    }

    async fn open(&self, object: &str) {
        let duty = self.shift.take_alerts().await.unwrap().unwrap();
        let observation = Observation::new(IncidentKind::Unswept, object, Severity::Grave, "rien", None);
        let change = Change::Open { observation, since: self.now() };
        self.store.change_incidents(Some(&duty), &[change], &Way::ALL, self.now()).await.unwrap();
    }

    /// How many of a column end after an hour from now, and after now.
    async fn later(&self, table: &str, column: &str) -> (bool, bool) {
        let now = self.now().as_millisecond();
        let after_an_hour = self.count(table, format!("{column} > {}", now + 3_600_000)).await;
        (after_an_hour > 0, self.count(table, format!("{column} > {now}")).await > 0)
    }
}

/// The clock was ahead by two days when the wait was written, on this machine or on another, and nobody saw it set.
async fn a_wait_lasts_no_longer_than_it_can(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.fill().await;
    for (table, column) in WAITS {
        bench.run(format!("UPDATE {table} SET {column} = {column} + {JUMP_MS} WHERE {column} IS NOT NULL")).await;
        assert_eq!(bench.later(table, column).await, (true, true), "{table}.{column} waits");
        assert!(bench.store.shorten_waits(&LONGEST, bench.now()).await.unwrap() > 0, "{table}.{column}");
        let is_held = matches!(column, "until" | "again_at");
        assert_eq!(bench.later(table, column).await, (false, is_held), "{table}.{column}");
        assert_eq!(bench.store.shorten_waits(&LONGEST, bench.now()).await.unwrap(), 0, "once");
    }
}

/// The same where the jump was seen.
async fn a_jump_that_is_seen_ends_every_wait(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.fill().await;
    for (table, column) in WAITS {
        bench.run(format!("UPDATE {table} SET {column} = {column} + {JUMP_MS} WHERE {column} IS NOT NULL")).await;
        bench.store.clock_set_back(bench.now(), bench.after(SETTLE)).await.unwrap();
        let is_held = matches!(column, "until" | "again_at");
        assert_eq!(bench.later(table, column).await, (false, is_held), "{table}.{column}");
        bench.store.clock_set_back(bench.now(), bench.now()).await.unwrap();
    }
    bench.clock.jump(JUMP);
    for (table, column) in WAITS {
        assert_eq!(bench.later(table, column).await, (false, false), "{table}.{column} after a jump forward");
    }
}

/// Waits that are as long as they can be stay as they are.
async fn a_wait_that_can_be_is_left_alone(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.fill().await;
    for (table, column) in WAITS {
        bench.run(format!("UPDATE {table} SET {column} = {column} + 3600000 WHERE {column} IS NOT NULL")).await;
    }
    assert_eq!(bench.store.shorten_waits(&LONGEST, bench.now()).await.unwrap(), 0);
}

async fn what_is_counted_from_an_instant_ahead_is_due(engine: Engine) {
    let bench = Bench::new(engine).await;
    let to: Address = SENDER.parse().unwrap();
    let digest = super::replies::half_bad(&bench, "a").await;
    let id = super::replies::half_bad(&bench, "b").await;
    bench.store.answer(&bench.settling, digest, &NewReplyText::Withheld(to), bench.now()).await.unwrap();
    let told = bench.report("c", vec![]).await;
    bench.settle(told, NewReplyText::Letter(Box::new(letter(told)))).await;
    bench.open("une").await;
    let overdue = async || {
        let unsettled = bench.store.unsettled(HOUR, bench.now(), None, 10).await.unwrap();
        unsettled.contains(&Unsettled::Overdue(id))
    };
    let digests = async || bench.store.digests_due(HOUR, bench.now()).await.unwrap().len();
    let capped = async || bench.store.replies_since(bench.after(-3600), bench.now()).await.unwrap().len();
    let alerts =
        async || bench.store.alerts_due(Way::Courriel, Span::seconds(60), bench.now()).await.unwrap().is_some();
    let late = async || bench.store.vitals(HOUR, bench.now()).await.unwrap().queue.late;
    assert_eq!((overdue().await, digests().await, capped().await, alerts().await), (false, 0, 1, false));
    for jump in [-JUMP, JUMP] {
        bench.clock.jump(jump);
        bench.store.clock_set_back(bench.now(), bench.now()).await.unwrap();
        assert_eq!((overdue().await, digests().await), (true, 1), "{jump}");
        assert_eq!((capped().await, alerts().await), (0, true), "{jump}");
        assert!(late().await > 0, "{jump}");
        bench.clock.jump(-jump);
    }
}

async fn an_instant_ahead_locks_nobody_out_and_keeps_no_session(engine: Engine) {
    let bench = Bench::new(engine).await;
    let login = "anne".parse().unwrap();
    for _ in 0..9 {
        bench.store.attempt(&login, "192.0.2.1", bench.now()).await.unwrap();
    }
    let lifetimes = Lifetimes::default();
    let session = NewSession {
        digest: "empreinte".to_owned(),
        stage: Stage::Ouverte,
        means: Means::OpenId,
        login: "anne".to_owned(),
        name: "Anne Martin".to_owned(),
        role: Role::Operateur,
        origin: "192.0.2.1".to_owned(),
        detail: String::new(),
    };
    bench.store.open_session(&session, None, None, bench.now()).await.unwrap();
    assert!(matches!(bench.store.attempt(&login, "192.0.2.1", bench.now()).await.unwrap(), Attempt::Refused(_)));
    assert!(bench.store.session("empreinte", &lifetimes, bench.now()).await.unwrap().is_some());
    bench.clock.jump(-JUMP);
    assert!(matches!(bench.store.attempt(&login, "192.0.2.1", bench.now()).await.unwrap(), Attempt::Counted(_)));
    assert!(bench.store.session("empreinte", &lifetimes, bench.now()).await.unwrap().is_none());
    assert_eq!(bench.store.purge_sessions(&lifetimes, bench.now()).await.unwrap(), 1);
}

/// A mail that came while the clock was ahead was sent before those that came after it was set back.
async fn the_last_mail_of_a_sender_is_the_last_by_number(engine: Engine) {
    let bench = Bench::new(engine).await;
    let sender: Address = SENDER.parse().unwrap();
    let mut told = Vec::new();
    for (rank, verdict) in [Verdict::Rejete, Verdict::Integre, Verdict::Integre].into_iter().enumerate() {
        let name = rank.to_string();
        let id = bench.receive(&name, &name).await;
        bench.record(id, &JudgedMail { verdict: Some(verdict), ..judged(vec![]) }).await;
        bench.settle(id, NewReplyText::Told).await;
        told.push(bench.store.last_judged_before(&sender, id).await.unwrap().map(|past| past.verdict));
        bench.clock.jump(-HOUR);
    }
    assert_eq!(told, [None, Some(Verdict::Rejete), Some(Verdict::Integre)], "back to normal once");
}

on_both_engines! {
    a_wait_lasts_no_longer_than_it_can,
    a_jump_that_is_seen_ends_every_wait,
    a_wait_that_can_be_is_left_alone,
    what_is_counted_from_an_instant_ahead_is_due,
    an_instant_ahead_locks_nobody_out_and_keeps_no_session,
    the_last_mail_of_a_sender_is_the_last_by_number,
}
