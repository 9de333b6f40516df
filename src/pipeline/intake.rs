//! The first half: what lies in the mailbox becomes durable, is judged, and is moved once.

use tokio_util::sync::CancellationToken;

use super::filing::Listing;
use super::judge::Judge;
use super::strays::Strays;
use super::tracer::Tracer;
use crate::fail_point::fail_point;
use crate::mailbox::{Entry, MailboxError, Position, Session};
use crate::store::{Received, StoreError};

/// Mails fetched together.
const BATCH: usize = 50;
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
    pub(super) judge: Judge,
    pub(super) tracer: Tracer,
}

impl Intake {
    /// The intake of the mailbox whose mails this judge judges.
    pub fn new(judge: Judge, tracer: Tracer) -> Self {
        Self { judge, tracer }
    }

    /// Who judges what this intake makes durable.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Who traces what is done on the mailbox.
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// One sweep: receives what is new, judges what is not, moves what is judged. At `stop` it ends
    /// after the mail under way.
    pub async fn sweep(&self, session: Session, stop: &CancellationToken) -> Result<(Session, Sweep), IntakeError> {
        let (session, entries) = session.list().await?;
        let (session, received, whole) = self.receive(session, &entries, stop).await?;
        let judged = self.judge.judge_all(stop).await?;
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
        let known = self.judge.store().known_positions(&self.judge.account).await?;
        let mut strays = Strays::among(&known, entries);
        let new: Vec<&Entry> =
            entries.iter().filter(|entry| !known.contains_key(&entry.position.to_string())).collect();
        let (large, usual): (Vec<&Entry>, Vec<_>) = new.iter().partition(|entry| entry.size > self.judge.max_bytes());
        let mut received = 0;
        for batch in batches(&usual) {
            if stop.is_cancelled() {
                return Ok((session, received, false));
            }
            let positions: Vec<Position> = batch.iter().map(|entry| entry.position.clone()).collect();
            let (open, fetched) = session.fetch(&positions).await?;
            session = open;
            self.judge.beat();
            self.tracer.fetched(&batch, &fetched).await?;
            let named: Vec<_> = fetched.iter().map(|mail| (mail.position.to_string(), &mail.raw)).collect();
            let mails: Vec<_> = named.iter().map(|(position, raw)| self.received(position, raw)).collect();
            self.keep(mails, &mut strays).await?;
            fail_point!("mail-received");
            received += fetched.len();
        }
        for entry in large {
            let (open, header) = session.fetch_header(&entry.position, MAX_HEADER).await?;
            session = open;
            self.judge.beat();
            self.tracer.header_fetched(entry, header.as_ref().map(Vec::len)).await?;
            let Some(raw) = header else { continue };
            let position = entry.position.to_string();
            let mail = Received { size: entry.size, headers_only: true, ..self.received(&position, &raw) };
            self.keep(vec![mail], &mut strays).await?;
            received += 1;
        }
        let whole = received == new.len();
        if whole {
            self.judge.store().moved(&self.judge.duty()?, &strays.rest(), self.judge.now()).await?;
        }
        Ok((session, received, whole))
    }

    /// Makes mails durable, but for those that were left in place and are found at another position.
    async fn keep(&self, mails: Vec<Received<'_>>, strays: &mut Strays) -> Result<(), StoreError> {
        let (mut found, mut new) = (Vec::new(), Vec::new());
        for mail in mails {
            match strays.claim(&mail.sha256()) {
                Some(id) => found.push((id, mail.position)),
                None => new.push(mail),
            }
        }
        self.judge.store().relocate(&self.judge.duty()?, &found).await?;
        self.judge.store().receive(&self.judge.duty()?, &new, self.judge.now()).await
    }

    fn received<'a>(&'a self, position: &'a str, raw: &'a [u8]) -> Received<'a> {
        Received { account: &self.judge.account, position, raw, size: raw.len() as u64, headers_only: false }
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
            Some(batch) if batch.len() < BATCH && bytes <= MAX_BYTES => batch.push(entry),
            _ => {
                bytes = entry.size;
                batches.push(vec![entry]);
            }
        }
    }
    batches
}
