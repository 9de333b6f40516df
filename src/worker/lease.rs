//! Being at work: the lease is renewed, what others left is taken over.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::WorkerParts;
use super::tasks::pause;
use base::config_values::signed;
use service::config::Config;
use service::pipeline::LONGEST_UNREAD;
use store::{Longest, Renewal, StoreError, UNREADABLE_PAUSE};

/// How far this machine's clock may be from the database's: both decide when something is due.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// Machine and process, for people.
pub(super) fn name() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}:{}", machine.trim(), std::process::id())
}

/// How often the lease is renewed, or asked for: often enough to miss some.
pub(super) fn beat(lease: Duration) -> Duration {
    lease / 4
}

/// Puts the worker on the list before any task begins; while the database is away, again and again until `stop`.
pub(super) async fn begin(parts: &WorkerParts, stop: &CancellationToken) -> Result<(), StoreError> {
    loop {
        match try_begin(parts).await {
            Err(failure) if failure.is_transient() && !stop.is_cancelled() => {
                error!("bail non obtenu, la base n’est pas joignable : {failure}");
                pause(stop, beat(parts.shift.lease())).await;
            }
            begun => return begun,
        }
    }
}

/// Each mailbox takes back its readings when its duty is taken; requests are taken back here.
async fn try_begin(parts: &WorkerParts) -> Result<(), StoreError> {
    parts.shift.begin().await?;
    parts.delivery.mind_the_past().await?;
    shorten_waits(parts).await?;
    let requests = parts.delivery.recover().await?;
    if requests > 0 {
        warn!("reprise après un arrêt brutal, à refaire : envois {requests}");
    }
    Ok(())
}

/// Takes the worker off the list, if it can: otherwise its lease runs out.
pub(super) async fn end(parts: &WorkerParts) {
    if let Err(failure) = parts.shift.end().await {
        warn!("bail non rendu : {failure}");
    }
}

/// As long as the worker lives: while its tasks come to their end too.
pub(super) async fn keep_on(parts: Arc<WorkerParts>) {
    let mut told_skew = false;
    loop {
        tokio::time::sleep(beat(parts.shift.lease())).await;
        match renew(&parts).await {
            Ok(skewed) => {
                if skewed && !told_skew {
                    warn!("l’horloge de cette machine et celle de la base diffèrent de plus de 5 s : réglez-les (NTP)");
                }
                told_skew = skewed;
            }
            Err(failure) => error!("bail non renouvelé : {failure}"),
        }
    }
}

/// Another worker's clock, or one that was set while nothing ran, may have written waits that would end much later.
async fn shorten_waits(parts: &WorkerParts) -> Result<(), StoreError> {
    let longest = longest(&parts.config, parts.shift.unaware());
    let shortened = parts.store.shorten_waits(&longest, parts.clock.now()).await?;
    if shortened > 0 {
        warn!(
            "attentes plus longues qu’elles ne peuvent l’être, comptées à nouveau : {shortened} ; une horloge a été changée"
        );
    }
    Ok(())
}

/// Of each kind, what the schedules allow.
fn longest(config: &Config, unaware: Duration) -> Longest {
    let delivery = &config.ror.delivery;
    let settle = delivery.settle.get();
    let pushing = delivery.retry.longest().max(settle);
    Longest {
        delivery: signed(pushing).max(UNREADABLE_PAUSE),
        hold: signed(pushing.max(settle.saturating_add(unaware))),
        // Those of a sender that is refused stand back for twice a wait.
        replies: signed(config.reply.retry.longest().saturating_mul(2)),
        alerts: signed(config.alerts.retry.longest()),
        unread: signed(LONGEST_UNREAD),
    }
}

/// Returns whether the clocks differ.
async fn renew(parts: &WorkerParts) -> Result<bool, StoreError> {
    let Renewal { lapsed, clock } = parts.shift.renew().await?;
    if lapsed {
        warn!("le bail de ce service avait expiré : d’autres ont pu prendre le relais");
    }
    shorten_waits(parts).await?;
    let gone = parts.shift.dismiss_lapsed().await?;
    let requests = parts.delivery.take_over().await?;
    if gone + requests > 0 {
        warn!("services qui ne répondent plus, relais pris : {gone} ; envois à refaire : {requests}");
    }
    Ok(parts.clock.now().duration_since(clock).abs() > SKEW)
}
