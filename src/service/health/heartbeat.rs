//! What the tasks of a worker tell of themselves: that they move, and what they did.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::counters::{Counters, Labels};
use super::faults::{Concern, HealthFault};
use base::clock::Clock;
use domain::address::mask_all;
use domain::defect::Code;
use store::QueueStats;

/// A task of the worker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// The sweeps of one mailbox.
    Sweep(String),
    /// Rows to the ROR.
    Delivery,
    /// Verdicts and replies to be written.
    Settling,
    /// Replies to their senders.
    Posting,
    /// Referential and retention.
    Upkeep,
}

/// One request to the ROR, as it is counted.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// `replace`, `add`, `delete`, `read`, `jeton`.
    pub operation: &'static str,
    /// HTTP status; `None` when no answer came.
    pub status: Option<u16>,
    /// How long it took.
    pub duration: Duration,
}

/// What the tasks of one worker tell; clones share it.
///
/// Ages are measured on the monotonic clock: a jump of the machine's clock wakes nobody.
#[derive(Debug, Clone)]
pub struct Heartbeat(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    known: Mutex<HeartbeatState>,
    counters: Counters,
}

/// What is known of a worker at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct HeartbeatState {
    /// The names of accounts in the configuration: what operators know, and no address.
    names: BTreeMap<String, String>,
    pub(super) hearts: BTreeMap<Task, Heart>,
    pub(super) sweeps: BTreeMap<String, Instant>,
    pub(super) swept_at: BTreeMap<String, Timestamp>,
    /// The mailboxes that another worker has.
    pub(super) elsewhere: BTreeMap<String, Elsewhere>,
    /// What fails, and why.
    pub(super) faults: BTreeMap<Concern, HealthFault>,
    pub(super) vitals: Option<(Instant, QueueStats)>,
    pub(super) began: Option<Instant>,
}

/// When a task moved for the last time, and how long it may rest by its nature.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heart {
    pub(super) last: Option<Instant>,
    pub(super) rest: Duration,
}

/// A mailbox that another worker has, as far as it is seen from here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elsewhere {
    /// How many sweeps it had brought to their end at the last look.
    sweeps: i64,
    /// Since when that is so many.
    pub(super) since: Instant,
}

impl HeartbeatState {
    /// Whether requests are kept from the ROR.
    pub(super) fn is_suspended(&self) -> bool {
        self.faults.contains_key(&Concern::Ror)
    }

    /// The name of an account; the account itself once it is no longer read.
    pub(super) fn name<'a>(&'a self, account: &'a str) -> &'a str {
        self.names.get(account).map_or(account, String::as_str)
    }

    /// The folders of an account that refuse judged mails. Of a mailbox that another worker reads, that one tells.
    pub(super) fn refusing(&self, account: &str) -> Vec<(String, HealthFault)> {
        if self.elsewhere.contains_key(account) {
            return Vec::new();
        }
        let of_account = |(concern, fault): (&Concern, &HealthFault)| match concern {
            Concern::Filing { account: its, folder } if its == account => Some((folder.clone(), fault.clone())),
            _ => None,
        };
        self.faults.iter().filter_map(of_account).collect()
    }

    /// A task, its mailbox by its name.
    pub(super) fn named(&self, task: &Task) -> Task {
        match task {
            Task::Sweep(account) => Task::Sweep(self.name(account).to_owned()),
            other => other.clone(),
        }
    }
}

impl Heartbeat {
    /// Nothing is expected yet.
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Inner { clock, known: Mutex::default(), counters: Counters::new() }))
    }

    /// What operators call an account.
    pub fn name(&self, account: &str, name: &str) {
        self.lock().names.insert(account.to_owned(), name.to_owned());
    }

    /// From now on this task must move; between two movements it may rest for so long.
    pub fn expect(&self, task: Task, rest: Duration) {
        let mut known = self.lock();
        known.began.get_or_insert_with(Instant::now);
        known.hearts.insert(task, Heart { last: None, rest });
    }

    /// The task moved: a step came to its end, well or badly.
    pub fn beat(&self, task: &Task) {
        if let Some(heart) = self.lock().hearts.get_mut(task) {
            heart.last = Some(Instant::now());
        }
    }

    /// This worker has the mailbox, or nobody: its own sweeps count.
    pub fn read_here(&self, mailbox: &str) {
        self.lock().elsewhere.remove(mailbox);
    }

    /// Another worker has the mailbox, and has brought so many sweeps to their end: none of ours is missing as long as
    /// theirs go on. Their number says so, and no clock.
    pub fn read_elsewhere(&self, mailbox: &str, sweeps: i64) {
        let now = self.0.clock.now();
        let mut known = self.lock();
        let seen = Elsewhere { sweeps, since: Instant::now() };
        let before = *known.elsewhere.entry(mailbox.to_owned()).or_insert(seen);
        if before.sweeps != sweeps {
            known.elsewhere.insert(mailbox.to_owned(), seen);
            known.swept_at.insert(mailbox.to_owned(), now);
        }
    }

    /// A sweep went through the whole mailbox.
    pub fn swept(&self, mailbox: &str, received: usize, judged: usize, moved: usize) {
        let now = self.0.clock.now();
        let mut known = self.lock();
        let name = known.name(mailbox).to_owned();
        known.sweeps.insert(mailbox.to_owned(), Instant::now());
        known.swept_at.insert(mailbox.to_owned(), now);
        known.faults.remove(&Concern::Sweep(mailbox.to_owned()));
        drop(known);
        count(&self.0.counters.sweeps, [("mailbox", &name), ("outcome", "complete")], 1);
        for (step, mails) in [("received", received), ("judged", judged), ("moved", moved)] {
            count(&self.0.counters.mails, [("mailbox", &name), ("step", step)], mails);
        }
    }

    /// A sweep, or the opening of the mailbox, failed.
    pub fn sweep_failed(&self, mailbox: &str) {
        let name = self.lock().name(mailbox).to_owned();
        count(&self.0.counters.sweeps, [("mailbox", &name), ("outcome", "failed")], 1);
    }

    /// A defect was told.
    pub fn found(&self, code: Code) {
        count(&self.0.counters.defects, [("code", code.as_str())], 1);
    }

    /// A request to the ROR ended.
    pub fn asked(&self, exchange: &Exchange) {
        let class = exchange.status.map_or("none".to_owned(), |status| format!("{}xx", (status / 100).min(9)));
        count(&self.0.counters.requests, [("operation", exchange.operation), ("status", &class)], 1);
        let labels = labels([("operation", exchange.operation)]);
        self.0.counters.durations.get_or_create(&labels).observe(exchange.duration.as_secs_f64());
    }

    /// A reply was tried: `sent`, `deferred`, `abandoned` or `unavailable`.
    pub fn replied(&self, outcome: &'static str) {
        count(&self.0.counters.replies, [("outcome", outcome)], 1);
    }

    /// What the store was seen to hold.
    pub fn observed(&self, vitals: QueueStats) {
        self.lock().vitals = Some((Instant::now(), vitals));
    }

    /// What the store was last seen to hold.
    pub fn vitals(&self) -> Option<QueueStats> {
        self.lock().vitals.as_ref().map(|(_, vitals)| vitals.clone())
    }

    /// What operators call an account: the account itself, masked, once it is no longer read.
    pub fn name_of(&self, account: &str) -> String {
        mask_all(self.lock().name(account))
    }

    pub(super) fn known(&self) -> HeartbeatState {
        self.lock().clone()
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, HeartbeatState> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Task {
    /// The name in metrics.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Sweep(_) => "sweep",
            Self::Delivery => "delivery",
            Self::Settling => "settling",
            Self::Posting => "posting",
            Self::Upkeep => "upkeep",
        }
    }

    /// Its mailbox, if it has one of its own.
    pub(super) fn mailbox(&self) -> &str {
        if let Self::Sweep(mailbox) = self { mailbox } else { "" }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sweep(mailbox) => write!(f, "relève de la boîte {mailbox}"),
            Self::Delivery => f.write_str("envoi au ROR"),
            Self::Settling => f.write_str("règlement"),
            Self::Posting => f.write_str("réponses"),
            Self::Upkeep => f.write_str("entretien"),
        }
    }
}

type Family = prometheus_client::metrics::family::Family<Labels, prometheus_client::metrics::counter::Counter>;

fn count<const N: usize>(family: &Family, pairs: [(&'static str, &str); N], by: usize) {
    family.get_or_create(&labels(pairs)).inc_by(u64::try_from(by).unwrap_or(u64::MAX));
}

pub(super) fn labels<const N: usize>(pairs: [(&'static str, &str); N]) -> Labels {
    pairs.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}
