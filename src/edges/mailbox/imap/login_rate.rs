//! No more logins than a server can bear: one that accepts us and then fails would otherwise be
//! asked again and again, and some lock the accounts of those who ask too often.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Logins that may follow one another at once, after a time without any.
const BURST: u32 = 3;

/// One login each interval in the long run.
#[derive(Debug)]
pub(super) struct LoginRate {
    interval: Duration,
    /// When the logins made so far would be over at one each interval; nothing before the first.
    paid_until: Mutex<Option<Instant>>,
}

impl LoginRate {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, paid_until: Mutex::new(None) }
    }

    /// Waits until a login may be tried.
    pub(super) async fn ready(&self) {
        sleep(self.wait(Instant::now())).await;
    }

    /// Takes note of a login.
    pub(super) fn count(&self) {
        let now = Instant::now();
        let mut paid_until = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paid_until = Some(paid_until.map_or(now, |until| until.max(now)) + self.interval);
    }

    fn wait(&self, now: Instant) -> Duration {
        let paid_until = *self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        let owed = paid_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        owed.saturating_sub(self.interval.saturating_mul(BURST - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds at which logins are made that are all wanted at once.
    async fn check(interval: u64, expected: &[u64]) {
        let (pace, begin) = (LoginRate::new(Duration::from_secs(interval)), Instant::now());
        let mut made = Vec::new();
        for _ in expected {
            pace.ready().await;
            pace.count();
            made.push(begin.elapsed().as_secs());
        }
        assert_eq!(made, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn logins_are_spaced_after_the_first_few() {
        check(60, &[0, 0, 0, 60, 120, 180]).await;
        check(0, &[0; 20]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn quiet_times_earn_logins_again() {
        let pace = LoginRate::new(Duration::from_mins(1));
        for wait in [0, 0, 0, 60, 60] {
            assert_eq!(pace.wait(Instant::now()).as_secs(), wait);
            pace.ready().await;
            pace.count();
        }
        sleep(Duration::from_mins(2)).await;
        for wait in [0, 0, 60] {
            assert_eq!(pace.wait(Instant::now()).as_secs(), wait);
            pace.ready().await;
            pace.count();
        }
    }
}
