//! The metrics in the text format of OpenMetrics 1.0.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::counters::Labels;
use super::heartbeat::{Heartbeat, HeartbeatState, Task, labels};
use super::{Diagnosis, HealthSettings};
use domain::alerts::IncidentKind;
use store::{Balance, QueueStats};

type Numbers = Family<Labels, Gauge>;
type Seconds = Family<Labels, Gauge<f64, AtomicU64>>;

/// The content type of [`text`].
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the store is asked when the metrics are.
pub(super) struct MetricsQuery {
    pub(super) balances: Vec<(String, Balance)>,
    /// How many incidents are open, by the word of their kind.
    pub(super) incidents: Vec<(String, i64)>,
    /// How many records the audit log has: it never falls.
    pub(super) audited: i64,
}

/// Every metric. Without what was `asked` the store could not be read: then those are left out.
pub(super) fn text(
    pulse: &Heartbeat,
    settings: &HealthSettings,
    asked: Option<&MetricsQuery>,
) -> Result<String, std::fmt::Error> {
    let (known, mut registry) = (pulse.known(), Registry::with_prefix("dispolits"));
    pulse.counters().register(&mut registry);
    worker(&mut registry, &Diagnosis::of(pulse, settings), &known);
    sweeps(&mut registry, &known);
    refusals(&mut registry, &known);
    number(&mut registry, "store_up", "Whether the store could be read", i64::from(asked.is_some()));
    if let Some((_, vitals)) = &known.vitals {
        queues(&mut registry, vitals, &known, pulse.now());
    }
    conservation(&mut registry, asked.map_or(&[][..], |asked| &asked.balances), &known);
    if let Some(asked) = asked {
        incidents(&mut registry, &asked.incidents);
        number(&mut registry, "audit_records", "Records of the audit log; it never falls", asked.audited);
    }
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    encode_eof(&mut text)?;
    Ok(text)
}

fn worker(registry: &mut Registry, diagnosis: &Diagnosis, known: &HeartbeatState) {
    let version = Numbers::default();
    version.get_or_create(&labels([("version", env!("CARGO_PKG_VERSION"))])).set(1);
    registry.register("build", "The version that runs", version);
    number(registry, "ready", "Whether /readyz says 200", i64::from(diagnosis.is_ready()));
    number(registry, "alive", "Whether every task moves", i64::from(diagnosis.is_alive()));
    number(
        registry,
        "ror_suspended",
        "Whether the breaker keeps requests from the ROR",
        i64::from(known.is_suspended()),
    );
    let ages = Seconds::default();
    for (task, heart) in &known.hearts {
        let Some(last) = heart.last else { continue };
        let of_task = labels([("task", task.word()), ("mailbox", known.name(task.mailbox()))]);
        ages.get_or_create(&of_task).set(last.elapsed().as_secs_f64());
    }
    registry.register_with_unit("task_idle", "Time since a task gave a sign", Unit::Seconds, ages);
}

fn sweeps(registry: &mut Registry, known: &HeartbeatState) {
    let last = Seconds::default();
    for (mailbox, at) in &known.swept_at {
        last.get_or_create(&labels([("mailbox", known.name(mailbox))])).set(unix(*at));
    }
    let help = "When the last complete sweep of a mailbox ended";
    registry.register_with_unit("last_sweep_timestamp", help, Unit::Seconds, last);
}

fn refusals(registry: &mut Registry, known: &HeartbeatState) {
    let refusing = Numbers::default();
    for account in known.hearts.keys().map(Task::mailbox).filter(|account| !account.is_empty()) {
        let folders = known.refusing(account).len();
        let of_mailbox = labels([("mailbox", known.name(account))]);
        refusing.get_or_create(&of_mailbox).set(i64::try_from(folders).unwrap_or(i64::MAX));
    }
    registry.register("refusing_folders", "Folders of a mailbox that refuse judged mails", refusing);
}

fn queues(registry: &mut Registry, vitals: &QueueStats, known: &HeartbeatState, now: Timestamp) {
    let (unjudged, ages) = (Numbers::default(), Seconds::default());
    for waiting in &vitals.unjudged {
        let of_mailbox = labels([("mailbox", known.name(&waiting.mailbox))]);
        unjudged.get_or_create(&of_mailbox).set(waiting.mails);
        ages.get_or_create(&of_mailbox).set(age(Some(waiting.oldest), now));
    }
    registry.register("unjudged_mails", "Mails received and not judged yet", unjudged);
    let unfiled = Numbers::default();
    for (account, mails) in &vitals.unfiled {
        unfiled.get_or_create(&labels([("mailbox", known.name(account))])).set(*mails);
    }
    registry.register("unfiled_mails", "Mails judged and not in their folder yet", unfiled);
    let help = "Age of the oldest mail not judged yet";
    registry.register_with_unit("oldest_unjudged_mail_age", help, Unit::Seconds, ages);
    left_in_place(registry, vitals, known, now);
    let (queue, replies) = (&vitals.queue, &vitals.replies);
    number(registry, "waiting_updates", "Counts that wait for the ROR", queue.waiting);
    number(registry, "late_updates", "Counts that wait for longer than ror.delivery.late_after", queue.late);
    number(registry, "updates_in_flight", "Counts whose request is under way", queue.in_flight);
    seconds(registry, "oldest_waiting_update_age", "Age of the oldest count that waits", age(queue.oldest, now));
    number(registry, "waiting_replies", "Replies that wait to be sent", replies.waiting);
    seconds(registry, "oldest_waiting_reply_age", "Age of the oldest reply that waits", age(replies.oldest, now));
    if let Some(at) = vitals.last_acknowledged {
        seconds(registry, "ror_last_success_timestamp", "When the ROR last acknowledged a request", unix(at));
    }
}

/// Mails that could not be taken, by cause, and those that were judged and could not be moved.
fn left_in_place(registry: &mut Registry, vitals: &QueueStats, known: &HeartbeatState, now: Timestamp) {
    let (left, ages) = (Numbers::default(), Seconds::default());
    for count in &vitals.unread {
        let mailbox = known.name(&count.mailbox);
        left.get_or_create(&labels([("mailbox", mailbox), ("cause", count.cause.word())])).set(count.mails);
        let oldest = ages.get_or_create(&labels([("mailbox", mailbox)]));
        oldest.set(oldest.get().max(age(Some(count.oldest), now)));
    }
    for (account, mails, _) in &vitals.unmoved {
        left.get_or_create(&labels([("mailbox", known.name(account)), ("cause", "sans-deplacement")])).set(*mails);
    }
    registry.register("left_mails", "Mails that stay in the mailbox, unread or not movable, by cause", left);
    let help = "Age of the oldest mail that stays unread in the mailbox";
    registry.register_with_unit("oldest_unread_mail_age", help, Unit::Seconds, ages);
}

/// Of each mailbox: how many mails have which outcome, and how many have none at all.
fn conservation(registry: &mut Registry, balances: &[(String, Balance)], known: &HeartbeatState) {
    let (mails, received, missing) = (Numbers::default(), Numbers::default(), Numbers::default());
    for (account, balance) in balances {
        let mailbox = known.name(account);
        for (outcome, count) in balance.outcomes() {
            mails.get_or_create(&labels([("mailbox", mailbox), ("outcome", outcome)])).set(count);
        }
        received.get_or_create(&labels([("mailbox", mailbox)])).set(balance.recus);
        missing.get_or_create(&labels([("mailbox", mailbox)])).set(balance.missing());
    }
    registry.register("mails", "Mails by outcome, en-cours included", mails);
    registry.register("received_mails", "Mails received", received);
    registry.register("missing_mails", "Mails received without any outcome: must be 0", missing);
}

/// Each kind has its number, 0 too: a rule that waits for a number needs one.
fn incidents(registry: &mut Registry, open: &[(String, i64)]) {
    let incidents = Numbers::default();
    for kind in IncidentKind::ALL {
        let count = open.iter().find(|(word, _)| word == kind.word()).map_or(0, |(_, count)| *count);
        incidents.get_or_create(&labels([("kind", kind.word())])).set(count);
    }
    registry.register("open_incidents", "Incidents that are open, by kind", incidents);
}

fn number(registry: &mut Registry, name: &'static str, help: &'static str, value: i64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn seconds(registry: &mut Registry, name: &'static str, help: &'static str, value: f64) {
    let gauge = Gauge::<f64, AtomicU64>::default();
    gauge.set(value);
    registry.register_with_unit(name, help, Unit::Seconds, gauge);
}

fn age(since: Option<Timestamp>, now: Timestamp) -> f64 {
    let age = since.map_or(Duration::ZERO, |since| Duration::try_from(now.duration_since(since)).unwrap_or_default());
    age.as_secs_f64()
}

fn unix(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}
