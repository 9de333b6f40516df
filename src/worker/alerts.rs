//! What operators must be told of, looked at again and again.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use super::tasks::pause;

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(5);

pub(super) async fn watch_forever(parts: Arc<WorkerParts>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        parts.alarm.round().await;
        pause(&stop, LOOK).await;
    }
}
