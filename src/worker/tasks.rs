//! The tasks of the worker, each a loop that ends with the worker only.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::error;

use super::Parts;
use crate::mailbox::Mailbox;
use crate::pipeline::IntakeError;

/// How often the store is looked at when nothing wakes a task.
const TICK: Duration = Duration::from_millis(500);

pub(super) fn task<F: Future<Output = ()>>(
    parts: &Arc<Parts>,
    stop: &CancellationToken,
    body: fn(Arc<Parts>, CancellationToken) -> F,
) -> impl Fn() -> F + use<F> {
    let (parts, stop) = (Arc::clone(parts), stop.clone());
    move || body(Arc::clone(&parts), stop.clone())
}

/// Runs a task again and again until `stop`: none may die quietly.
pub(super) async fn supervise<F>(name: &'static str, stop: CancellationToken, start: impl Fn() -> F)
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

/// One connection at a time: opened, swept until it fails, opened again with a growing wait.
pub(super) async fn sweep_forever(parts: Arc<Parts>, mailbox: Arc<Mutex<Mailbox>>, stop: CancellationToken) {
    let mut mailbox = mailbox.lock().await;
    // After a panic of this task too: otherwise the mail that caused it would be read for ever.
    if let Err(failure) = parts.intake.recover().await {
        error!("reprise des lectures interrompues : {failure}");
    }
    let mut waits = backoff();
    while !stop.is_cancelled() {
        if let Err(failure) = parts.intake.judge_all(&stop).await {
            error!("jugement interrompu : {failure}");
        }
        parts.judged.notify_one();
        match sweep_session(&parts, &mut mailbox, &stop).await {
            Ok(()) => return,
            Err((failure, swept)) => {
                if swept {
                    waits = backoff();
                }
                let wait = waits.next().unwrap_or(TICK);
                error!("relève interrompue : {failure} ; nouvel essai dans {} s", wait.as_secs());
                pause(&stop, wait).await;
            }
        }
    }
}

fn backoff() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(1))
        .with_max_delay(Duration::from_mins(5))
        .without_max_times()
        .with_jitter()
        .build()
}

/// Sweeps on one session until `stop`; an error says whether at least one sweep was whole.
async fn sweep_session(
    parts: &Parts,
    mailbox: &mut Mailbox,
    stop: &CancellationToken,
) -> Result<(), (IntakeError, bool)> {
    let mut session = mailbox.open().await.map_err(|failure| (failure.into(), false))?;
    let mut swept = false;
    while !stop.is_cancelled() {
        let (open, sweep) = parts.intake.sweep(session, stop).await.map_err(|failure| (failure, swept))?;
        swept = true;
        if sweep.judged > 0 {
            parts.judged.notify_one();
            parts.answered.notify_one();
        }
        let poll = parts.config.mailbox.poll.get();
        session = open.wait(poll, stop).await.map_err(|failure| (failure.into(), swept))?;
    }
    session.close().await;
    Ok(())
}

pub(super) async fn deliver_forever(parts: Arc<Parts>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match parts.delivery.round(&stop).await {
            Ok(0) => {}
            Ok(_) => parts.answered.notify_one(),
            Err(failure) => error!("envoi au ROR interrompu : {failure}"),
        }
        wait_for(&parts.judged, &stop).await;
    }
}

pub(super) async fn settle_forever(parts: Arc<Parts>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let settled = parts.settling.round().await;
        let digests = parts.settling.digests().await;
        if let Err(failure) = settled.map(drop).and(digests) {
            error!("règlement interrompu : {failure}");
        }
        wait_for(&parts.answered, &stop).await;
    }
}

pub(super) async fn post_forever(parts: Arc<Parts>, stop: CancellationToken) {
    while !stop.is_cancelled() {
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
