//! The first half: what lies in the mailbox becomes durable, is judged, and is moved once.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::examine::{Limits, examine};
use super::filing::Listing;
use super::judging::{Court, quarantined, unread};
use crate::clock::Clock;
use crate::defect::Code;
use crate::judgement::Rules;
use crate::mailbox::{Entry, MailboxError, Position, Session};
use crate::message;
use crate::referential::{Referential, Watch};
use crate::store::{JudgedMail, Judging, MailId, Reading, Received, Store, StoreError, StoredMail};

/// Mails judged together.
const BATCH: u32 = 50;
/// Readings of a mail alone that may fail before it is put in quarantine.
const MAX_ATTEMPTS: u32 = 3;
/// The most header bytes kept of a mail over the size limit.
const MAX_HEADER: usize = 64 * 1024;

/// A sweep cut short. Whatever was done is durable; the next sweep goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The mailbox failed: the session is gone.
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What one sweep of the mailbox did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Mails lying in the mailbox.
    pub listed: usize,
    /// Mails made durable.
    pub received: usize,
    /// Mails judged.
    pub judged: usize,
    /// Mails moved.
    pub moved: usize,
}

/// Mailbox to judgement.
#[derive(Debug)]
pub struct Intake {
    pub(super) store: Store,
    pub(super) clock: Clock,
    referential: Arc<Mutex<Watch>>,
    rules: Rules,
    pub(super) account: String,
    max_bytes: u64,
}

impl Intake {
    /// The intake of one mailbox.
    pub fn new(
        store: Store,
        clock: Clock,
        referential: Arc<Mutex<Watch>>,
        rules: Rules,
        account: &str,
        max_bytes: u64,
    ) -> Self {
        Self { store, clock, referential, rules, account: account.to_owned(), max_bytes }
    }

    /// After a start of the task: readings that a crash or a panic cut short.
    pub async fn recover(&self) -> Result<u64, StoreError> {
        self.store.recover_readings().await
    }

    /// One sweep: receives what is new, judges what is not, moves what is judged. At `stop` it ends
    /// after the mail under way.
    pub async fn sweep(&self, session: Session, stop: &CancellationToken) -> Result<(Session, Sweep), IntakeError> {
        let (session, entries) = session.list().await?;
        let (session, received, whole) = self.receive(session, &entries, stop).await?;
        let judged = self.judge_all(stop).await?;
        let seen = entries.iter().map(|entry| entry.position.to_string()).collect();
        let (session, moved) = self.file_all(session, &Listing { seen, whole }).await?;
        Ok((session, Sweep { listed: entries.len(), received, judged, moved }))
    }

    /// Makes durable what the store does not know yet, before anything changes in the mailbox. Says
    /// how many mails, and whether all that was new came whole.
    async fn receive(
        &self,
        mut session: Session,
        entries: &[Entry],
        stop: &CancellationToken,
    ) -> Result<(Session, usize, bool), IntakeError> {
        let known = self.store.known_positions(&self.account).await?;
        let new: Vec<&Entry> =
            entries.iter().filter(|entry| !known.contains_key(&entry.position.to_string())).collect();
        let (large, usual): (Vec<&Entry>, Vec<_>) = new.iter().partition(|entry| entry.size > self.max_bytes);
        let mut received = 0;
        for batch in batches(&usual) {
            if stop.is_cancelled() {
                return Ok((session, received, false));
            }
            let positions: Vec<Position> = batch.iter().map(|entry| entry.position.clone()).collect();
            let (open, fetched) = session.fetch(&positions).await?;
            session = open;
            let named: Vec<_> = fetched.iter().map(|mail| (mail.position.to_string(), &mail.raw)).collect();
            let mails: Vec<_> = named.iter().map(|(position, raw)| self.received(position, raw)).collect();
            self.store.receive(&mails, self.clock.now()).await?;
            received += mails.len();
        }
        for entry in large {
            let (open, header) = session.fetch_header(&entry.position, MAX_HEADER).await?;
            session = open;
            let Some(raw) = header else { continue };
            let position = entry.position.to_string();
            let mail = Received { size: entry.size, headers_only: true, ..self.received(&position, &raw) };
            self.store.receive(&[mail], self.clock.now()).await?;
            received += 1;
        }
        Ok((session, received, received == new.len()))
    }

    fn received<'a>(&'a self, position: &'a str, raw: &'a [u8]) -> Received<'a> {
        Received { account: &self.account, position, raw, size: raw.len() as u64, headers_only: false }
    }

    /// Judges every mail of the store that is not judged yet, or until `stop`. A fault of the store
    /// ends it and blames no mail.
    pub async fn judge_all(&self, stop: &CancellationToken) -> Result<usize, StoreError> {
        let judged = self.judge_batches(stop).await;
        if judged.is_err() || stop.is_cancelled() {
            // Marks that stay are those of a crash. If the store cannot be written to now, the next
            // reading writes them anew.
            if let Err(failure) = self.store.end_readings().await {
                warn!("marques de lecture non effacées : {failure}");
            }
        }
        judged
    }

    async fn judge_batches(&self, stop: &CancellationToken) -> Result<usize, StoreError> {
        let mut judged = 0;
        loop {
            let waiting = self.store.to_judge(BATCH).await?;
            if waiting.is_empty() || stop.is_cancelled() {
                return Ok(judged);
            }
            judged += waiting.len();
            let (suspects, sound): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|mail| mail.suspect);
            self.judge_together(&sound, stop).await?;
            for suspect in suspects {
                if !stop.is_cancelled() {
                    self.judge_alone(suspect).await?;
                }
            }
        }
    }

    /// A fault here makes every mail of the batch suspect: each is then read alone.
    async fn judge_together(&self, batch: &[Judging], stop: &CancellationToken) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let ids: Vec<MailId> = batch.iter().map(|mail| mail.id).collect();
        self.store.begin_reading(&ids, Reading::Together).await?;
        for id in ids {
            if !stop.is_cancelled() {
                self.judge(id).await?;
            }
        }
        Ok(())
    }

    async fn judge_alone(&self, mail: Judging) -> Result<(), StoreError> {
        if mail.attempts >= MAX_ATTEMPTS {
            error!(
                courriel = mail.id.number(),
                "courriel mis en quarantaine après {MAX_ATTEMPTS} lectures interrompues"
            );
            return self.store.record(mail.id, &quarantined(), self.clock.now()).await;
        }
        self.store.begin_reading(&[mail.id], Reading::Alone).await?;
        self.judge(mail.id).await
    }

    /// A fault that this mail alone can have caused stays with it.
    async fn judge(&self, id: MailId) -> Result<(), StoreError> {
        match AssertUnwindSafe(self.judge_and_record(id)).catch_unwind().await {
            Ok(Ok(true)) => Ok(()),
            Ok(Err(failure)) if !failure.is_of_one_record() => Err(failure),
            Ok(Ok(false)) => self.store.reading_failed(id).await,
            Ok(Err(failure)) => {
                error!(courriel = id.number(), "jugement impossible : {failure}");
                self.store.reading_failed(id).await
            }
            Err(_) => {
                error!(courriel = id.number(), "le jugement a été interrompu par une erreur interne");
                self.store.reading_failed(id).await
            }
        }
    }

    /// Returns whether the judgement came to its end.
    async fn judge_and_record(&self, id: MailId) -> Result<bool, StoreError> {
        let Some(mail) = self.store.mail(id).await? else { return Ok(false) };
        let Some(judged) = self.verdict_on(&mail).await? else { return Ok(false) };
        self.store.record(id, &judged, self.clock.now()).await?;
        log_judgement(&mail, &judged);
        Ok(true)
    }

    /// `None` when the reading failed on our side.
    async fn verdict_on(&self, mail: &StoredMail) -> Result<Option<JudgedMail>, StoreError> {
        if let Some(judged) = unread(mail, self.max_bytes) {
            return Ok(Some(judged));
        }
        let raw = mail.raw.clone().unwrap_or_default();
        match examine(raw, Limits::default()).await {
            Ok(examined) => {
                self.tie_notification(mail.id, &examined.message).await?;
                let referential = self.referential();
                let court = Court { store: &self.store, referential: &referential, rules: &self.rules };
                court.judge(mail, examined).await.map(Some)
            }
            Err(failure) => {
                error!(courriel = mail.id.number(), sha256 = mail.sha256, "{failure}");
                Ok(None)
            }
        }
    }

    /// A notification that one of our replies did not arrive is tied to it. A receipt for one that
    /// did is not.
    async fn tie_notification(&self, id: MailId, message: &message::Message) -> Result<(), StoreError> {
        let failure = message.receipt().filter(|receipt| receipt.is_failure());
        let Some(original) = failure.and_then(message::Receipt::original_message_id) else { return Ok(()) };
        if self.store.reply_returned(original, id).await? {
            warn!(courriel = id.number(), "réponse non remise : avis rattaché");
        }
        Ok(())
    }

    fn referential(&self) -> Arc<Referential> {
        self.referential.lock().unwrap_or_else(PoisonError::into_inner).current()
    }
}

/// Batches small enough to be kept in memory at once.
fn batches<'a>(entries: &[&'a Entry]) -> Vec<Vec<&'a Entry>> {
    const MAX_BYTES: u64 = 16 * 1024 * 1024;
    let mut batches: Vec<Vec<&Entry>> = Vec::new();
    let mut bytes = 0;
    for entry in entries {
        bytes += entry.size;
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH as usize && bytes <= MAX_BYTES => batch.push(entry),
            _ => {
                bytes = entry.size;
                batches.push(vec![entry]);
            }
        }
    }
    batches
}

fn log_judgement(mail: &StoredMail, judged: &JudgedMail) {
    let defects = judged.defects.len() + judged.documents.iter().map(|document| document.defects.len()).sum::<usize>();
    let accepted: usize = judged.documents.iter().map(|document| document.updates.len()).sum();
    if judged.defects.iter().any(|defect| defect.code() == Code::M06) {
        error!(courriel = mail.id.number(), "document de patient reçu par erreur (M06) : prévenez l’établissement");
    }
    info!(
        courriel = mail.id.number(),
        sha256 = mail.sha256,
        octets = mail.size,
        expediteur = judged.sender.as_ref().map(crate::address::Address::masked),
        documents = judged.documents.len(),
        capacites = accepted,
        defauts = defects,
        dossier = judged.folder,
        "courriel {} jugé : {accepted} capacités retenues, {defects} défauts",
        mail.id.number(),
    );
}
