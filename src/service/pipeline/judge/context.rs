//! What the judges of one process share: the rules, the referential, and who may read with whom.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, RwLock};

use super::super::lease::TaskHold;
use super::Judge;
use super::unpack_quota::Unpacking;
use crate::health::Heartbeat;
use base::clock::Clock;
use judging::judgement::Rules;
use judging::referential::{Referential, Watch};
use store::WorkerLease;

/// What the judges of one process share.
#[derive(Debug, Clone)]
pub struct SharedContext {
    shift: WorkerLease,
    pub(in crate::pipeline) clock: Clock,
    referential: Arc<Mutex<Watch>>,
    pub(in crate::pipeline) rules: Rules,
    /// What each sender had unpacked, in all mailboxes together.
    pub(in crate::pipeline) unpacking: Unpacking,
    pub(in crate::pipeline) pulse: Heartbeat,
    /// Shared by batches, exclusive for a mail that is read alone.
    pub(in crate::pipeline) company: Arc<RwLock<()>>,
    /// Told when mails were judged: there may be something to send.
    pub(in crate::pipeline) judged: Arc<Notify>,
}

impl SharedContext {
    /// Judges by the referential in force and these rules.
    pub fn new(
        shift: WorkerLease,
        clock: Clock,
        referential: Arc<Mutex<Watch>>,
        rules: Rules,
        pulse: Heartbeat,
    ) -> Self {
        let unpacking = Unpacking::new(rules.archives_par_heure);
        Self { shift, clock, referential, rules, unpacking, pulse, company: Arc::default(), judged: Arc::default() }
    }

    /// The judge of an account, whose mails may have so many bytes. It judges once it has the duty to.
    pub fn judge(&self, account: &str, max_bytes: u64) -> Judge {
        Judge::new(self.clone(), TaskHold::new(self.shift.clone()), account, max_bytes)
    }

    /// Told whenever mails were judged.
    pub fn judged(&self) -> Arc<Notify> {
        Arc::clone(&self.judged)
    }

    pub(in crate::pipeline) fn referential(&self) -> Arc<Referential> {
        self.referential.lock().unwrap_or_else(PoisonError::into_inner).current()
    }
}
