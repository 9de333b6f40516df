//! Who watches the other tasks: what the store holds, what the probes answer, what the service manager is told.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::WorkerParts;
use super::tasks::pause;
use service::health::systemd;
use service::health::systemd::Notice;
use service::health::{Diagnosis, serve};

/// How often the store is looked at.
const OBSERVE: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// How often the service manager gets a sign if it asks for none.
const TELL: Duration = Duration::from_secs(1);

/// Looks at the store from outside the tasks that use it.
pub(super) async fn observe_forever(parts: Arc<WorkerParts>, stop: CancellationToken) {
    let mut late = 0;
    while !stop.is_cancelled() {
        let late_after = parts.config.ror.delivery.late_after.signed();
        match timeout(DEADLINE, parts.store.vitals(late_after, parts.clock.now())).await {
            Ok(Ok(vitals)) => {
                let late = std::mem::replace(&mut late, vitals.queue.late);
                tell_late(late, vitals.queue.late);
                parts.pulse.observed(vitals);
            }
            Ok(Err(failure)) => warn!("la base ne peut être observée : {failure}"),
            Err(_) => warn!("la base ne répond pas en {} s", DEADLINE.as_secs()),
        }
        pause(&stop, OBSERVE).await;
    }
}

/// Once when it begins, once when it is over.
fn tell_late(before: i64, now: i64) {
    match (before, now) {
        (0, 1..) => warn!("{now} lignes sont en retard : elles attendent le ROR depuis trop longtemps"),
        (1.., 0) => info!("plus aucune ligne n’est en retard"),
        _ => {}
    }
}

/// Answers the probes, if an address is configured. One that is taken stops nothing else.
pub(super) async fn serve_forever(parts: Arc<WorkerParts>, stop: CancellationToken) {
    let Some(address) = parts.config.health.listen else { return stop.cancelled().await };
    let answer = || serve(address, parts.pulse.clone(), parts.store.clone(), parts.config.health.clone(), stop.clone());
    listen_forever("surveillance sans adresse", &stop, answer).await;
}

/// Shows the operators' journal, if it is configured. An address that is taken stops nothing else.
pub(super) async fn show_forever(parts: Arc<WorkerParts>, stop: CancellationToken) {
    let Some(web) = &parts.config.web else { return stop.cancelled().await };
    let (clock, store, pulse) = (parts.clock.clone(), parts.store.clone(), parts.pulse.clone());
    let (referential, bulletin) = (Arc::clone(&parts.referential), parts.alarm.bulletin());
    let state = web::WebState::new(&parts.config, web, clock, store, pulse, referential, bulletin);
    listen_forever("journal sur le web sans adresse", &stop, || web::serve(state.clone(), stop.clone())).await;
}

/// Until `stop`, and again, later and later, while the address cannot be had.
async fn listen_forever<F: Future<Output = Result<(), E>>, E: Display>(
    trouble: &str,
    stop: &CancellationToken,
    serve: impl Fn() -> F,
) {
    let longest = Duration::from_mins(1);
    let builder = ExponentialBuilder::default().with_max_delay(longest).without_max_times();
    let mut waits = builder.build();
    while !stop.is_cancelled() {
        if let Err(failure) = serve().await {
            error!("{trouble} : {failure}");
            pause(stop, waits.next().unwrap_or(longest)).await;
        }
    }
}

/// Tells the service manager that the worker is ready, that it moves, and how it does. Once a task is
/// stuck no sign of life is given any more: the manager then starts the service again.
pub(super) async fn tell_forever(parts: Arc<WorkerParts>, stop: CancellationToken) {
    let period = systemd::watchdog().map_or(TELL, |patience| TELL.min(patience / 3));
    let (mut ready, mut stuck, mut told) = (false, false, None);
    while !stop.is_cancelled() {
        let diagnosis = Diagnosis::of(&parts.pulse, &parts.config.health);
        if diagnosis.is_alive() {
            if !ready {
                systemd::tell(&Notice::Ready);
                ready = true;
            }
            systemd::tell(&Notice::Watchdog);
        }
        let was_stuck = std::mem::replace(&mut stuck, ready && !diagnosis.is_alive());
        tell_change(was_stuck, stuck, &diagnosis);
        let kinds = diagnosis.kinds();
        if told.as_ref() != Some(&kinds) {
            systemd::tell(&Notice::Status(in_one_line(&diagnosis)));
            told = Some(kinds);
        }
        pause(&stop, period).await;
    }
}

fn tell_change(was_stuck: bool, stuck: bool, diagnosis: &Diagnosis) {
    match (was_stuck, stuck) {
        (false, true) => error!("le service est bloqué : {}", in_one_line(diagnosis)),
        (true, false) => info!("le service n’est plus bloqué"),
        _ => {}
    }
}

fn in_one_line(diagnosis: &Diagnosis) -> String {
    let first = if diagnosis.is_ready() { "prêt" } else { "pas prêt" };
    let lines = diagnosis.troubles.iter().map(ToString::to_string).chain(diagnosis.remarks.iter().cloned());
    std::iter::once(first.to_owned()).chain(lines).collect::<Vec<_>>().join(" ; ")
}
