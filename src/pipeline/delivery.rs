//! The second half: rows of the store to the ROR, the newest observation of each indicator, one
//! request at a time for one location.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::breaker::Breaker;
use super::probing::probes;
use super::refusing::refusal_defect;
use crate::capacity::{Genre, Location, Update};
use crate::clock::Clock;
use crate::config;
use crate::defect::Code;
use crate::fail_point::fail_point;
use crate::health::{self, Concern, Pulse, Task};
use crate::ror::{Attempted, Client, Exchange, GenreCode, PushFailure, Read, Refusal};
use crate::store::{Batch, Closing, Removal, RemovalClosing, RowToSend, Shift, StoreError};

/// How often the store is looked at while requests are under way.
const LOOK: Duration = Duration::from_millis(200);

/// Store to ROR.
#[derive(Clone)]
pub struct Delivery {
    shift: Shift,
    clock: Clock,
    client: Arc<Client>,
    settings: config::Delivery,
    genre: GenreCode,
    breaker: Arc<Mutex<Breaker>>,
    pulse: Pulse,
}

/// One request of a location.
enum Item<'a> {
    Row(&'a RowToSend),
    Removal(&'a Removal),
}

/// Whether the rest of a location may be sent after a request.
enum Next {
    Go,
    Wait(Timestamp),
}

/// What reading before writing led to.
enum Look {
    Closed(Next),
    Write(Vec<Exchange>),
}

impl Delivery {
    /// Delivery through this client.
    pub fn new(
        shift: Shift,
        clock: Clock,
        client: Client,
        settings: config::Delivery,
        genre: GenreCode,
        pulse: Pulse,
    ) -> Self {
        let breaker = Breaker::new(settings.breaker_failures, settings.breaker_pause.get());
        Self { shift, clock, client: Arc::new(client), settings, genre, breaker: Arc::new(Mutex::new(breaker)), pulse }
    }

    /// Takes over the requests of workers that are gone: they may still be applied, so their locations are held for the
    /// settling time and the newest value is then sent again. Returns how many there were.
    pub async fn take_over(&self) -> Result<u64, StoreError> {
        self.shift.take_over(self.settled()).await
    }

    /// The same, and what this worker could not record, while none of its requests is under way.
    pub async fn recover(&self) -> Result<u64, StoreError> {
        self.shift.recover_in_flight(self.settled()).await
    }

    /// Until when a request that left just now may still be applied.
    fn settled(&self) -> Timestamp {
        self.later(self.settings.settle.get())
    }

    /// Sends all that is due, locations side by side, until nothing is or `stop` is asked for. What
    /// is in flight then comes to its end, and so it does when the store fails: no request is ever
    /// dropped half-way. Returns how many rows were handled. One round at a time.
    pub async fn round(&self, stop: &CancellationToken) -> Result<usize, StoreError> {
        // What an earlier round could not close is in doubt, as after a crash.
        self.recover().await?;
        fail_point!("requests-recovered");
        let mut running: JoinSet<Result<usize, StoreError>> = JoinSet::new();
        let (mut handled, mut failed) = (0, None);
        loop {
            if failed.is_none() && !stop.is_cancelled() {
                match self.shift.claim(self.free_places(running.len()), self.clock.now()).await {
                    Ok(batches) => {
                        for batch in batches {
                            fail_point!("row-claimed");
                            running.spawn(self.clone().serve(batch, stop.clone()));
                        }
                    }
                    Err(failure) => failed = Some(failure),
                }
            }
            // A location that is long to answer holds no other: what came meanwhile is looked for.
            let ended = tokio::time::timeout(LOOK, running.join_next()).await;
            match ended {
                Err(_) => {}
                Ok(None) => return failed.map_or(Ok(handled), Err),
                Ok(Some(Ok(Ok(served)))) => {
                    self.pulse.beat(&Task::Delivery);
                    handled += served;
                }
                Ok(Some(Ok(Err(failure)))) => failed = Some(failure),
                Ok(Some(Err(fault))) => error!("une tâche d’envoi s’est interrompue : {fault}"),
            }
        }
    }

    fn free_places(&self, running: usize) -> u32 {
        let allowed = self.breaker().allowance(self.settings.concurrency, self.clock.now());
        allowed.saturating_sub(u32::try_from(running).unwrap_or(u32::MAX))
    }

    /// Serves a location, one request after the other; what of it is not sent is given back.
    async fn serve(self, batch: Batch, stop: CancellationToken) -> Result<usize, StoreError> {
        let rows = batch.rows.iter().map(Item::Row);
        let items = rows.chain(batch.removals.iter().map(Item::Removal));
        for (handled, item) in items.enumerate() {
            self.pulse.beat(&Task::Delivery);
            let next = match item {
                // What is no longer surely ours may have gone to another worker.
                _ if stop.is_cancelled() || !self.shift.is_on() => Next::Wait(self.clock.now()),
                Item::Row(row) => self.push(row).await?,
                Item::Removal(removal) => self.remove(&batch.location, removal).await?,
            };
            if let Next::Wait(until) = next {
                self.shift.store().release(&batch, until, self.clock.now()).await?;
                return Ok(handled + 1);
            }
        }
        Ok(batch.rows.len() + batch.removals.len())
    }

    async fn push(&self, row: &RowToSend) -> Result<Next, StoreError> {
        let mut exchanges = match self.look(row).await? {
            Look::Closed(next) => return Ok(next),
            Look::Write(exchanges) => exchanges,
        };
        let Attempted { exchanges: written, result } = self.client.put(&row.update).await;
        fail_point!("patch-answered");
        self.count(&written);
        exchanges.extend(written);
        let now = self.clock.now();
        let (closing, next) = match &result {
            Ok(_) => {
                self.tell_success();
                let genre_code = self.genre_code(&row.update);
                (Closing::Acknowledged { genre_code }, Next::Go)
            }
            Err(PushFailure::Refused(refusal)) => {
                self.tell_success();
                (self.refused(row, refusal), Next::Go)
            }
            Err(failure) => self.failed(row, failure, now),
        };
        self.shift.store().close_row(row.id, &probes(&exchanges), &closing, self.settled(), now).await?;
        fail_point!("patch-recorded");
        Ok(next)
    }

    /// Where the ROR is read first: closes a row that must not be written, or not yet.
    async fn look(&self, row: &RowToSend) -> Result<Look, StoreError> {
        if !self.settings.read_before_write {
            return Ok(Look::Write(Vec::new()));
        }
        let Read { exchanges, result } = self.client.held(&row.update).await;
        self.count(&exchanges);
        let now = self.clock.now();
        let (closing, next) = match &result {
            Ok(Some(held)) if held.is_later_than(row.update.date_releve) => {
                self.tell_success();
                (Closing::Overtaken { date: held.date, nombre: held.nombre }, Next::Go)
            }
            Ok(_) => return Ok(Look::Write(exchanges)),
            Err(failure) => self.failed(row, failure, now),
        };
        self.shift.store().close_row(row.id, &probes(&exchanges), &closing, self.settled(), now).await?;
        Ok(Look::Closed(next))
    }

    fn refused(&self, row: &RowToSend, refusal: &Refusal) -> Closing {
        let defect = refusal_defect(&row.update, refusal);
        self.pulse.found(refusal.code);
        if refusal.code == Code::R04 {
            error!(
                lieu = row.update.location.ror_identifier(),
                "le ROR refuse les droits d’écriture : lignes retenues"
            );
            return Closing::HeldBack { defect, next_at: self.later(self.settings.retry.last()) };
        }
        Closing::Refused(defect)
    }

    /// Nothing was refused: the row waits, and with it the rest of its location.
    fn failed(&self, row: &RowToSend, failure: &PushFailure, now: Timestamp) -> (Closing, Next) {
        let wait = self.settings.retry.wait(row.attempts, failure.retry_after(), fastrand::f64());
        self.tell_failure(failure, wait, now);
        if failure.is_unknown() {
            let until = self.later(self.settings.settle.get().max(wait));
            return (Closing::Retry { next_at: until, hold: Some(until) }, Next::Wait(until));
        }
        let until = self.later(wait);
        (Closing::Retry { next_at: until, hold: None }, Next::Wait(until))
    }

    async fn remove(&self, location: &Location, removal: &Removal) -> Result<Next, StoreError> {
        let Ok(code) = removal.genre_code.parse::<GenreCode>() else {
            let now = self.clock.now();
            error!("suppression d’un indicateur sous un code inconnu, abandonnée : {}", removal.genre_code);
            self.shift.store().close_removal(removal.id, &[], RemovalClosing::Done, now, now).await?;
            return Ok(Next::Go);
        };
        let Attempted { exchanges, result } = self.client.delete(location, &removal.indicator, code).await;
        fail_point!("removal-answered");
        self.count(&exchanges);
        let (closing, next) = match &result {
            Ok(_) => {
                self.tell_success();
                (RemovalClosing::Done, Next::Go)
            }
            Err(failure) => self.not_removed(location, removal, failure),
        };
        let now = self.clock.now();
        self.shift.store().close_removal(removal.id, &probes(&exchanges), closing, self.settled(), now).await?;
        fail_point!("removal-recorded");
        Ok(next)
    }

    /// Like a count, a deletion in doubt may be applied later: nothing is sent meanwhile.
    fn not_removed(&self, location: &Location, removal: &Removal, failure: &PushFailure) -> (RemovalClosing, Next) {
        warn!(lieu = location.ror_identifier(), "suppression d’un ancien indicateur : {failure}");
        let wait = self.settings.retry.wait(removal.attempts, failure.retry_after(), fastrand::f64());
        if matches!(failure, PushFailure::Refused(_)) {
            self.tell_success();
            return (RemovalClosing::Retry { next_at: self.later(wait), hold: None }, Next::Go);
        }
        self.tell_failure(failure, wait, self.clock.now());
        if failure.is_unknown() {
            let until = self.later(self.settings.settle.get().max(wait));
            return (RemovalClosing::Retry { next_at: until, hold: Some(until) }, Next::Wait(until));
        }
        let until = self.later(wait);
        (RemovalClosing::Retry { next_at: until, hold: None }, Next::Wait(until))
    }

    fn count(&self, exchanges: &[Exchange]) {
        for exchange in exchanges {
            let operation = exchange.operation.word();
            self.pulse.asked(&health::Exchange { operation, status: exchange.status, duration: exchange.duration });
        }
    }

    fn genre_code(&self, update: &Update) -> Option<String> {
        (update.count.indicator.genre() == Some(Genre::Indifferencie)).then(|| self.genre.to_string())
    }

    fn tell_success(&self) {
        self.pulse.well(&Concern::Ror);
        self.pulse.well(&Concern::RorLogin);
        if self.breaker().success() {
            info!("le ROR répond de nouveau : les envois reprennent");
        }
    }

    /// A server that names a time is left alone by all locations until then, the wait being clamped by the schedule.
    fn tell_failure(&self, failure: &PushFailure, wait: Duration, now: Timestamp) {
        let opened = match failure {
            _ if failure.retry_after().is_some() => self.breaker().asked_to_wait(wait, now),
            _ if failure.is_transient() => self.breaker().failure(now),
            _ => self.breaker().our_fault(now),
        };
        if self.breaker().is_open() {
            self.pulse.ails(Concern::Ror, &failure.to_string());
        }
        if failure.is_refused_login() {
            self.pulse.ails(Concern::RorLogin, &failure.to_string());
        }
        if opened {
            error!("envois au ROR suspendus : {failure}");
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn later(&self, wait: Duration) -> Timestamp {
        let now = self.clock.now();
        now.saturating_add(SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)).unwrap_or(now)
    }
}
