//! The digest of the rejections beyond the cap: one letter instead of many.

use jiff::{SignedDuration, Timestamp};
use tracing::error;

use super::answering::{ReplyRules, rejections};
use super::settling::Settling;
use crate::address::Address;
use crate::config::Environnement;
use crate::outcome::MailOutcome;
use crate::reply::{self, Digest, Envelope};
use crate::store::{DigestDue, MailId, NewReply, ReplyKind, StoreError, StoredMail};

impl Settling {
    /// Makes one digest for each address and mailbox whose rejections were withheld for an hour. One that
    /// cannot be made stops no other.
    pub async fn digests(&self) -> Result<(), StoreError> {
        for DigestDue { to, mails } in self.store().digests_due(self.before(SignedDuration::from_hours(1))).await? {
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
        let (mut outcomes, mut told) = (Vec::new(), Vec::new());
        for id in mails {
            let Some(outcome) = self.store().outcome(*id).await? else { continue };
            told.push((*id, rejections(&outcome)));
            outcomes.push(outcome);
        }
        let Some((last, _)) = told.last() else { return Ok(()) };
        let Some(mail) = self.store().mail(*last).await? else { return Ok(()) };
        let reply = compose(&self.rules, &mail, to, &outcomes, self.clock.now());
        self.store().add_digest(&self.seat.duty()?, &told, &reply, self.clock.now()).await
    }
}

/// The digest for one address; kept with the last of its mails.
fn compose(rules: &ReplyRules, last: &StoredMail, to: &Address, outcomes: &[MailOutcome], at: Timestamp) -> NewReply {
    let envelope = envelope(rules, last, to);
    NewReply {
        kind: ReplyKind::Recapitulatif,
        content: reply::digest(&Digest { envelope: &envelope, outcomes, at }),
        message_id: envelope.message_id,
        sender: to.clone(),
        recipients: vec![to.clone()],
        return_path: Some(envelope.from),
        rejections: outcomes.len(),
    }
}

fn envelope(rules: &ReplyRules, last: &StoredMail, to: &Address) -> Envelope {
    let settings = &rules.settings;
    Envelope {
        from: rules.from(last).clone(),
        from_name: settings.from_name.clone(),
        to: to.clone(),
        cc: None,
        original_subject: None,
        original_message_id: None,
        references: Vec::new(),
        original: None,
        receipt: None,
        message_id: rules.message_id(last, ReplyKind::Recapitulatif.word()),
        nil: settings.nil.clone(),
        qualification: rules.environnement == Environnement::Qualification,
        back_to_normal: false,
    }
}
