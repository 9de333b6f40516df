//! How much each sender had unpacked within the last hour: archives that cost little to send and much to read must not
//! take the time of everybody else.
//!
//! Kept in memory, by each process for itself: a restart forgets it, and no mail is judged otherwise for that. Counted
//! by the time of reception, so that a mail judged late counts in its own hour.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use base::config_values::has_passed;
use domain::address::Address;
use reading::message::Allowance;
use store::MailId;

/// How long what was unpacked counts.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Senders known by name; those beyond share one account.
const MAX_SENDERS: usize = 10_000;

/// The account of senders without a name of their own.
const OTHERS: &str = "";

/// What mails of one sender had unpacked, with the time of their reception.
type Spent = BTreeMap<MailId, (Timestamp, u64)>;

/// What every sender had unpacked.
#[derive(Debug, Clone)]
pub(in crate::pipeline) struct Unpacking {
    most: u64,
    senders: Arc<Mutex<HashMap<String, Spent>>>,
}

impl Unpacking {
    /// Each sender may have so many bytes unpacked in an hour.
    pub(in crate::pipeline) fn new(most: u64) -> Self {
        Self { most, senders: Arc::default() }
    }

    /// What a mail received at this time may have unpacked. The mail itself, read before, does not count.
    pub(in crate::pipeline) fn allowance(&self, sender: Option<&Address>, mail: MailId, at: Timestamp) -> Allowance {
        let senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = senders.get(account(&senders, sender));
        let others = spent.into_iter().flatten().filter(|(id, (then, _))| **id != mail && is_recent(*then, at));
        let spent: u64 = others.map(|(_, (_, bytes))| *bytes).fold(0, u64::saturating_add);
        Allowance { left: self.most.saturating_sub(spent), most: self.most }
    }

    /// Takes note of what a mail had unpacked, and forgets what is older than an hour.
    pub(in crate::pipeline) fn spend(&self, sender: Option<&Address>, mail: MailId, at: Timestamp, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        senders.retain(|_, spent| {
            spent.retain(|_, (then, _)| is_recent(*then, at));
            !spent.is_empty()
        });
        let account = account(&senders, sender).to_owned();
        senders.entry(account).or_default().insert(mail, (at, bytes));
    }
}

fn account<'a>(senders: &HashMap<String, Spent>, sender: Option<&'a Address>) -> &'a str {
    let own = sender.map(Address::as_str);
    own.filter(|own| senders.contains_key(*own) || senders.len() < MAX_SENDERS).unwrap_or(OTHERS)
}

fn is_recent(then: Timestamp, at: Timestamp) -> bool {
    !has_passed(HOUR, then, at)
}

#[cfg(test)]
mod tests {
    use super::Unpacking;
    use domain::address::Address;
    use jiff::{SignedDuration, Timestamp};
    use store::MailId;

    /// A mail of this sender, received so many minutes after the first.
    struct Received(&'static str, i64, i64);

    impl Received {
        fn parts(&self) -> (Address, MailId, Timestamp) {
            let start: Timestamp = "2026-11-23T07:00:00Z".parse().unwrap();
            (self.0.parse().unwrap(), MailId::of(self.1), start + SignedDuration::from_mins(self.2))
        }

        fn left(&self, unpacking: &Unpacking) -> u64 {
            let (sender, mail, at) = self.parts();
            unpacking.allowance(Some(&sender), mail, at).left
        }

        fn spend(&self, unpacking: &Unpacking, bytes: u64) {
            let (sender, mail, at) = self.parts();
            unpacking.spend(Some(&sender), mail, at, bytes);
        }
    }

    #[test]
    fn what_a_sender_had_unpacked_counts_for_an_hour_and_for_nobody_else() {
        let unpacking = Unpacking::new(100);
        Received("a@x.test", 1, 0).spend(&unpacking, 60);
        Received("a@x.test", 2, 30).spend(&unpacking, 30);
        assert_eq!(Received("a@x.test", 3, 59).left(&unpacking), 10);
        assert_eq!(Received("b@x.test", 3, 59).left(&unpacking), 100);
        assert_eq!(Received("a@x.test", 2, 59).left(&unpacking), 40, "a mail read again does not count twice");
        Received("a@x.test", 2, 30).spend(&unpacking, 30);
        assert_eq!(Received("a@x.test", 3, 60).left(&unpacking), 70);
        assert_eq!(Received("a@x.test", 3, 90).left(&unpacking), 100);
        Received("b@x.test", 4, 90).spend(&unpacking, 500);
        assert_eq!(Received("b@x.test", 5, 91).left(&unpacking), 0);
        assert_eq!(unpacking.senders.lock().unwrap().len(), 1, "what is past is forgotten");
    }
}
