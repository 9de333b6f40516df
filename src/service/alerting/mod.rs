//! Watching for what operators must be told of, and telling them: by mail, by webhook, on the dashboard.
//!
//! Every worker opens what it alone can see: its mailboxes, its logins. One at a time, under a duty of the store, looks at
//! what all share, closes incidents and tells of them. Each keeps its own [`FreshnessCache`] of who sends and who does not. What is to be told is written with the incident, in one transaction,
//! and leaves from there: each crash while it is told may repeat it once, and none loses it. Only that the store itself is
//! silent is told from memory, by each worker that finds it so, and written down once it answers again.
//!
//! No content, no name of a patient and no clear address is in anything told.

mod collect;
mod email;
mod freshness_cache;
mod notify;
mod store_outage;
mod webhook;
mod worker_health;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::timeout;
use tracing::{error, info, warn};

use crate::config::Config;
use crate::health::Heartbeat;
use crate::pipeline::TaskHold;
use base::clock::Clock;
use base::config_values::after;
use domain::alerts::{AlertSettings, Change, Digest, IncidentTracker};
use judging::referential::Watch;
use store::{Due, Store, StoreError, TaskLease, Way, WorkerLease};

use collect::Slow;
pub use freshness_cache::FreshnessCache;
pub use notify::{Notifier, WebhookSetupError};
use store_outage::Blind;

/// How long one look may take.
const DEADLINE: Duration = Duration::from_mins(2);
/// How long closed incidents are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 180);

/// What watches and tells, for one worker.
pub struct Alerting {
    seat: TaskHold,
    config: Config,
    clock: Clock,
    pulse: Heartbeat,
    referential: Arc<Mutex<Watch>>,
    bulletin: FreshnessCache,
    teller: Notifier,
    state: AsyncMutex<AlertingState>,
}

/// What is remembered between two looks.
struct AlertingState {
    ledger: IncidentTracker,
    slow: Slow,
    blind: Blind,
}

impl Alerting {
    /// Watches what this worker does, and tells through this teller.
    pub fn new(
        shift: WorkerLease,
        config: &Config,
        clock: Clock,
        pulse: Heartbeat,
        referential: Arc<Mutex<Watch>>,
        teller: Notifier,
    ) -> Self {
        let state =
            AlertingState { ledger: IncidentTracker::new(clock.now()), slow: Slow::default(), blind: Blind::default() };
        let (seat, bulletin) = (TaskHold::new(shift), FreshnessCache::default());
        let (config, state) = (config.clone(), AsyncMutex::new(state));
        Self { seat, config, clock, pulse, referential, bulletin, teller, state }
    }

    /// Who sends and who does not, as it was last seen.
    pub fn bulletin(&self) -> FreshnessCache {
        self.bulletin.clone()
    }

    /// Looks once, opens and closes, tells what is due. A store that does not answer is told of as well.
    pub async fn round(&self) {
        let mut state = self.state.lock().await;
        let looked = timeout(DEADLINE, self.look(&mut state)).await.unwrap_or(Err(StoreError::Unreachable));
        let told = match looked {
            Ok(Some(duty)) => self.tell_all(&duty).await,
            Ok(None) => Ok(()),
            Err(failure) => Err(failure),
        };
        match told {
            Ok(()) => {}
            Err(StoreError::Lapsed) => warn!("alertes : un autre service a pris le relais"),
            Err(failure) => self.without_store(&mut state.blind, &failure.to_string()).await,
        }
    }

    /// Returns the duty to tell, if this worker has it.
    async fn look(&self, state: &mut AlertingState) -> Result<Option<TaskLease>, StoreError> {
        let now = self.clock.now();
        let duty = self.duty().await?;
        self.refresh(&mut state.slow, duty.is_some(), now).await?;
        self.recover(&mut state.blind, now).await?;
        let open = self.store().open_incidents().await?;
        let sight = self.sight(&state.slow, now);
        let mut changes = state.ledger.judge(&sight, &open, self.settings(), now);
        if duty.is_none() {
            changes.retain(|change| matches!(change, Change::Open { .. } | Change::Seen { .. }));
        }
        self.store().change_incidents(duty.as_ref(), &changes, &self.teller.ways(), now).await?;
        changes.iter().for_each(log);
        Ok(duty)
    }

    /// Each sending has its own deadlines: one that were cut short might be done twice.
    async fn tell_all(&self, duty: &TaskLease) -> Result<(), StoreError> {
        for way in self.teller.ways() {
            self.tell(way, duty, self.clock.now()).await?;
        }
        Ok(())
    }

    /// The duty, if this worker has it or can take it over now.
    async fn duty(&self) -> Result<Option<TaskLease>, StoreError> {
        if let Ok(duty) = self.seat.duty() {
            return Ok(Some(duty));
        }
        let taken = self.seat.shift().take_alerts().await?;
        self.seat.set(taken.clone());
        Ok(taken)
    }

    /// Sends what waits on a way, all of it in one message, once the oldest has waited for the others.
    async fn tell(&self, way: Way, duty: &TaskLease, now: Timestamp) -> Result<(), StoreError> {
        let Some(due) = self.store().alerts_due(way, self.settings().gather, now).await? else { return Ok(()) };
        let digest = Digest::new(due.news.clone(), self.teller.banner());
        let told = self.teller.tell(way, &digest, &name_of(&due), now).await;
        let now = self.clock.now();
        match told {
            Ok(told) => {
                info!("alertes envoyées par {way} : {}", due.ids.len());
                self.store().alerts_sent(duty, &due.ids, &told, now).await
            }
            Err(failure) => {
                let next_at = self.next_try(&due, now);
                let what = if next_at.is_some() { "nouvel essai plus tard" } else { "abandon" };
                error!("alertes non envoyées par {way}, {what} : {failure}");
                self.store().alerts_failed(duty, &due.ids, &failure, next_at, now).await
            }
        }
    }

    /// Never before every step of the schedule was tried: the clock may have been set forward.
    fn next_try(&self, due: &Due, now: Timestamp) -> Option<Timestamp> {
        let retry = &self.settings().retry;
        let next = after(now, retry.wait(due.attempts, None, fastrand::f64()));
        let is_old = next.duration_since(due.oldest) >= self.settings().abandon_after.signed();
        (!is_old || !retry.is_spent(due.attempts)).then_some(next)
    }

    fn store(&self) -> &Store {
        self.seat.store()
    }

    fn settings(&self) -> &AlertSettings {
        &self.config.alerts
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.referential.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same news, tried again, have the same name: who got them already can tell.
fn name_of(due: &Due) -> String {
    let (first, last) = (due.ids.first().copied().unwrap_or(0), due.ids.last().copied().unwrap_or(0));
    format!("{first}-{last}-{}", due.oldest.as_millisecond())
}

fn log(change: &Change) {
    match change {
        Change::Open { observation, .. } => {
            warn!(alerte = observation.kind().word(), "alerte ouverte : {}", observation.sentence());
        }
        Change::Worsen { observation, .. } => {
            warn!(alerte = observation.kind().word(), "alerte aggravée : {}", observation.sentence());
        }
        Change::Close { numero } => info!("alerte {numero} close"),
        Change::Seen { .. } | Change::Remind { .. } => {}
    }
}

fn before(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_sub(span).unwrap_or(now)
}
