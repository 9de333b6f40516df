//! The digest of what is withheld beyond the cap: one letter instead of many.

use jiff::{SignedDuration, Timestamp};
use tracing::error;

use super::reply_rules::{ReplyRules, rejections};
use super::{Settling, recipients};
use domain::address::Address;
use domain::outcome::MailOutcome;
use judging::reply;
use judging::reply::{Digest, ReplyEnvelope};
use store::{DigestDue, MailId, NewReply, ReplyKind, StoreError, StoredMail};

/// The most contacts that get a copy: one address may report for a whole group of hospitals.
const COPIES: usize = 10;

/// What one digest is made of, as it is gathered mail by mail.
#[derive(Default)]
struct Gathered {
    outcomes: Vec<MailOutcome>,
    /// Each mail with how many rejections it is told of.
    told: Vec<(MailId, usize)>,
    copies: Vec<Address>,
}

impl Settling {
    /// Makes one digest for each address and mailbox whose rejections were withheld for an hour, as many as the total of
    /// the hour allows. One that cannot be made stops no other.
    pub async fn digests(&self) -> Result<(), StoreError> {
        for DigestDue { to, mails } in self.store().digests_due(SignedDuration::from_hours(1), self.clock.now()).await?
        {
            if self.ledger().await?.is_full(&self.rules.settings) {
                // They stay due.
                return Ok(());
            }
            match self.digest(&to, &mails).await {
                Err(failure) if failure.is_of_one_record() => {
                    error!("récapitulatif pour {} impossible : {failure}", to.masked());
                }
                made => made?,
            }
        }
        Ok(())
    }

    async fn digest(&self, to: &Address, mails: &[MailId]) -> Result<(), StoreError> {
        let mut gathered = Gathered::default();
        for (id, outcome) in self.store().outcomes(mails).await? {
            gathered.copy_to(self.contact_of(id, &outcome, to).await?);
            gathered.told.push((id, rejections(&outcome)));
            gathered.outcomes.push(outcome);
        }
        let Some((last, _)) = gathered.told.last() else { return Ok(()) };
        let Some(mail) = self.store().mail(*last).await? else { return Ok(()) };
        let reply = compose(&self.rules, &mail, to, &gathered, self.clock.now());
        self.store().add_digest(&self.seat.duty()?, &gathered.told, &reply, self.clock.now()).await
    }

    /// Whom an ordinary reply to this mail would be copied to.
    async fn contact_of(&self, id: MailId, outcome: &MailOutcome, to: &Address) -> Result<Option<Address>, StoreError> {
        match self.store().sender_of(id).await? {
            Some(sender) => self.contact(id, outcome, &sender, to).await,
            None => Ok(None),
        }
    }
}

impl Gathered {
    /// Nobody gets a copy of a letter that speaks of what was not recognised as a report.
    fn all_copies(&self) -> Vec<Address> {
        if self.outcomes.iter().all(MailOutcome::is_recognised) { self.copies.clone() } else { Vec::new() }
    }

    fn copy_to(&mut self, contact: Option<Address>) {
        let new = contact.filter(|contact| self.copies.len() < COPIES && !self.copies.contains(contact));
        self.copies.extend(new);
    }
}

/// The digest for one address; kept with the last of its mails.
fn compose(rules: &ReplyRules, last: &StoredMail, to: &Address, gathered: &Gathered, at: Timestamp) -> NewReply {
    let envelope = ReplyEnvelope { cc: gathered.all_copies(), ..envelope(rules, last, to) };
    NewReply {
        kind: ReplyKind::Recapitulatif,
        content: reply::digest(&Digest { envelope: &envelope, outcomes: &gathered.outcomes, at }),
        recipients: recipients(&envelope),
        message_id: envelope.message_id,
        sender: to.clone(),
        return_path: Some(envelope.from),
        rejections: gathered.outcomes.len(),
        copy: None,
    }
}

fn envelope(rules: &ReplyRules, last: &StoredMail, to: &Address) -> ReplyEnvelope {
    rules.blank_envelope(last, to, ReplyKind::Recapitulatif)
}
