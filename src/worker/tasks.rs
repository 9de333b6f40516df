//! The tasks of the worker, each a loop that ends with the worker only.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument, error, error_span, info, warn};

use super::WorkerParts;
use super::backoff::{OpeningBackoff, is_refusal};
use super::lease::beat;
use edges::mailbox::Mailbox;
use service::health::{Concern, Task};
use service::pipeline::{Intake, IntakeError, Judge, Settling};
use store::StoreError;

/// How often the store is looked at when nothing wakes a task.
pub(super) const TICK: Duration = Duration::from_millis(500);
/// How often a task that waits for long gives a sign.
const SIGN: Duration = Duration::from_secs(10);
/// How soon a mail that could not be taken is tried again, at the earliest.
const SHORTEST: Duration = Duration::from_secs(1);
/// How often mails of mailboxes that are no longer configured are looked for.
const RETIRED: Duration = Duration::from_mins(1);

pub(super) fn task<F: Future<Output = ()>>(
    parts: &Arc<WorkerParts>,
    stop: &CancellationToken,
    body: fn(Arc<WorkerParts>, CancellationToken) -> F,
) -> impl Fn() -> F + use<F> {
    let (parts, stop) = (Arc::clone(parts), stop.clone());
    move || body(Arc::clone(&parts), stop.clone())
}

/// Runs a task again and again until `stop`: none may die quietly.
pub(super) async fn supervise<F>(name: impl Display, stop: CancellationToken, start: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        // Aborted with the supervisor: none outlives the worker that started it.
        let ended = AbortOnDropHandle::new(tokio::spawn(start())).await;
        if stop.is_cancelled() {
            return;
        }
        match ended {
            Ok(()) => error!("la tâche « {name} » s’est arrêtée d’elle-même : elle est relancée"),
            Err(fault) => error!("la tâche « {name} » s’est interrompue ({fault}) : elle est relancée"),
        }
        pause(&stop, Duration::from_secs(5)).await;
    }
}

/// One mailbox being read: nothing of it is shared with the others but what the store holds.
pub(super) struct Round {
    /// Its name, in traces.
    pub(super) name: String,
    pub(super) intake: Intake,
    pub(super) mailbox: Mutex<Mailbox>,
    pub(super) poll: Duration,
}

impl Round {
    fn task(&self) -> Task {
        Task::Sweep(self.intake.judge().account().to_owned())
    }
}

/// Every line that this mailbox leads to bears its name.
pub(super) async fn sweep_forever(parts: Arc<WorkerParts>, round: Arc<Round>, stop: CancellationToken) {
    let span = error_span!("relève", boite = round.name);
    Box::pin(sweep_sessions(&parts, &round, &stop).instrument(span)).await;
}

/// One connection at a time: opened, swept until it fails, opened again with a growing wait. A worker whose sessions
/// fail lets another try.
async fn sweep_sessions(parts: &WorkerParts, round: &Round, stop: &CancellationToken) {
    let mut mailbox = round.mailbox.lock().await;
    let judging = round.intake.judge();
    // After a panic too: otherwise the mail that caused it would be read for ever.
    leave(judging).await;
    let (mut pace, mut elsewhere) = (OpeningBackoff::new(), false);
    while !stop.is_cancelled() {
        let on_duty = is_on_duty(judging, &mut elsewhere).await;
        look_elsewhere(parts, judging, elsewhere).await;
        if !on_duty {
            parts.pulse.beat(&round.task());
            pause(stop, beat(parts.shift.lease())).await;
            continue;
        }
        judge(parts, judging, stop).await;
        parts.pulse.beat(&round.task());
        match sweep_session(parts, round, &mut mailbox, stop).await {
            Ok(()) => return,
            Err((failure, swept)) => {
                note_failure(parts, round, &failure).await;
                let wait = pace.after(&failure, swept);
                let why = if is_refusal(&failure) { ", pour ne pas bloquer le compte" } else { "" };
                error!("relève interrompue : {failure} ; nouvel essai dans {} s{why}", wait.as_secs());
                if matches!(failure, IntakeError::Mailbox(_)) {
                    leave(judging).await;
                }
                rest(parts, round, stop, wait).await;
            }
        }
    }
}

/// Whether this worker has the mailbox, or takes it now; that another has it is told once.
async fn is_on_duty(judge: &Judge, elsewhere: &mut bool) -> bool {
    if judge.is_on_duty() {
        return true;
    }
    match judge.take_duty().await {
        Ok(Some(readings)) => {
            if readings > 0 {
                warn!("reprise après un arrêt brutal, à refaire : lectures {readings}");
            }
            *elsewhere = false;
            true
        }
        Ok(None) => {
            if !std::mem::replace(elsewhere, true) {
                info!("la boîte est relevée par un autre service");
            }
            false
        }
        Err(failure) => {
            error!("la boîte ne peut être prise en charge : {failure}");
            false
        }
    }
}

/// Another worker that has the mailbox excuses this one as long as its sweeps go on.
async fn look_elsewhere(parts: &WorkerParts, judge: &Judge, elsewhere: bool) {
    if !elsewhere {
        return parts.pulse.read_here(judge.account());
    }
    match judge.sweeps().await {
        Ok(sweeps) => parts.pulse.read_elsewhere(judge.account(), sweeps),
        Err(failure) => error!("relèves d’un autre service non lues : {failure}"),
    }
}

async fn leave(judge: &Judge) {
    if let Err(failure) = judge.leave_duty().await {
        warn!("la boîte n’a pu être rendue : {failure}");
    }
}

async fn note_failure(parts: &WorkerParts, round: &Round, failure: &IntakeError) {
    let (account, cause) = (round.intake.judge().account(), failure.to_string());
    parts.pulse.sweep_failed(account);
    parts.pulse.ails(Concern::Sweep(account.to_owned()), &cause);
    if is_refusal(failure) {
        parts.pulse.ails(Concern::MailboxLogin(account.to_owned()), &cause);
    }
    if let Err(failure) = round.intake.tracer().failed(failure).await {
        error!("trace perdue : {failure}");
    }
}

/// A long wait is no sign of being stuck.
async fn rest(parts: &WorkerParts, round: &Round, stop: &CancellationToken, wait: Duration) {
    let mut left = wait;
    while !left.is_zero() && !stop.is_cancelled() {
        parts.pulse.beat(&round.task());
        let part = left.min(SIGN);
        pause(stop, part).await;
        left = left.saturating_sub(part);
    }
}

async fn judge(parts: &WorkerParts, judge: &Judge, stop: &CancellationToken) {
    if let Err(failure) = judge.judge_all(stop).await {
        error!("jugement interrompu : {failure}");
    }
    parts.judged.notify_one();
}

/// Mails received from a mailbox that is no longer configured are still judged. None comes any more, so that
/// most often there is nothing to do. Another worker may have the mailbox in its configuration, and judge them.
pub(super) async fn judge_retired(parts: Arc<WorkerParts>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match parts.retired().await {
            Ok(judges) => {
                for one in &judges {
                    if is_on_duty(one, &mut true).await {
                        warn!("courriels d’une boîte qui n’est plus configurée ({}) : ils sont jugés", one.account());
                        judge(&parts, one, &stop).await;
                        leave(one).await;
                    }
                }
            }
            Err(failure) => error!("jugement interrompu : {failure}"),
        }
        pause(&stop, RETIRED).await;
    }
}

/// Sweeps on one session until `stop`; an error says whether at least one sweep was whole.
async fn sweep_session(
    parts: &WorkerParts,
    round: &Round,
    mailbox: &mut Mailbox,
    stop: &CancellationToken,
) -> Result<(), (IntakeError, bool)> {
    let Some(opened) = stop.run_until_cancelled(mailbox.open()).await else { return Ok(()) };
    let mut session = opened.map_err(|failure| (failure.into(), false))?;
    parts.pulse.well(&Concern::MailboxLogin(round.intake.judge().account().to_owned()));
    round.intake.tracer().opened().await.map_err(|failure| (failure.into(), false))?;
    let mut swept = false;
    while !stop.is_cancelled() {
        let (open, sweep) = round.intake.sweep(session, stop).await.map_err(|failure| (failure, swept))?;
        swept = true;
        parts.pulse.swept(round.intake.judge().account(), sweep.received, sweep.judged, sweep.moved);
        round.intake.judge().swept().await.map_err(|failure| (failure.into(), swept))?;
        if sweep.judged > 0 {
            parts.judged.notify_one();
            parts.answered.notify_one();
        }
        let wait = sweep.again.map_or(round.poll, |again| round.poll.min(again.max(SHORTEST)));
        session = open.wait(wait, stop).await.map_err(|failure| (failure.into(), swept))?;
        parts.pulse.beat(&round.task());
    }
    session.close().await;
    Ok(())
}

pub(super) async fn deliver_forever(parts: Arc<WorkerParts>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        parts.pulse.beat(&Task::Delivery);
        match parts.delivery.round(&stop).await {
            Ok(0) => {}
            Ok(_) => parts.answered.notify_one(),
            Err(failure) => error!("envoi au ROR interrompu : {failure}"),
        }
        wait_for(&parts.judged, &stop).await;
    }
}

pub(super) async fn settle_forever(parts: Arc<WorkerParts>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        parts.pulse.beat(&Task::Settling);
        match settle(&parts.settling).await {
            Ok(true) => wait_for(&parts.answered, &stop).await,
            Ok(false) => pause(&stop, beat(parts.shift.lease())).await,
            Err(failure) => {
                error!("règlement interrompu : {failure}");
                wait_for(&parts.answered, &stop).await;
            }
        }
    }
}

/// Returns false if another worker settles.
async fn settle(settling: &Settling) -> Result<bool, StoreError> {
    if !settling.is_on_duty() && !settling.take_duty().await? {
        return Ok(false);
    }
    let settled = settling.round().await;
    let digests = settling.digests().await;
    settled.map(drop).and(digests).map(|()| true)
}

pub(super) async fn post_forever(parts: Arc<WorkerParts>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        parts.pulse.beat(&Task::Posting);
        if let Err(failure) = parts.posting.round(&stop).await {
            error!("envoi des réponses interrompu : {failure}");
        }
        pause(&stop, TICK).await;
    }
}

async fn wait_for(wake: &Notify, stop: &CancellationToken) {
    tokio::select! {
        () = wake.notified() => {}
        () = tokio::time::sleep(TICK) => {}
        () = stop.cancelled() => {}
    }
}

pub(super) async fn pause(stop: &CancellationToken, wait: Duration) {
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        () = stop.cancelled() => {}
    }
}
