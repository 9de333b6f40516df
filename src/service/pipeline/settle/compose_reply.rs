//! What the sender of a mail is answered, if anything.

use std::cmp::Ordering;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tracing::error;

use super::super::judge::read_mail::read_message;
use super::batch::SettledBatch;
use super::reply_cap::Wanted;
use super::reply_rules::{Destination, Echo, is_only_test, is_test, rejections};
use super::{Settling, recipients};
use base::fail_point;
use domain::address::Address;
use domain::defect::Code;
use domain::outcome::{MailOutcome, Verdict};
use judging::reply;
use judging::reply::{Letter, Rendered, ReplyEnvelope, ReplyKind as Words};
use reading::message::Message;
use store::{MailId, NamedPlace, NewReply, NewReplyText, Past, ReplyKind, StoreError, StoredMail};

/// A mail with what its reply is made of.
pub(in crate::pipeline) struct Case {
    pub(in crate::pipeline) mail: StoredMail,
    /// `None` if it cannot be read: then nobody is answered.
    message: Option<Message>,
    pub(in crate::pipeline) outcome: MailOutcome,
}

impl Case {
    /// Whether it came from nobody the referential knows.
    pub(in crate::pipeline) fn is_of_stranger(&self) -> bool {
        self.outcome.all_defects().any(|defect| defect.code() == Code::M01)
    }

    /// The mail as one that its sender sent before others, where those are told of it.
    pub(in crate::pipeline) fn past(&self) -> Option<(Address, Past)> {
        if is_only_test(&self.outcome) {
            return None;
        }
        let verdict = self
            .outcome
            .verdict
            .filter(|verdict| matches!(verdict, Verdict::Integre | Verdict::PartiellementIntegre | Verdict::Rejete))?;
        let sender = self.message.as_ref()?.sender()?.clone();
        Some((sender, Past { mail: self.mail.id, verdict }))
    }
}

impl Settling {
    /// `None` if there is no such mail.
    pub(in crate::pipeline) async fn case(&self, id: MailId, outcome: MailOutcome) -> Result<Option<Case>, StoreError> {
        let Some(mail) = self.store().mail(id).await? else { return Ok(None) };
        let message = self.message(&mail, &outcome).await;
        Ok(Some(Case { mail, message, outcome }))
    }

    /// What is left to be said of a mail of whose rejections its sender was told so much, while the others are settled.
    pub(in crate::pipeline) async fn rest(
        &self,
        case: &Case,
        told: Option<NamedPlace>,
        others: &SettledBatch,
    ) -> Result<NewReplyText, StoreError> {
        match told {
            None => self.answer(case, Words::Reponse, others).await,
            Some(told) if told.completed => Ok(NewReplyText::Told),
            Some(told) => self.complement(case, told, others).await,
        }
    }

    /// More rejections are told, and so are fewer once an operator had the mail judged again.
    async fn complement(
        &self,
        case: &Case,
        told: NamedPlace,
        others: &SettledBatch,
    ) -> Result<NewReplyText, StoreError> {
        match rejections(&case.outcome).cmp(&told.rejections) {
            Ordering::Greater => self.answer(case, Words::Complement, others).await,
            Ordering::Less if told.replayed => self.answer(case, Words::Reprise, others).await,
            _ => Ok(NewReplyText::Told),
        }
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
    async fn answer(&self, case: &Case, words: Words, others: &SettledBatch) -> Result<NewReplyText, StoreError> {
        let Some(message) = &case.message else { return Ok(NewReplyText::Silent(unread(&case.outcome).to_owned())) };
        let composed = AssertUnwindSafe(self.compose(case, message, words, others)).catch_unwind().await;
        composed.unwrap_or_else(|_| {
            error!(courriel = case.mail.id.number(), "la réponse ne peut être composée : erreur interne");
            Ok(NewReplyText::Silent("réponse impossible à composer : erreur interne".to_owned()))
        })
    }

    async fn compose(
        &self,
        case: &Case,
        message: &Message,
        words: Words,
        others: &SettledBatch,
    ) -> Result<NewReplyText, StoreError> {
        let destination = match self.rules.destination(&case.mail, message, &self.referential()) {
            Ok(destination) => destination,
            Err(reason) => return Ok(NewReplyText::Silent(reason)),
        };
        if let Some(echo) = self.rules.answers_us(&case.mail, message, &case.outcome) {
            return Ok(unanswered(echo));
        }
        let sender = message.sender().unwrap_or(&destination.to);
        let back_to_normal = self.is_back_to_normal(case, sender, others).await?;
        if let Err(reason) = self.rules.is_due(&case.outcome, message, back_to_normal || words == Words::Reprise) {
            return Ok(NewReplyText::Silent(reason));
        }
        let is_awaited = back_to_normal || is_test(&case.outcome);
        let wanted = Wanted { sender, to: &destination.to, is_known: destination.is_known, is_awaited };
        if others.ledger().refuses(wanted, &self.rules.settings) {
            return Ok(beyond_the_cap(case, &destination));
        }
        let contact = self.contact(case.mail.id, &case.outcome, sender, &destination.to).await?;
        let takes = |contact: &Address| others.ledger().takes_copy(contact, &self.rules.settings);
        let contact = contact.filter(|contact| destination.is_known && takes(contact));
        let envelope = ReplyEnvelope {
            back_to_normal,
            ..self.rules.envelope(&case.mail, message, &case.outcome, &destination, kind_of(words))
        };
        Ok(NewReplyText::Letter(Box::new(self.letters(case, sender, envelope, contact, words))))
    }

    /// A receipt goes to the one who asked for it alone (RFC 8098, section 3): the contact gets a mail of its own. An
    /// ordinary mail is copied to the contact.
    fn letters(
        &self,
        case: &Case,
        sender: &Address,
        envelope: ReplyEnvelope,
        contact: Option<Address>,
        words: Words,
    ) -> NewReply {
        if envelope.receipt.is_none() {
            let envelope = ReplyEnvelope { cc: contact.into_iter().collect(), ..envelope };
            return self.letter(case, sender, &envelope, (words, kind_of(words)));
        }
        let receipt = self.letter(case, sender, &envelope, (words, kind_of(words)));
        let copy = contact.map(|contact| {
            let own = self.rules.blank_envelope(&case.mail, &contact, ReplyKind::Copie);
            let envelope = ReplyEnvelope { to: own.to, message_id: own.message_id, receipt: None, ..envelope };
            Box::new(self.letter(case, &contact, &envelope, (words, ReplyKind::Copie)))
        });
        NewReply { copy, ..receipt }
    }

    async fn is_back_to_normal(
        &self,
        case: &Case,
        sender: &Address,
        others: &SettledBatch,
    ) -> Result<bool, StoreError> {
        if case.outcome.verdict != Some(Verdict::Integre) || is_only_test(&case.outcome) {
            return Ok(false);
        }
        let settled = self.store().last_judged_before(sender, case.mail.id).await?;
        let last = settled.into_iter().chain(others.last_judged_before(sender, case.mail.id));
        let last = last.max_by_key(|past| past.mail);
        Ok(last.is_some_and(|past| past.verdict != Verdict::Integre))
    }

    /// Whom a rejection is copied to: the contact of an establishment that the mail speaks of and
    /// that this sender reports for, if the referential has one.
    pub(in crate::pipeline) async fn contact(
        &self,
        id: MailId,
        outcome: &MailOutcome,
        sender: &Address,
        to: &Address,
    ) -> Result<Option<Address>, StoreError> {
        let named = self.store().establishments_of(id).await?;
        Ok(self.rules.contact(outcome, sender, &named, to, &self.referential()))
    }

    fn letter(
        &self,
        case: &Case,
        sender: &Address,
        envelope: &ReplyEnvelope,
        (words, kind): (Words, ReplyKind),
    ) -> NewReply {
        let letter = Letter { outcome: &case.outcome, kind: words, envelope, at: self.clock.now() };
        let Rendered { bytes, .. } = reply::render(&letter);
        fail_point!("reply-rendered");
        let null = envelope.receipt.is_some() && self.rules.settings.null_return_path;
        NewReply {
            kind,
            message_id: envelope.message_id.clone(),
            sender: sender.clone(),
            recipients: recipients(envelope),
            return_path: (!null).then(|| envelope.from.clone()),
            content: bytes,
            rejections: rejections(&case.outcome),
            copy: None,
        }
    }
}

/// Which of the two mails it is.
fn kind_of(words: Words) -> ReplyKind {
    match words {
        Words::Reponse => ReplyKind::Reponse,
        Words::Complement | Words::Reprise => ReplyKind::Complement,
    }
}

/// What is not answered, so that two machines that answer each other stop after one mail.
fn unanswered(echo: Echo) -> NewReplyText {
    match echo {
        Echo::Text => {
            NewReplyText::ToRead("texte en réponse à l’un de nos courriels : à lire par l’exploitant".to_owned())
        }
        Echo::Report => NewReplyText::Silent("notre propre courriel, renvoyé".to_owned()),
    }
}

/// A stranger gets no digest. Rejections wait for the digest, and so do files that were rejected before and came again as they were: their
/// sender believes them mended. Successes are not confirmed.
fn beyond_the_cap(case: &Case, destination: &Destination) -> NewReplyText {
    if destination.is_known && reply::is_failure(&case.outcome) {
        return NewReplyText::Withheld(destination.to.clone());
    }
    NewReplyText::Silent("plafond de réponses par heure atteint".to_owned())
}

fn unread(outcome: &MailOutcome) -> &'static str {
    match outcome.verdict {
        Some(Verdict::Quarantaine) => "en quarantaine : l’exploitant s’en occupe",
        _ => "courriel illisible au moment de répondre",
    }
}
