//! One round of delivery: what is due is claimed, and served location by location, several at a time.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::Delivery;
use crate::health::Task;
use base::fail_point;
use store::{Batch, StoreError};

/// How often the store is looked at while requests are under way.
const LOOK: Duration = Duration::from_millis(200);

/// What is under way, and what is claimed and comes next.
pub(in crate::pipeline) struct Round<'a> {
    delivery: &'a Delivery,
    running: JoinSet<Result<usize, StoreError>>,
    ready: VecDeque<Batch>,
    handled: usize,
    failed: Option<StoreError>,
}

impl<'a> Round<'a> {
    pub(in crate::pipeline) fn new(delivery: &'a Delivery) -> Self {
        Self { delivery, running: JoinSet::new(), ready: VecDeque::new(), handled: 0, failed: None }
    }

    /// Until nothing is due, or `stop`, or a fault of the store; what is under way comes to its end.
    pub(in crate::pipeline) async fn run(mut self, stop: &CancellationToken) -> Result<usize, StoreError> {
        loop {
            let goes_on = self.failed.is_none() && !stop.is_cancelled();
            let done = if goes_on { self.begin(stop).await } else { self.give_back().await };
            if let Err(failure) = done {
                self.failed.get_or_insert(failure);
            }
            tokio::select! {
                biased;
                ended = self.running.join_next() => match ended {
                    Some(ended) => self.end(ended),
                    None if self.ready.is_empty() => return self.failed.map_or(Ok(self.handled), Err),
                    None => {}
                },
                // A location that is long to answer holds no other: what came meanwhile is looked for.
                () = self.delivery.news.notified(), if goes_on => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Begins with as many locations as may be under way, and with as many again, whose turn comes while the answers of
    /// the first are being recorded; more are claimed ahead, in the same commit. Not so while the ROR is being spared.
    async fn begin(&mut self, stop: &CancellationToken) -> Result<(), StoreError> {
        self.delivery.mind_the_clock().await?;
        let allowed = self.delivery.allowance();
        if allowed == 0 {
            return self.give_back().await;
        }
        let ahead = if allowed == self.delivery.settings.concurrency { allowed } else { 0 };
        let under_way = u32::try_from(self.running.len()).unwrap_or(u32::MAX);
        let places = allowed.saturating_add(ahead).saturating_sub(under_way);
        let lacking = places.saturating_sub(u32::try_from(self.ready.len()).unwrap_or(u32::MAX));
        if lacking > 0 {
            let claimed = self.delivery.shift.claim(lacking.saturating_add(ahead), self.delivery.clock.now()).await?;
            for batch in claimed {
                fail_point!("row-claimed");
                self.ready.push_back(batch);
            }
        }
        for _ in 0..places {
            let Some(batch) = self.ready.pop_front() else { break };
            self.running.spawn(self.delivery.clone().serve(batch, stop.clone()));
        }
        Ok(())
    }

    /// Gives back, unsent, what was claimed ahead. What cannot be given back is in doubt at the next round.
    async fn give_back(&mut self) -> Result<(), StoreError> {
        let now = self.delivery.clock.now();
        for batch in std::mem::take(&mut self.ready) {
            self.delivery.shift.store().release(&batch, now, now).await?;
        }
        Ok(())
    }

    fn end(&mut self, ended: Result<Result<usize, StoreError>, JoinError>) {
        match ended {
            Ok(Ok(served)) => {
                self.delivery.pulse.beat(&Task::Delivery);
                self.handled += served;
            }
            Ok(Err(failure)) => {
                self.failed.get_or_insert(failure);
            }
            Err(fault) => error!("une tâche d’envoi s’est interrompue : {fault}"),
        }
    }
}
