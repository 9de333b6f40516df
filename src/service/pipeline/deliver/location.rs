//! One location: its requests one after the other, and what becomes of each row.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::Delivery;
use super::attempts::probes;
use super::breaker::Failed;
use super::refusal_defect::refusal_defect;
use crate::health::Task;
use base::fail_point;
use domain::capacity::GenreCode;
use domain::capacity::{Genre, Location, Update};
use domain::defect::Code;
use edges::ror::{Attempted, Exchange, PushFailure, Read, RorHolding, RorRefusal, RorValue};
use store::{Answered, Batch, Closing, Removal, RemovalClosing, RowToSend, StoreError, Twin};

/// How old an answer may be before it is recorded, while others of its location are awaited: those of a ROR that answers
/// fast share a commit. What a crash leaves unrecorded is sent again.
const LONGEST_UNRECORDED: Duration = Duration::from_millis(250);

/// After so many failures in a row a request waits for itself alone: it comes last at its location, at a time of its
/// own, and the others of the location no longer wait with it. Until then the location waits, since what fails is more
/// often the ROR than one indicator.
const ALONE: u32 = 3;

/// Whether the rest of a location may be sent after a request.
#[derive(Clone, Copy)]
enum Next {
    Go,
    Wait(Timestamp),
}

/// What reading before writing led to.
enum ReadBeforeWrite {
    Closed(Box<Closing>, Next),
    Write,
}

/// How far a location got.
#[derive(Default)]
struct Served {
    handled: usize,
    /// Until when the rest waits, if it does.
    until: Option<Timestamp>,
}

impl Served {
    /// Counts a request, and says whether the rest waits.
    fn takes(&mut self, next: Next) -> bool {
        self.handled += 1;
        if let Next::Wait(until) = next {
            self.until = Some(until);
        }
        self.until.is_some()
    }
}

impl Delivery {
    /// Serves a location, one request after the other; what of it is not sent is given back. Returns how many requests
    /// had an end.
    pub(in crate::pipeline) async fn serve(self, batch: Batch, stop: CancellationToken) -> Result<usize, StoreError> {
        let mut served = Served::default();
        // Only while requests are sent: another location may be at its own while these answers are being recorded.
        let place = self.places.acquire().await;
        let answers = self.serve_rows(&batch, &stop, &mut served).await?;
        if served.until.is_none() {
            self.serve_removals(&batch, &stop, &mut served).await?;
        }
        drop(place);
        self.record(answers).await?;
        if let Some(until) = served.until {
            self.shift.store().release(&batch, until, self.clock.now()).await?;
        }
        Ok(served.handled)
    }

    /// Gives the answers that are not recorded yet.
    async fn serve_rows(
        &self,
        batch: &Batch,
        stop: &CancellationToken,
        served: &mut Served,
    ) -> Result<Vec<Answered>, StoreError> {
        let (mut answers, mut since) = (Vec::new(), Instant::now());
        for row in alone_last(&batch.rows, |row| row.attempts) {
            if !self.may_go_on(batch, stop) {
                served.until = Some(self.clock.now());
                break;
            }
            let (answered, next) = self.push(batch, row).await;
            answers.push(answered);
            if served.takes(next) {
                break;
            }
            if since.elapsed() > LONGEST_UNRECORDED {
                self.record(std::mem::take(&mut answers)).await?;
                since = Instant::now();
            }
        }
        Ok(answers)
    }

    async fn serve_removals(
        &self,
        batch: &Batch,
        stop: &CancellationToken,
        served: &mut Served,
    ) -> Result<(), StoreError> {
        for removal in alone_last(&batch.removals, |removal| removal.attempts) {
            if !self.may_go_on(batch, stop) {
                served.until = Some(self.clock.now());
                break;
            }
            let next = self.remove(batch, removal).await?;
            if served.takes(next) {
                break;
            }
        }
        Ok(())
    }

    /// What is no longer surely ours may have gone to another worker, and the ROR may have to be spared by now.
    fn may_go_on(&self, batch: &Batch, stop: &CancellationToken) -> bool {
        self.pulse.beat(&Task::Delivery);
        !stop.is_cancelled() && self.shift.may_send(batch) && self.allowance() > 0
    }

    async fn record(&self, answers: Vec<Answered>) -> Result<(), StoreError> {
        if answers.is_empty() {
            return Ok(());
        }
        if self.desk.record(self.shift.store(), answers).await? {
            self.shift.claim_was_lost();
        }
        fail_point!("patch-recorded");
        Ok(())
    }

    async fn push(&self, batch: &Batch, row: &RowToSend) -> (Answered, Next) {
        let mut exchanges = Vec::new();
        let (closing, next) = match self.look(row, &mut exchanges).await {
            ReadBeforeWrite::Closed(closing, next) => (*closing, next),
            ReadBeforeWrite::Write => self.write(batch, row, &mut exchanges).await,
        };
        (row.answered(probes(&exchanges), closing, self.settled(), self.clock.now()), next)
    }

    async fn write(&self, batch: &Batch, row: &RowToSend, exchanges: &mut Vec<Exchange>) -> (Closing, Next) {
        let may_send = || self.shift.may_send(batch);
        let Attempted { exchanges: written, result } = self.client.put_while(&row.update, &may_send).await;
        fail_point!("patch-answered");
        self.count(&written);
        exchanges.extend(written);
        match &result {
            Ok(_) => {
                self.tell_success();
                (Closing::Acknowledged { genre_code: self.genre_code(&row.update) }, Next::Go)
            }
            Err(PushFailure::Refused(refusal)) => {
                self.tell_success();
                (self.refused(row, refusal), Next::Go)
            }
            Err(PushFailure::Withdrawn) => (Closing::Withdrawn, Next::Wait(self.clock.now())),
            Err(failure) => self.failed(row, failure, self.clock.now()),
        }
    }

    /// Where the ROR is read first: closes a row that must not be written, or not yet.
    async fn look(&self, row: &RowToSend, exchanges: &mut Vec<Exchange>) -> ReadBeforeWrite {
        if !self.settings.read_before_write {
            return ReadBeforeWrite::Write;
        }
        let Read { exchanges: read, result } = self.client.held(&row.update).await;
        self.count(&read);
        exchanges.extend(read);
        if let Ok(found) = &result {
            self.note_twin(&row.update, found).await;
        }
        match &result {
            Ok(RorValue { held: Some(held), .. }) if held.is_later_than(row.update.date_releve) => {
                self.tell_success();
                ReadBeforeWrite::Closed(Box::new(Closing::Overtaken { date: held.date, nombre: held.nombre }), Next::Go)
            }
            Ok(_) => ReadBeforeWrite::Write,
            Err(failure) => {
                let (closing, next) = self.failed(row, failure, self.clock.now());
                ReadBeforeWrite::Closed(Box::new(closing), next)
            }
        }
    }

    /// A twin hinders no count: if it cannot be noted, the next reading will see it again.
    async fn note_twin(&self, update: &Update, found: &RorValue) {
        if update.count.indicator.genre() != Some(Genre::Indifferencie) {
            return;
        }
        let of = |(code, held): (GenreCode, RorHolding)| Twin {
            genre_code: code.to_string(),
            nombre: held.nombre,
            date: held.date,
        };
        let twin = found.twin.map(of);
        match (self.shift.store().note_twin(update, twin.as_ref(), self.clock.now()).await, &twin) {
            (Ok(true), Some(twin)) => {
                let lieu = update.location.ror_identifier();
                warn!(lieu, "le ROR porte aussi cet indicateur sous le code de genre {}", twin.genre_code);
            }
            (Ok(_), _) => {}
            (Err(failure), _) => warn!("indicateur en double non noté : {failure}"),
        }
    }

    fn refused(&self, row: &RowToSend, refusal: &RorRefusal) -> Closing {
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

    /// Nothing was refused: the row waits.
    fn failed(&self, row: &RowToSend, failure: &PushFailure, now: Timestamp) -> (Closing, Next) {
        let wait = self.settings.retry.wait(row.attempts, failure.retry_after(), fastrand::f64());
        self.tell_failure(Failed::Row(row.id.number()), failure, wait, now);
        let (next_at, hold, next) = self.put_off(row.attempts, failure, wait);
        (Closing::Retry { next_at, hold }, next)
    }

    /// When a request is tried again, until when its location is held since it may still be applied, and what becomes of
    /// the rest of the location: it waits for as long, but for a request that has failed often by itself.
    fn put_off(&self, attempts: u32, failure: &PushFailure, wait: Duration) -> (Timestamp, Option<Timestamp>, Next) {
        let settle = failure.is_unknown().then(|| self.settings.settle.get());
        let wait = settle.map_or(wait, |settle| settle.max(wait));
        let is_alone = attempts.saturating_add(1) >= ALONE;
        let others = if is_alone { settle } else { Some(wait) };
        let others = others.map(|wait| self.later(wait));
        let hold = settle.and(others);
        (self.later(wait), hold, others.map_or(Next::Go, Next::Wait))
    }

    async fn remove(&self, batch: &Batch, removal: &Removal) -> Result<Next, StoreError> {
        let Ok(code) = removal.genre_code.parse::<GenreCode>() else {
            let now = self.clock.now();
            error!("suppression d’un indicateur sous un code inconnu, abandonnée : {}", removal.genre_code);
            self.shift.store().close_removal(removal.id, &[], RemovalClosing::Done, now, now).await?;
            return Ok(Next::Go);
        };
        let (location, may_send) = (&batch.location, || self.shift.may_send(batch));
        let deleted = self.client.delete_while(location, &removal.indicator, code, &may_send).await;
        let Attempted { exchanges, result } = deleted;
        fail_point!("removal-answered");
        self.count(&exchanges);
        let (closing, next) = match &result {
            Ok(_) => {
                self.tell_success();
                (RemovalClosing::Done, Next::Go)
            }
            Err(PushFailure::Withdrawn) => (RemovalClosing::Withdrawn, Next::Wait(self.clock.now())),
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
        self.tell_failure(Failed::Removal(removal.id.number()), failure, wait, self.clock.now());
        let (next_at, hold, next) = self.put_off(removal.attempts, failure, wait);
        (RemovalClosing::Retry { next_at, hold }, next)
    }
}

/// What failed often comes behind what did not, each in its order: no two are of one indicator.
fn alone_last<T>(requests: &[T], attempts: impl Fn(&T) -> u32) -> impl Iterator<Item = &T> {
    let (last, first): (Vec<&T>, Vec<&T>) = requests.iter().partition(|request| attempts(request) >= ALONE);
    first.into_iter().chain(last)
}
