//! From the last answer of the ROR to the final verdict and the reply.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use tracing::{error, info};

use super::answering::{Destination, ReplyRules, is_test, rejections};
use super::examine::read_message;
use super::seat::Seat;
use crate::address::Address;
use crate::clock::Clock;
use crate::fail_point::fail_point;
use crate::health::{Pulse, Task};
use crate::message::Message;
use crate::outcome::{MailOutcome, Verdict};
use crate::referential::{Referential, Watch};
use crate::reply::{self, Envelope, Kind as Words, Letter, Rendered};
use crate::store::{
    Answer, MailId, NewReply, ReplyKind, Settlement, Shift, Store, StoreError, StoredMail, Told, Unsettled,
};

/// How many times the cap the replies are that nothing exceeds.
const CEILING: u32 = 10;

/// Mails settled in one go.
const BATCH: u32 = 100;

/// Store to verdict and reply.
#[derive(Debug)]
pub struct Settling {
    pub(super) seat: Seat,
    pub(super) clock: Clock,
    referential: Arc<Mutex<Watch>>,
    pub(super) rules: ReplyRules,
    /// Mails that cannot be settled: told once, not at every round.
    faulty: Mutex<BTreeSet<MailId>>,
    pulse: Pulse,
}

/// A mail with what its reply is made of.
struct Case {
    mail: StoredMail,
    /// `None` if it cannot be read: then nobody is answered.
    message: Option<Message>,
    outcome: MailOutcome,
}

impl Settling {
    /// Settles by these rules.
    pub fn new(shift: Shift, clock: Clock, referential: Arc<Mutex<Watch>>, rules: ReplyRules, pulse: Pulse) -> Self {
        Self { seat: Seat::new(shift), clock, referential, rules, faulty: Mutex::default(), pulse }
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
        let overdue = self.before(self.rules.settings.deadline.signed());
        let (mut handled, mut after) = (0, None);
        loop {
            let page = self.store().unsettled(overdue, after, BATCH).await?;
            let Some(last) = page.last() else { return Ok(handled) };
            after = Some(last.mail());
            self.pulse.beat(&Task::Settling);
            for mail in &page {
                handled += usize::from(self.handle(*mail).await?);
            }
        }
    }

    /// Returns whether the mail was handled: one whose record is at fault stops no other.
    async fn handle(&self, mail: Unsettled) -> Result<bool, StoreError> {
        let handled = match mail {
            Unsettled::Ready(id) => self.settle(id).await,
            Unsettled::Overdue(id) => self.tell_early(id).await,
        };
        match handled {
            Ok(()) => Ok(true),
            Err(failure) if failure.is_of_one_record() => {
                self.tell_fault(mail.mail(), &failure);
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

    async fn settle(&self, id: MailId) -> Result<(), StoreError> {
        let Some(case) = self.case(id).await? else { return Ok(()) };
        let told = self.store().told(id).await?;
        let answer = match told {
            None => self.answer(&case, Words::Reponse).await?,
            Some(told) if told.completed => Answer::Told,
            Some(told) => self.complement(&case, told).await?,
        };
        let verdict = case.outcome.verdict;
        let settlement = Settlement { outcome: case.outcome, answer };
        if self.store().settle(&self.seat.duty()?, id, &settlement, self.clock.now()).await? {
            fail_point!("mail-settled");
            let (number, boite, verdict) = (id.number(), self.rules.mailbox(&case.mail), verdict.map(Verdict::word));
            info!(courriel = number, boite, verdict, "courriel {number} réglé");
        }
        Ok(())
    }

    /// More rejections are told, and so are fewer once an operator had the mail judged again.
    async fn complement(&self, case: &Case, told: Told) -> Result<Answer, StoreError> {
        match rejections(&case.outcome).cmp(&told.rejections) {
            Ordering::Greater => self.answer(case, Words::Complement).await,
            Ordering::Less if told.replayed => self.answer(case, Words::Reprise).await,
            _ => Ok(Answer::Told),
        }
    }

    /// The outcome is told as it stands: rows that wait are said to wait.
    async fn tell_early(&self, id: MailId) -> Result<(), StoreError> {
        let Some(mut case) = self.case(id).await? else { return Ok(()) };
        if let Some(outcome) = self.store().outcome(id).await? {
            case.outcome = outcome;
        }
        let answer = self.answer(&case, Words::Reponse).await?;
        self.store().answer(&self.seat.duty()?, id, &answer, self.clock.now()).await
    }

    async fn case(&self, id: MailId) -> Result<Option<Case>, StoreError> {
        let (Some(mail), Some(outcome)) = (self.store().mail(id).await?, self.store().settled_outcome(id).await?)
        else {
            return Ok(None);
        };
        let message = self.message(&mail, &outcome).await;
        Ok(Some(Case { mail, message, outcome }))
    }

    /// A mail in quarantine is not read once more: reading it is what failed.
    async fn message(&self, mail: &StoredMail, outcome: &MailOutcome) -> Option<Message> {
        if outcome.verdict == Some(Verdict::Quarantaine) {
            return None;
        }
        let read = read_message(mail.raw.clone().unwrap_or_default()).await;
        read.inspect_err(|failure| error!(courriel = mail.id.number(), "{failure}")).ok()
    }

    /// A reply that cannot be composed leaves the verdict as it is: nobody is answered.
    async fn answer(&self, case: &Case, words: Words) -> Result<Answer, StoreError> {
        let Some(message) = &case.message else { return Ok(Answer::Silent(unread(&case.outcome).to_owned())) };
        let composed = AssertUnwindSafe(self.compose(case, message, words)).catch_unwind().await;
        composed.unwrap_or_else(|_| {
            error!(courriel = case.mail.id.number(), "la réponse ne peut être composée : erreur interne");
            Ok(Answer::Silent("réponse impossible à composer : erreur interne".to_owned()))
        })
    }

    async fn compose(&self, case: &Case, message: &Message, words: Words) -> Result<Answer, StoreError> {
        let destination = match self.rules.destination(&case.mail, message) {
            Ok(destination) => destination,
            Err(reason) => return Ok(Answer::Silent(reason)),
        };
        let sender = message.sender().unwrap_or(&destination.to);
        let back_to_normal = self.is_back_to_normal(case, sender).await?;
        if let Err(reason) = self.rules.is_due(&case.outcome, message, back_to_normal || words == Words::Reprise) {
            return Ok(Answer::Silent(reason));
        }
        if self.is_over_the_cap(sender, back_to_normal || is_test(&case.outcome)).await? {
            return Ok(beyond_the_cap(case, &destination));
        }
        let contact = self.contact(case.mail.id, &case.outcome, sender, &destination.to).await?;
        let envelope = Envelope {
            back_to_normal,
            cc: contact.into_iter().collect(),
            ..self.rules.envelope(&case.mail, message, &case.outcome, &destination, kind_of(words).word())
        };
        Ok(Answer::Letter(Box::new(self.letter(case, sender, &envelope, words))))
    }

    async fn is_back_to_normal(&self, case: &Case, sender: &Address) -> Result<bool, StoreError> {
        let integrated = case.outcome.verdict == Some(Verdict::Integre);
        Ok(integrated && self.store().was_rejected_before(sender, case.mail.id).await?)
    }

    /// The cap spares people a flood of rejections. What they wait for, the answer to a trial and the return to normal,
    /// is told beyond it, or they would take silence for a failure; only [`CEILING`] stops that too, so that two
    /// machines that answer each other come to rest.
    async fn is_over_the_cap(&self, sender: &Address, is_awaited: bool) -> Result<bool, StoreError> {
        let sent = self.store().replies_since(sender, self.before(SignedDuration::from_hours(1))).await?;
        let cap = self.rules.settings.cap_per_hour;
        Ok(sent >= if is_awaited { cap.saturating_mul(CEILING) } else { cap })
    }

    /// Whom a rejection is copied to: the contact of an establishment that the mail speaks of and
    /// that this sender reports for, if the referential has one.
    pub(super) async fn contact(
        &self,
        id: MailId,
        outcome: &MailOutcome,
        sender: &Address,
        to: &Address,
    ) -> Result<Option<Address>, StoreError> {
        let named = self.store().establishments_of(id).await?;
        Ok(self.rules.contact(outcome, sender, &named, to, &self.referential()))
    }

    fn letter(&self, case: &Case, sender: &Address, envelope: &Envelope, words: Words) -> NewReply {
        let letter = Letter { outcome: &case.outcome, kind: words, envelope, at: self.clock.now() };
        let Rendered { bytes, .. } = reply::render(&letter);
        fail_point!("reply-rendered");
        let null = envelope.receipt.is_some() && self.rules.settings.null_return_path;
        NewReply {
            kind: kind_of(words),
            message_id: envelope.message_id.clone(),
            sender: sender.clone(),
            recipients: recipients(envelope),
            return_path: (!null).then(|| envelope.from.clone()),
            content: bytes,
            rejections: rejections(&case.outcome),
        }
    }

    fn referential(&self) -> Arc<Referential> {
        self.referential.lock().unwrap_or_else(PoisonError::into_inner).current()
    }

    pub(super) fn before(&self, age: SignedDuration) -> Timestamp {
        self.clock.now().saturating_sub(age).unwrap_or(Timestamp::MIN)
    }
}

/// Which of the two mails it is.
fn kind_of(words: Words) -> ReplyKind {
    match words {
        Words::Reponse => ReplyKind::Reponse,
        Words::Complement | Words::Reprise => ReplyKind::Complement,
    }
}

/// Rejections wait for the digest, and so do files that were rejected before and came again as they were: their
/// sender believes them mended. Successes are not confirmed.
fn beyond_the_cap(case: &Case, destination: &Destination) -> Answer {
    if reply::is_failure(&case.outcome) {
        return Answer::Withheld(destination.to.clone());
    }
    Answer::Silent("plafond de réponses par heure atteint".to_owned())
}

fn unread(outcome: &MailOutcome) -> &'static str {
    match outcome.verdict {
        Some(Verdict::Quarantaine) => "en quarantaine : l’exploitant s’en occupe",
        _ => "courriel illisible au moment de répondre",
    }
}

pub(super) fn recipients(envelope: &reply::Envelope) -> Vec<Address> {
    std::iter::once(&envelope.to).chain(&envelope.cc).cloned().collect()
}
