//! The long-running worker: intake and delivery as supervised tasks around one store.
//!
//! No task ends quietly: one that stops or panics while the worker runs is told and started again.
//! Wake-ups between tasks are hints; the store alone says what is to be done.

mod alerts;
mod backoff;
mod certificates;
mod heads;
mod housekeeping;
mod lease;
mod seals;
mod supervise;
mod tasks;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use alerts::watch_forever;
use certificates::watch_certificates;
use housekeeping::{in_force, keep_house};
use lease::keep_on;
use supervise::{observe_forever, serve_forever, show_forever, tell_forever};
use tasks::{Round, deliver_forever, judge_retired, post_forever, settle_forever, supervise, sweep_forever, task};

use base::clock::Clock;
use base::tls::revocation::{ListConnection, Revocation};
use edges::mailbox::Mailbox;
use edges::smtp::Smtp;
use judging::referential::{Refused, Watch};
use service::alerting;
use service::alerting::{Alerting, FreshnessCache, Notifier};
use service::config::{Config, ConfigError, Faults, NamedMailbox, Purpose, ReplyTransport, Sources};
use service::health::{Heartbeat, Task};
use service::pipeline::{
    Delivery, Intake, Judge, MailboxTrace, Posting, ReplyRules, Settling, SharedContext, Transport,
};
use store::{Store, StoreError, WorkerLease};

/// How long tasks may take to come to their end once asked to.
const DRAIN: Duration = Duration::from_secs(30);

/// A worker that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration contradicts itself.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that the configuration names cannot be used.
    #[error(transparent)]
    Reading(#[from] Faults),
    /// The referential cannot be loaded, and none was kept.
    #[error(transparent)]
    Referential(#[from] Refused),
    /// The webhook of alerts is not configured rightly.
    #[error(transparent)]
    Alerts(#[from] alerting::WebhookSetupError),
}

/// A worker ready to run.
pub struct Worker {
    parts: Arc<WorkerParts>,
    rounds: Vec<Arc<Round>>,
}

struct WorkerParts {
    config: Config,
    clock: Clock,
    store: Store,
    shift: WorkerLease,
    referential: Arc<Mutex<Watch>>,
    courthouse: SharedContext,
    revocation: Revocation,
    delivery: Delivery,
    settling: Settling,
    posting: Posting,
    alarm: Alerting,
    pulse: Heartbeat,
    judged: Arc<Notify>,
    answered: Notify,
}

impl Worker {
    /// Checks everything that can be checked without the network, and repairs what a crash left.
    pub async fn prepare(config: Config, store: Store, clock: Clock) -> Result<Self, StartError> {
        config.check()?;
        let reading = config.read(&clock, Purpose::Serve);
        let Sources { referential, revocation, ror, mailboxes, smtp } = Sources::of(reading, &config)?;
        let referential = Arc::new(Mutex::new(in_force(referential, &config, &store, &clock).await?));
        let (genre, pace) = (config.ror.api.genre_indifferencie, config.ror.delivery.clone());
        let client = ror.checking(&revocation.of(ListConnection::Ror)).paced(pace.requests_per_second);
        seals::seal_factors(&config, &store).await?;
        let pulse = Heartbeat::new(clock.clone());
        let rules = ReplyRules::new(&config)?;
        let shift = WorkerLease::new(store.clone(), &lease::name(), config.store.lease.get());
        let watched = Arc::clone(&referential);
        let courthouse = SharedContext::new(shift.clone(), clock.clone(), watched, config.rules()?, pulse.clone());
        let tracer = |account: &str, who: &str| MailboxTrace::new(store.clone(), clock.clone(), account, who);
        let rounds = config
            .all_mailboxes()
            .zip(mailboxes)
            .map(|(named, mailbox)| {
                round(&courthouse, named, mailbox.checking(revocation.of(ListConnection::Imap)), tracer)
            })
            .collect::<Result<_, _>>()?;
        let delivery = Delivery::new(shift.clone(), clock.clone(), client, pace, genre, pulse.clone());
        let delivery = delivery.told_by(courthouse.judged());
        let settling = Settling::new(shift.clone(), clock.clone(), Arc::clone(&referential), rules, pulse.clone());
        let who = config.smtp.as_ref().and_then(|smtp| smtp.user.as_deref()).unwrap_or(config.reply.from.as_str());
        let sends = tracer(config.reply.from.as_str(), who);
        let by = transport(&config, smtp, &revocation)?;
        let posting = Posting::new(shift.clone(), clock.clone(), by.clone(), &config.reply, pulse.clone(), sends);
        let teller = Notifier::new(&config, by)?;
        let watched = Arc::clone(&referential);
        let alarm = Alerting::new(shift.clone(), &config, clock.clone(), pulse.clone(), watched, teller);
        let (judged, answered) = (courthouse.judged(), Notify::new());
        let parts = WorkerParts {
            config,
            clock,
            store,
            shift,
            referential,
            courthouse,
            revocation,
            delivery,
            settling,
            posting,
            alarm,
            pulse,
            judged,
            answered,
        };
        Ok(Self { parts: Arc::new(parts), rounds })
    }

    /// Who sends and who does not, kept up to date while the worker runs.
    pub fn bulletin(&self) -> FreshnessCache {
        self.parts.alarm.bulletin()
    }

    /// Runs until `stop`, then lets what is in flight come to its end.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        let Self { parts, rounds } = self;
        if parts.revocation.is_checked() && parts.revocation.in_force().is_empty() {
            // Else the first connections would be refused for want of a list.
            parts.revocation.refresh().await;
        }
        lease::begin(&parts, &stop).await?;
        let present = Arc::clone(&parts);
        // Until the tasks have come to their end, which is after `stop`.
        let presence = supervise("bail", CancellationToken::new(), move || keep_on(Arc::clone(&present)));
        let presence = AbortOnDropHandle::new(tokio::spawn(presence));
        expect_all(&parts.pulse, &rounds, parts.shift.lease());
        let mut tasks = JoinSet::new();
        for round in rounds {
            let (parts, own) = (Arc::clone(&parts), stop.clone());
            let name = format!("relève de la boîte {}", round.name);
            let sweep = move || sweep_forever(Arc::clone(&parts), Arc::clone(&round), own.clone());
            tasks.spawn(supervise(name, stop.clone(), sweep));
        }
        tasks.spawn(supervise("jugement des boîtes retirées", stop.clone(), task(&parts, &stop, judge_retired)));
        tasks.spawn(supervise("envoi au ROR", stop.clone(), task(&parts, &stop, deliver_forever)));
        tasks.spawn(supervise("règlement", stop.clone(), task(&parts, &stop, settle_forever)));
        tasks.spawn(supervise("réponses", stop.clone(), task(&parts, &stop, post_forever)));
        tasks.spawn(supervise("certificats", stop.clone(), task(&parts, &stop, watch_certificates)));
        tasks.spawn(supervise("entretien", stop.clone(), task(&parts, &stop, keep_house)));
        tasks.spawn(supervise("alertes", stop.clone(), task(&parts, &stop, watch_forever)));
        tasks.spawn(supervise("observation", stop.clone(), task(&parts, &stop, observe_forever)));
        tasks.spawn(supervise("surveillance", stop.clone(), task(&parts, &stop, serve_forever)));
        tasks.spawn(supervise("journal sur le web", stop.clone(), task(&parts, &stop, show_forever)));
        tasks.spawn(supervise("signes de vie", stop.clone(), task(&parts, &stop, tell_forever)));
        info!("Dispolits est en service");
        stop.cancelled().await;
        info!("les travaux en cours se terminent");
        if tokio::time::timeout(DRAIN, async { while tasks.join_next().await.is_some() {} }).await.is_err() {
            warn!("des travaux n’étaient pas finis après {} s ; ils reprendront au démarrage", DRAIN.as_secs());
        }
        drop(presence);
        drop(tasks);
        lease::end(&parts).await;
        Ok(())
    }
}

impl WorkerParts {
    /// The judges of the accounts that have mails to judge and are no longer configured.
    async fn retired(&self) -> Result<Vec<Judge>, StoreError> {
        let configured: BTreeSet<String> =
            self.config.all_mailboxes().filter_map(|mailbox| Some(mailbox.settings().ok()?.account())).collect();
        let accounts = self.store.accounts_to_judge().await?;
        let retired = accounts.into_iter().filter(|account| !configured.contains(account));
        // A larger mail was left on its server already; the limit is only told.
        let max_bytes = self.config.max_bytes();
        Ok(retired.map(|account| self.courthouse.judge(&account, max_bytes)).collect())
    }
}

fn round(
    courthouse: &SharedContext,
    named: NamedMailbox<'_>,
    mailbox: Mailbox,
    tracer: impl Fn(&str, &str) -> MailboxTrace,
) -> Result<Arc<Round>, StartError> {
    let (section, settings) = (named.section, named.settings()?);
    let tracer = tracer(mailbox.account(), settings.user());
    let intake = Intake::new(courthouse.judge(mailbox.account(), section.max_bytes), tracer, section.folders.clone());
    let mailbox = tokio::sync::Mutex::new(mailbox);
    Ok(Arc::new(Round { name: named.name.to_owned(), intake, mailbox, poll: section.poll.get() }))
}

/// Every task must give signs from now on; a sweep may rest between two polls, or two looks at who reads.
fn expect_all(pulse: &Heartbeat, rounds: &[Arc<Round>], lease: Duration) {
    for round in rounds {
        let account = round.intake.judge().account();
        pulse.name(account, &round.name);
        pulse.expect(Task::Sweep(account.to_owned()), round.poll.max(lease::beat(lease)));
    }
    for task in [Task::Delivery, Task::Settling, Task::Posting] {
        pulse.expect(task, tasks::TICK);
    }
    pulse.expect(Task::Upkeep, housekeeping::REFRESH);
}

/// By where mails leave: replies, and alerts.
pub(crate) fn transport(config: &Config, smtp: Option<Smtp>, revocation: &Revocation) -> Result<Transport, StartError> {
    match (config.reply.transport, smtp, &config.reply.maildir) {
        (ReplyTransport::Smtp, Some(smtp), _) => {
            Ok(Transport::Smtp(Box::new(smtp.checking(revocation.of(ListConnection::Smtp)))))
        }
        (ReplyTransport::Maildir, _, Some(root)) => Ok(Transport::Maildir(root.clone())),
        _ => Err(ConfigError::Contradiction("reply.transport : section ou clé manquante".to_owned()).into()),
    }
}
