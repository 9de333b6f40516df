//! From what is known of a worker to whether it works.

use std::collections::BTreeMap;
use std::fmt;
use std::mem::Discriminant;
use std::time::Duration;

use super::HealthSettings;
use super::faults::HealthFault;
use super::heartbeat::{Heart, Heartbeat, HeartbeatState, Task};
use store::QueueStats;

/// How old what is known of the store may be.
const OBSERVATION: Duration = Duration::from_mins(1);

/// What keeps a worker from being ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// A task gives no sign: only a restart can help.
    Stuck {
        /// The task.
        task: Task,
        /// For how long.
        age: Duration,
    },
    /// A task has not begun yet.
    Starting(Task),
    /// No sweep of a mailbox came to its end yet.
    NeverSwept(String),
    /// The last complete sweep of a mailbox is too old.
    SweepLate {
        /// The mailbox.
        mailbox: String,
        /// Whether another worker has it.
        elsewhere: bool,
        /// How long ago.
        age: Duration,
    },
    /// A mail waits for its judgement.
    Unjudged {
        /// The mailbox.
        mailbox: String,
        /// For how long the oldest one does.
        age: Duration,
    },
    /// A folder refuses the judged mails of a mailbox: they stay where they came.
    Refusing {
        /// The mailbox.
        mailbox: String,
        /// The folder, by its name.
        folder: String,
        /// For how long.
        age: Duration,
    },
    /// Mails are in a mailbox, and could not be taken in more than one try.
    Unread {
        /// The mailbox.
        mailbox: String,
        /// How many.
        mails: i64,
        /// Why, in words.
        causes: String,
        /// For how long the oldest one is left.
        age: Duration,
    },
    /// The store was not to be read for a while.
    StoreSilent,
}

/// How a worker does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// What keeps it from being ready.
    pub troubles: Vec<Trouble>,
    /// What people should know, and a restart would not mend.
    pub remarks: Vec<String>,
}

impl Diagnosis {
    /// The diagnosis of this moment.
    pub fn of(pulse: &Heartbeat, settings: &HealthSettings) -> Self {
        let known = pulse.known();
        let mut troubles: Vec<Trouble> =
            known.hearts.iter().filter_map(|(task, heart)| still(task, heart, &known, settings)).collect();
        troubles.extend(known.hearts.iter().filter_map(|(task, heart)| unswept(task, heart, &known, settings)));
        troubles.extend(known.hearts.keys().flat_map(|task| refusing(task, &known, pulse)));
        troubles.extend(store_troubles(&known, pulse, settings));
        Self { troubles, remarks: remarks(&known, pulse) }
    }

    /// Whether the worker does its work.
    pub fn is_ready(&self) -> bool {
        self.troubles.is_empty()
    }

    /// What it says, ages aside: two that are equal are no news.
    pub fn kinds(&self) -> (Vec<Discriminant<Trouble>>, usize) {
        (self.troubles.iter().map(std::mem::discriminant).collect(), self.remarks.len())
    }

    /// Whether every task has begun and none is stuck.
    pub fn is_alive(&self) -> bool {
        !self.troubles.iter().any(|trouble| matches!(trouble, Trouble::Stuck { .. } | Trouble::Starting(_)))
    }
}

fn still(task: &Task, heart: &Heart, known: &HeartbeatState, settings: &HealthSettings) -> Option<Trouble> {
    let age = heart.last.or(known.began)?.elapsed();
    if age > settings.stuck_after.get().saturating_add(heart.rest) {
        return Some(Trouble::Stuck { task: known.named(task), age });
    }
    heart.last.is_none().then(|| Trouble::Starting(known.named(task)))
}

fn unswept(task: &Task, heart: &Heart, known: &HeartbeatState, settings: &HealthSettings) -> Option<Trouble> {
    let Task::Sweep(mailbox) = task else { return None };
    let (name, elsewhere) = (known.name(mailbox).to_owned(), known.elsewhere.get(mailbox));
    let last = elsewhere.map(|elsewhere| elsewhere.since).or(known.sweeps.get(mailbox).copied());
    let Some(age) = last.map(|last| last.elapsed()) else { return Some(Trouble::NeverSwept(name)) };
    let late = age > settings.sweep_delay.get().saturating_add(heart.rest);
    late.then(|| Trouble::SweepLate { mailbox: name, elsewhere: elsewhere.is_some(), age })
}

fn refusing(task: &Task, known: &HeartbeatState, pulse: &Heartbeat) -> Vec<Trouble> {
    let trouble = |(folder, fault): (String, HealthFault)| Trouble::Refusing {
        mailbox: known.name(task.mailbox()).to_owned(),
        folder,
        age: pulse.now().duration_since(fault.since).unsigned_abs(),
    };
    known.refusing(task.mailbox()).into_iter().map(trouble).collect()
}

fn store_troubles(known: &HeartbeatState, pulse: &Heartbeat, settings: &HealthSettings) -> Vec<Trouble> {
    let Some((at, vitals)) = &known.vitals else { return vec![Trouble::StoreSilent] };
    if at.elapsed() > OBSERVATION {
        return vec![Trouble::StoreSilent];
    }
    let unjudged = vitals.unjudged.iter().filter_map(|waiting| {
        let age = pulse.now().duration_since(waiting.oldest).unsigned_abs();
        let late = age > settings.sweep_delay.get();
        late.then(|| Trouble::Unjudged { mailbox: known.name(&waiting.mailbox).to_owned(), age })
    });
    unjudged.chain(unread(vitals, known, pulse)).collect()
}

fn unread(vitals: &QueueStats, known: &HeartbeatState, pulse: &Heartbeat) -> impl Iterator<Item = Trouble> {
    let mut troubles: BTreeMap<&str, Trouble> = BTreeMap::new();
    for count in vitals.unread.iter().filter(|count| count.told > 0) {
        let since = pulse.now().duration_since(count.oldest).unsigned_abs();
        let name = known.name(&count.mailbox).to_owned();
        let none = || Trouble::Unread { mailbox: name, mails: 0, causes: String::new(), age: Duration::ZERO };
        if let Trouble::Unread { mails, causes, age, .. } = troubles.entry(&count.mailbox).or_insert_with(none) {
            *mails = mails.saturating_add(count.told);
            *age = since.max(*age);
            causes.push_str(if causes.is_empty() { "" } else { " ; " });
            causes.push_str(&count.cause.to_string());
        }
    }
    troubles.into_values()
}

fn remarks(known: &HeartbeatState, pulse: &Heartbeat) -> Vec<String> {
    let mut remarks = Vec::new();
    if known.is_suspended() {
        remarks.push("envois au ROR suspendus : il ne répond pas comme il le doit".to_owned());
    }
    let Some((_, vitals)) = &known.vitals else { return remarks };
    if let Some(oldest) = vitals.queue.oldest {
        let age = pulse.now().duration_since(oldest).unsigned_abs();
        let (waiting, late) = (vitals.queue.waiting, vitals.queue.late);
        remarks.push(format!(
            "{waiting} lignes attendent le ROR, dont {late} en retard ; la plus ancienne depuis {}",
            in_words(age)
        ));
    }
    for (account, mails, _) in &vitals.unmoved {
        let mailbox = known.name(account);
        remarks.push(format!(
            "{mails} courriels jugés restent dans la boîte {mailbox}, que son serveur ne sait pas vider"
        ));
    }
    if vitals.replies.waiting > 0 {
        remarks.push(format!("{} réponses attendent de partir", vitals.replies.waiting));
    }
    remarks
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stuck { task, age } => write!(f, "tâche bloquée depuis {} : {task}", in_words(*age)),
            Self::Starting(task) => write!(f, "démarrage : {task}"),
            Self::NeverSwept(mailbox) => write!(f, "aucune relève complète encore : {mailbox}"),
            Self::SweepLate { mailbox, elsewhere, age } => {
                let whose = if *elsewhere { " (tenue par un autre service)" } else { "" };
                write!(f, "aucune relève complète depuis {} : {mailbox}{whose}", in_words(*age))
            }
            Self::Unjudged { mailbox, age } => {
                write!(f, "un courriel attend son jugement depuis {} : {mailbox}", in_words(*age))
            }
            Self::Refusing { mailbox, folder, age } => {
                write!(f, "le dossier « {folder} » refuse les courriels jugés depuis {} : {mailbox}", in_words(*age))
            }
            Self::Unread { mailbox, mails: 1, causes, age } => {
                write!(f, "un courriel reste non lu depuis {} : {mailbox} ({causes})", in_words(*age))
            }
            Self::Unread { mailbox, mails, causes, age } => {
                write!(
                    f,
                    "{mails} courriels restent non lus, le plus ancien depuis {} : {mailbox} ({causes})",
                    in_words(*age)
                )
            }
            Self::StoreSilent => f.write_str("la base de données ne se laisse pas lire"),
        }
    }
}

/// `45 s`, `12 min`, `3 h`, `2 j`.
fn in_words(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} j", seconds / 86_400),
    }
}
