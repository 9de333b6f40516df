//! How long to wait before the mailbox is opened again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use edges::mailbox::MailboxError;
use service::pipeline::IntakeError;

/// Waits that grow with each failure, with jitter, and begin anew after a whole sweep.
///
/// A refused credential has its own, much longer ones: each attempt brings the account nearer to
/// being locked, and only a person can mend it.
#[derive(Debug)]
pub(super) struct OpeningBackoff {
    usual: ExponentialBackoff,
    refused: ExponentialBackoff,
}

impl OpeningBackoff {
    pub(super) fn new() -> Self {
        Self {
            usual: growing(Duration::from_secs(1), Duration::from_mins(5)),
            refused: growing(Duration::from_mins(5), Duration::from_hours(1)),
        }
    }

    /// The wait after a failure; `swept` says whether there was a whole sweep before it.
    pub(super) fn after(&mut self, failure: &IntakeError, swept: bool) -> Duration {
        if swept {
            *self = Self::new();
        }
        let waits = if is_refusal(failure) { &mut self.refused } else { &mut self.usual };
        waits.next().unwrap_or(Duration::from_mins(5))
    }
}

/// Whether the server knows us and will not let us in.
pub(super) fn is_refusal(failure: &IntakeError) -> bool {
    use MailboxError::{CertificateRefused, CredentialRefused};
    matches!(failure, IntakeError::Mailbox(CredentialRefused(_) | CertificateRefused { .. }))
}

fn growing(first: Duration, longest: Duration) -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(first)
        .with_max_delay(longest)
        .without_max_times()
        .with_jitter()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use edges::mailbox::MailboxStep;

    fn seconds(pace: &mut OpeningBackoff, failure: MailboxError, swept: bool) -> u64 {
        pace.after(&failure.into(), swept).as_secs()
    }

    #[test]
    fn waits_grow_and_a_whole_sweep_ends_them() {
        let mut pace = OpeningBackoff::new();
        let waits: Vec<u64> =
            (0..12).map(|_| seconds(&mut pace, MailboxError::Broken(MailboxStep::List), false)).collect();
        // Each is doubled by the jitter at most.
        for (rank, wait) in waits.iter().enumerate() {
            let step = (1 << rank).min(300);
            assert!((step..=2 * step).contains(wait), "{waits:?}");
        }
        assert!(seconds(&mut pace, MailboxError::Broken(MailboxStep::List), true) <= 2);
    }

    #[test]
    fn a_refused_credential_is_seldom_tried_again() {
        let mut pace = OpeningBackoff::new();
        let password = || MailboxError::CredentialRefused(String::new());
        let certificate = || MailboxError::CertificateRefused { said: String::new(), presented: String::new() };
        let refused = |rank: u32| if rank < 4 { password() } else { certificate() };
        let waits: Vec<u64> = (0..8).map(|rank| seconds(&mut pace, refused(rank), false)).collect();
        assert!(waits.iter().all(|wait| (300..=7200).contains(wait)), "{waits:?}");
        assert!(waits.last().is_some_and(|wait| *wait >= 3600), "{waits:?}");
        assert!(seconds(&mut pace, MailboxError::Broken(MailboxStep::List), false) <= 2, "the usual pace is another");
    }
}
