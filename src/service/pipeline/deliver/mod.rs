//! The second half: rows of the store to the ROR, the newest observation of each indicator, one
//! request at a time for one location.

pub(super) mod attempts;
pub(super) mod breaker;
pub(super) mod connection_health;
pub(super) mod group_commit;
pub(super) mod location;
pub(super) mod refusal_defect;
pub(super) mod round;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::config;
use crate::health;
use crate::health::Heartbeat;
use base::clock::{Clock, JumpWatch};
use base::config_values::after;
use base::fail_point;
use breaker::{Breaker, Failed};
use domain::capacity::GenreCode;
use domain::capacity::{Genre, Update};
use edges::ror::{Client, Exchange, PushFailure};
use group_commit::GroupCommit;
use round::Round;
use store::{StoreError, WorkerLease};

/// Store to ROR.
#[derive(Clone)]
pub struct Delivery {
    pub(super) shift: WorkerLease,
    pub(super) clock: Clock,
    pub(super) client: Arc<Client>,
    pub(super) settings: config::DeliverySection,
    genre: GenreCode,
    breaker: Arc<Mutex<Breaker>>,
    pub(super) pulse: Heartbeat,
    /// One for each location that requests may be sent to at a time.
    pub(super) places: Arc<Semaphore>,
    pub(super) desk: Arc<GroupCommit>,
    jumps: Arc<JumpWatch>,
    /// Told when there are new rows.
    pub(super) news: Arc<Notify>,
}

impl Delivery {
    /// Delivery through this client.
    pub fn new(
        shift: WorkerLease,
        clock: Clock,
        client: Client,
        settings: config::DeliverySection,
        genre: GenreCode,
        pulse: Heartbeat,
    ) -> Self {
        let breaker = Breaker::new(settings.breaker_failures, settings.breaker_pause.get());
        let (client, breaker, desk) = (Arc::new(client), Arc::new(Mutex::new(breaker)), Arc::default());
        let places = Arc::new(Semaphore::new(usize::try_from(settings.concurrency).unwrap_or(Semaphore::MAX_PERMITS)));
        let (jumps, news) = (Arc::new(JumpWatch::new(clock.clone())), Arc::default());
        Self { shift, clock, client, settings, genre, breaker, pulse, places, desk, jumps, news }
    }

    /// Looks for new rows at once when it is told that there are some.
    #[must_use]
    pub fn told_by(mut self, news: Arc<Notify>) -> Self {
        self.news = news;
        self
    }

    /// Takes over the requests of workers that are gone: they may still be applied, so their locations are held for the
    /// settling time and the newest value is then sent again. Returns how many there were.
    pub async fn take_over(&self) -> Result<u64, StoreError> {
        self.shift.take_over(self.handed_over()).await
    }

    /// The same, and what this worker could not record, while none of its requests is under way.
    pub async fn recover(&self) -> Result<u64, StoreError> {
        self.shift.recover_in_flight(self.handed_over()).await
    }

    /// Until when a request of a worker that was replaced may still be applied: it may send until it knows.
    fn handed_over(&self) -> Timestamp {
        self.later(self.settings.settle.get().saturating_add(self.shift.unaware()))
    }

    /// Until when a request that left just now may still be applied.
    pub(super) fn settled(&self) -> Timestamp {
        self.later(self.settings.settle.get())
    }

    /// Sends all that is due, locations side by side, until nothing is or `stop` is asked for. What
    /// is in flight then comes to its end, and so it does when the store fails: no request is ever
    /// dropped half-way. Returns how many rows were handled. One round at a time.
    pub async fn round(&self, stop: &CancellationToken) -> Result<usize, StoreError> {
        // What an earlier round could not close is in doubt, as after a crash.
        self.recover().await?;
        fail_point!("requests-recovered");
        Round::new(self).run(stop).await
    }

    /// When the clock was set, what waits by it is counted anew: before anything is claimed by the new time.
    pub(super) async fn mind_the_clock(&self) -> Result<(), StoreError> {
        let Some(jump) = self.jumps.look() else { return Ok(()) };
        warn!("l’horloge a été changée de {} s : les attentes sont comptées à nouveau", jump.by.as_secs());
        if jump.by.is_negative() {
            self.shift.store().clock_set_back(jump.now, self.settled()).await?;
        } else {
            self.shift.store().clock_set_forward(jump.last, jump.by, self.settled()).await?;
        }
        self.breaker().clock_set(jump.by);
        self.jumps.accept();
        Ok(())
    }

    /// At the start: whether the clock was set back while nothing ran, by what the store has of later instants.
    pub async fn mind_the_past(&self) -> Result<(), StoreError> {
        let (now, latest) = (self.clock.now(), self.shift.store().latest().await?);
        let Some(latest) = latest.filter(|latest| latest.duration_since(now) > JumpWatch::TOLERANCE) else {
            return Ok(());
        };
        warn!("l’horloge retarde sur ce que la base a déjà noté ({latest}) : les attentes sont comptées à nouveau");
        self.shift.store().clock_set_back(now, self.settled()).await
    }

    /// How many locations may be served now.
    pub(super) fn allowance(&self) -> u32 {
        self.breaker().allowance(self.settings.concurrency, self.clock.now())
    }

    pub(super) fn count(&self, exchanges: &[Exchange]) {
        for exchange in exchanges {
            let operation = exchange.operation.word();
            self.pulse.asked(&health::Exchange { operation, status: exchange.status, duration: exchange.duration });
        }
    }

    pub(super) fn genre_code(&self, update: &Update) -> Option<String> {
        (update.count.indicator.genre() == Some(Genre::Indifferencie)).then(|| self.genre.to_string())
    }

    pub(super) fn tell_success(&self) {
        connection_health::over(&self.pulse);
        if self.breaker().success() {
            info!("le ROR répond de nouveau : les envois reprennent");
        }
    }

    /// A server that names a time is left alone by all locations until then, the wait being clamped by the schedule;
    /// not so where it names it for one request.
    pub(super) fn tell_failure(&self, of: Failed, failure: &PushFailure, wait: Duration, now: Timestamp) {
        let of = if matches!(failure, PushFailure::Unreachable(_)) { Failed::Connection } else { of };
        let opened = match failure {
            _ if failure.retry_after().is_some() && !failure.is_of_one_request() => {
                self.breaker().asked_to_wait(wait, now)
            }
            _ if failure.is_transient() => self.breaker().failure(of, now),
            _ => self.breaker().our_fault(now),
        };
        connection_health::tell(&self.pulse, failure, self.breaker().is_open());
        if opened {
            error!("envois au ROR suspendus : {failure}");
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn later(&self, wait: Duration) -> Timestamp {
        after(self.clock.now(), wait)
    }
}
