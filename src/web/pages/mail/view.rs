//! All that is known of one mail, and how much of it this visitor may see.

use std::collections::BTreeMap;

use crate::pages::components::audit;
use crate::visibility::is_patients;
use crate::{Visitor, WebRefusal, WebState};
use domain::access::audit::{AuditEntry, Deed, Record, on_mail};
use domain::defect::{Actor, Defect};
use domain::outcome::MailOutcome;
use reading::message;
use reading::message::{Message, MessageLimits};
use reading::report;
use store::search::{JournalEntry, LifeRow, MailHistory};
use store::{Handled, MailId, StoredMail, StoredReply, StoredRow};

pub(super) use crate::visibility::Sight;

/// One mail as the page shows it.
pub(super) struct MailView {
    pub(super) life: MailHistory,
    pub(super) outcome: MailOutcome,
    pub(super) mail: StoredMail,
    pub(super) rows: Vec<StoredRow>,
    pub(super) replies: Vec<StoredReply>,
    pub(super) handled: Option<Handled>,
    /// What people did about it.
    pub(super) deeds: Vec<Record>,
    pub(super) sight: Sight,
    /// Where each count is among those of its life, by its number.
    places: BTreeMap<i64, usize>,
    /// The mail taken apart; `None` if it is no longer kept or the visitor may not see it.
    message: Option<Message>,
}

/// Who looked at what a patient's document holds.
fn seen(visitor: &Visitor, id: MailId) -> AuditEntry {
    AuditEntry::new(visitor.person.in_audit(), Deed::ContenuPatient, on_mail(id.number()))
}

impl MailView {
    pub(super) async fn read(state: &WebState, visitor: &Visitor, id: MailId) -> Result<Self, WebRefusal> {
        let store = state.store();
        let (Some(life), Some(outcome)) = (store.life(id).await?, store.outcome(id).await?) else {
            return Err(WebRefusal::NotFound);
        };
        let mail = store.mail(id).await?.ok_or(WebRefusal::NotFound)?;
        // A copy of the same bytes has no defects of its own.
        let first = match mail.duplicate_of {
            Some(first) => store.outcome(first).await?.filter(is_patients),
            None => None,
        };
        let judged = first.as_ref().unwrap_or(&outcome);
        let sight = Sight::of(visitor, judged);
        if sight == Sight::Open && is_patients(judged) && mail.raw.is_some() {
            let entry = seen(visitor, id);
            store.record_deed(&entry, state.now()).await?;
        }
        let shown = mail.raw.as_deref().filter(|_| sight == Sight::Open);
        let message = shown.map(|raw| message::read(raw, &MessageLimits::default()));
        Ok(Self {
            rows: store.rows_of(id).await?,
            replies: store.replies(id).await?,
            handled: store.handled(id).await?,
            deeds: store.deeds_on(&on_mail(id.number()), audit::SHOWN).await?,
            places: life.capacites.iter().enumerate().map(|(place, row)| (row.numero, place)).collect(),
            life: if sight == Sight::Open { life } else { life.without_values() },
            outcome: sight.on(outcome),
            mail,
            sight,
            message,
        })
    }

    /// Its line of the journal.
    pub(super) fn entry(&self) -> &JournalEntry {
        &self.life.ligne
    }

    /// The life of a count, by its number.
    pub(super) fn count(&self, number: i64) -> Option<&LifeRow> {
        self.life.capacites.get(*self.places.get(&number)?)
    }

    /// The mail taken apart, for whoever may see it.
    pub(super) fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }

    /// The text of a document, for whoever may see it.
    pub(super) fn text(&self, rank: usize) -> Option<String> {
        let candidate = self.message.as_ref()?.candidates().get(rank)?;
        report::decode(&candidate.bytes).ok().map(|decoded| decoded.text().to_owned())
    }

    /// What a document is called, for whoever may see it and while it is known.
    pub(super) fn document_name(&self, rank: usize) -> Option<&str> {
        self.outcome.documents.get(rank).map(|document| document.name.as_str()).filter(|name| !name.is_empty())
    }

    /// Everything that rejects something.
    pub(super) fn rejections(&self) -> Vec<&Defect> {
        self.outcome.all_defects().filter(|defect| defect.is_rejection()).collect()
    }

    /// Who must act on what was rejected, the first one first, each once.
    pub(super) fn actors(&self) -> Vec<Actor> {
        let mut actors = Vec::new();
        for actor in self.rejections().into_iter().flat_map(|defect| defect.code().actors()) {
            if !actors.contains(actor) {
                actors.push(*actor);
            }
        }
        actors
    }
}
