//! The referential in force and the retention of contents.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::heads::keep_head;
use super::tasks::pause;
use super::{StartError, WorkerParts};
use base::clock::Clock;
use base::config_values::Span;
use base::fail_point;
use domain::access::Lifetimes;
use judging::referential::{Refused, Texts, Watch};
use service::config::{Config, Faults, Retention, of_referential};
use service::health::{Concern, Task};
use store;
use store::{Expiry, Store};

/// How often the referential's files are looked at.
pub(super) const REFRESH: Duration = Duration::from_secs(5);
/// How often the head of the audit log is kept: what was cut off since the last time does not show.
const HEAD: Duration = Duration::from_mins(1);
/// How often contents past their retention are forgotten.
const PURGE: Duration = Duration::from_mins(10);

/// Referential and retention.
pub(super) async fn keep_house(parts: Arc<WorkerParts>, stop: CancellationToken) {
    let (mut since_purge, mut since_head, mut head) = (PURGE, HEAD, None);
    while !stop.is_cancelled() {
        parts.pulse.beat(&Task::Upkeep);
        refresh_referential(&parts).await;
        if since_purge >= PURGE {
            since_purge = Duration::ZERO;
            purge(&parts).await;
        }
        if since_head >= HEAD {
            since_head = Duration::ZERO;
            keep_head(&parts, &mut head).await;
        }
        pause(&stop, REFRESH).await;
        since_purge += REFRESH;
        since_head += REFRESH;
    }
}

async fn refresh_referential(parts: &WorkerParts) {
    let refreshed = lock(&parts.referential).refresh();
    match refreshed {
        Ok(false) => {}
        Ok(true) => {
            parts.pulse.well(&Concern::Referential);
            let texts = lock(&parts.referential).texts().clone();
            info!("nouveau référentiel en vigueur");
            keep_referential(&parts.store, &texts, &parts.clock).await;
        }
        Err(refused) => {
            error!("nouveau référentiel refusé, l’ancien reste en vigueur : {refused}");
            parts.pulse.ails(Concern::Referential, &refused.in_short());
        }
    }
}

async fn purge(parts: &WorkerParts) {
    let now = parts.clock.now();
    let lifetimes = parts.config.web.as_ref().map(|web| web.sessions).unwrap_or_default();
    if let Err(failure) = forget(&parts.store, &parts.config.retention, &lifetimes, now).await {
        error!("effacement interrompu : {failure}");
    }
}

async fn forget(store: &Store, retention: &Retention, lifetimes: &Lifetimes, now: Timestamp) -> store::Result<()> {
    let before = |age: Span| now.saturating_sub(age.signed()).unwrap_or(now);
    let expiry = Expiry {
        content: before(retention.content),
        rejected_content: before(retention.rejected_content),
        patient_content: before(retention.patient_content),
        unrecognised_content: before(retention.unrecognised_content),
        journal: before(retention.journal),
        rejected_journal: before(retention.rejected_journal),
    };
    let contents = store.purge_content(&expiry).await?;
    if contents > 0 {
        fail_point!("content-purged");
    }
    let mails = store.purge_journal(&expiry).await?;
    store.purge_traces(before(retention.traces)).await?;
    store.purge_sessions(lifetimes, now).await?;
    if contents + mails > 0 {
        info!("au terme de leur conservation : contenu de {contents} courriels effacé, {mails} courriels oubliés");
    }
    store.give_back_space().await
}

/// The files, or the last whole pair the store kept: a restart with bad files stops nothing.
pub(super) async fn in_force(
    read: Result<Watch, Refused>,
    config: &Config,
    store: &Store,
    clock: &Clock,
) -> Result<Watch, StartError> {
    match read {
        Ok(watch) => {
            keep_referential(store, watch.texts(), clock).await;
            Ok(watch)
        }
        Err(refused) => {
            let Some((etablissements, services, at)) = store.last_referential().await? else {
                return Err(Faults(vec![of_referential(&refused, config)]).into());
            };
            error!("référentiel refusé, celui du {at} reste en vigueur : {refused}");
            Ok(Watch::from_last_good(config.referential.clone(), Texts { etablissements, services })?)
        }
    }
}

async fn keep_referential(store: &Store, texts: &Texts, clock: &Clock) {
    if let Err(failure) = store.keep_referential(&texts.etablissements, &texts.services, clock.now()).await {
        warn!("le référentiel n’a pas pu être conservé : {failure}");
    }
    fail_point!("referential-kept");
}

fn lock(referential: &Mutex<Watch>) -> MutexGuard<'_, Watch> {
    referential.lock().unwrap_or_else(PoisonError::into_inner)
}
