//! From the last answer of the ROR to the final verdict and the reply.

pub(super) mod batch;
pub(super) mod compose_reply;
pub(super) mod digest;
pub(super) mod reply_cap;
pub(super) mod reply_rules;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tracing::{error, info};

use super::lease::TaskHold;
use crate::health::{Heartbeat, Task};
use base::clock::Clock;
use base::fail_point;
use batch::SettledBatch;
use domain::address::Address;
use domain::outcome::Verdict;
use judging::referential::{Referential, Watch};
use judging::reply;
use reply_cap::CapLedger;
use reply_rules::ReplyRules;
use store::{MailId, Store, StoreError, StoredMail, WorkerLease};

/// Mails settled together: their letters are in memory until they are written.
const BATCH: u32 = 32;

/// Store to verdict and reply.
#[derive(Debug)]
pub struct Settling {
    pub(super) seat: TaskHold,
    pub(super) clock: Clock,
    referential: Arc<Mutex<Watch>>,
    pub(super) rules: ReplyRules,
    /// Mails that cannot be settled: told once, not at every round.
    faulty: Mutex<BTreeSet<MailId>>,
    pulse: Heartbeat,
}

impl Settling {
    /// Settles by these rules.
    pub fn new(
        shift: WorkerLease,
        clock: Clock,
        referential: Arc<Mutex<Watch>>,
        rules: ReplyRules,
        pulse: Heartbeat,
    ) -> Self {
        Self { seat: TaskHold::new(shift), clock, referential, rules, faulty: Mutex::default(), pulse }
    }

    /// Whether it has the duty, as far as it knows.
    pub fn is_on_duty(&self) -> bool {
        self.seat.duty().is_ok()
    }

    /// Takes the duty; false if another worker has it. One settles at a time: caps, confirmations and digests look at
    /// what was answered before.
    pub async fn take_duty(&self) -> Result<bool, StoreError> {
        let taken = self.seat.shift().take_settling().await?;
        let has = taken.is_some();
        self.seat.set(taken);
        Ok(has)
    }

    pub(super) fn store(&self) -> &Store {
        self.seat.store()
    }

    /// Settles what can be, and tells of known rejections whose deadline has passed. Returns how
    /// many mails were handled.
    pub async fn round(&self) -> Result<usize, StoreError> {
        let (deadline, now) = (self.rules.settings.deadline.signed(), self.clock.now());
        let (mut handled, mut after) = (0, None);
        loop {
            let page = self.store().unsettled(deadline, now, after, BATCH).await?;
            let Some(last) = page.last() else { return Ok(handled) };
            after = Some(last.mail());
            self.pulse.beat(&Task::Settling);
            let ready = page.iter().filter_map(|mail| mail.ready());
            handled += self.settle_all(&ready.collect::<Vec<_>>()).await?;
            for mail in page.iter().filter_map(|mail| mail.overdue()) {
                handled += usize::from(self.is_handled(mail, self.tell_early(mail).await)?);
            }
        }
    }

    /// Whether a mail was handled: one whose record is at fault stops no other.
    fn is_handled(&self, mail: MailId, done: Result<(), StoreError>) -> Result<bool, StoreError> {
        match done {
            Ok(()) => Ok(true),
            Err(failure) if failure.is_of_one_record() => {
                self.tell_fault(mail, &failure);
                Ok(false)
            }
            Err(failure) => Err(failure),
        }
    }

    fn tell_fault(&self, id: MailId, failure: &StoreError) {
        if self.faulty.lock().unwrap_or_else(PoisonError::into_inner).insert(id) {
            error!(courriel = id.number(), "le courriel {} ne peut être réglé : {failure}", id.number());
        }
    }

    /// Those of a batch together; each alone if one of them hinders that. Returns how many were handled.
    async fn settle_all(&self, ids: &[MailId]) -> Result<usize, StoreError> {
        if ids.len() > 1 {
            match self.settle(ids).await {
                Ok(true) => return Ok(ids.len()),
                Err(failure) if !failure.is_of_one_record() => return Err(failure),
                Ok(false) | Err(_) => {}
            }
        }
        let mut handled = 0;
        for id in ids {
            handled += usize::from(self.is_handled(*id, self.settle(&[*id]).await.map(drop))?);
        }
        Ok(handled)
    }

    /// Returns whether all were settled; those that follow one that was not are left.
    async fn settle(&self, ids: &[MailId]) -> Result<bool, StoreError> {
        let told = self.store().told(ids).await?;
        let mut sheaf = self.sheaf().await?;
        for (id, outcome) in self.store().settled_outcomes(ids).await? {
            let Some(case) = self.case(id, outcome).await? else { continue };
            let answer = self.rest(&case, told.get(&id).copied(), &sheaf).await?;
            sheaf.add(case, answer);
            if sheaf.is_full() {
                if !self.write(std::mem::take(&mut sheaf)).await? {
                    return Ok(false);
                }
                sheaf = self.sheaf().await?;
            }
        }
        self.write(sheaf).await
    }

    async fn sheaf(&self) -> Result<SettledBatch, StoreError> {
        self.ledger().await.map(SettledBatch::after)
    }

    /// The replies of the last hour.
    pub(super) async fn ledger(&self) -> Result<CapLedger, StoreError> {
        let recent = self.store().replies_since(self.before(SignedDuration::from_hours(1)), self.clock.now()).await?;
        Ok(CapLedger::new(recent, self.store().withheld_for().await?))
    }

    async fn write(&self, sheaf: SettledBatch) -> Result<bool, StoreError> {
        let settled = self.store().settle(&self.seat.duty()?, sheaf.settlements(), self.clock.now()).await?;
        if settled {
            fail_point!("mail-settled");
            sheaf.entries().for_each(|(mail, verdict)| self.log(mail, verdict));
        }
        Ok(settled)
    }

    fn log(&self, mail: &StoredMail, verdict: Option<Verdict>) {
        let (number, boite, verdict) = (mail.id.number(), self.rules.mailbox(mail), verdict.map(Verdict::word));
        info!(courriel = number, boite, verdict, "courriel {number} réglé");
    }

    /// The outcome is told as it stands: rows that wait are said to wait.
    async fn tell_early(&self, id: MailId) -> Result<(), StoreError> {
        let Some(outcome) = self.store().outcome(id).await? else { return Ok(()) };
        let Some(case) = self.case(id, outcome).await? else { return Ok(()) };
        let answer = self.rest(&case, None, &self.sheaf().await?).await?;
        self.store().answer(&self.seat.duty()?, id, &answer, self.clock.now()).await
    }

    pub(super) fn referential(&self) -> Arc<Referential> {
        self.referential.lock().unwrap_or_else(PoisonError::into_inner).current()
    }

    pub(super) fn before(&self, age: SignedDuration) -> Timestamp {
        self.clock.now().saturating_sub(age).unwrap_or(Timestamp::MIN)
    }
}

pub(super) fn recipients(envelope: &reply::ReplyEnvelope) -> Vec<Address> {
    std::iter::once(&envelope.to).chain(&envelope.cc).cloned().collect()
}
