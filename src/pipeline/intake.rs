//! The first half: what lies in the mailbox becomes durable, is judged, and is moved once.

use tokio_util::sync::CancellationToken;

use super::filing::{Extent, Listing};
use super::holding::Holding;
use super::judge::Judge;
use super::strays::Strays;
use super::tracer::Tracer;
use crate::fail_point::fail_point;
use crate::mailbox::{Entry, Folders, MailboxError, Position, Session};
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
    pub(super) folders: Folders,
    pub(super) holding: Holding,
}

impl Intake {
    /// The intake of the mailbox whose mails this judge judges, and whose folders are called so.
    pub fn new(judge: Judge, tracer: Tracer, folders: Folders) -> Self {
        Self { judge, tracer, folders, holding: Holding::default() }
    }

    /// Who judges what this intake makes durable.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Who traces what is done on the mailbox.
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// One sweep: what is new is received, judged and moved batch by batch, so that no more of it is under way than one
    /// batch, however much waits. At `stop` it ends after the mail under way.
    pub async fn sweep(&self, session: Session, stop: &CancellationToken) -> Result<(Session, Sweep), IntakeError> {
        let (mut session, entries) = self.look_at_folders(session).await?.list().await?;
        let listing = Listing::of(&entries);
        let known = self.judge.store().known_positions(&self.judge.account).await?;
        let mut strays = Strays::among(&known, &listing);
        let new: Vec<&Entry> = entries.iter().filter(|entry| !known.contains_key(entry.position.as_str())).collect();
        drop(known);
        let mut sweep = Sweep { listed: entries.len(), ..Sweep::default() };
        for batch in batches(&new, self.judge.max_bytes()) {
            if stop.is_cancelled() {
                break;
            }
            let received;
            (session, received) = self.receive(session, batch, &mut strays).await?;
            sweep.received += received;
            sweep.judged += Box::pin(self.judge.judge_all(stop)).await?;
            let moved;
            (session, moved) = self.file_judged(session, &listing, Extent::Seen).await?;
            sweep.moved += moved;
        }
        // Then a recorded mail that was not seen is not there under another position either.
        let mut whole = sweep.received == new.len();
        if whole {
            (session, whole) = self.have_gone(session, &strays).await?;
        }
        if whole {
            self.judge.store().moved(&self.judge.duty()?, &strays.rest(), self.judge.now()).await?;
        }
        sweep.judged += Box::pin(self.judge.judge_all(stop)).await?;
        let (session, moved) =
            self.file_judged(session, &listing, if whole { Extent::All } else { Extent::Seen }).await?;
        sweep.moved += moved;
        Ok((session, sweep))
    }

    /// Makes a batch durable, before anything changes in the mailbox. Says how many mails came.
    async fn receive(
        &self,
        session: Session,
        batch: Batch<'_, '_>,
        strays: &mut Strays,
    ) -> Result<(Session, usize), IntakeError> {
        match batch {
            Batch::Usual(entries) => self.receive_usual(session, entries, strays).await,
            Batch::Large(entry) => self.receive_large(session, entry, strays).await,
        }
    }

    async fn receive_usual(
        &self,
        session: Session,
        entries: &[&Entry],
        strays: &mut Strays,
    ) -> Result<(Session, usize), IntakeError> {
        let positions: Vec<Position> = entries.iter().map(|entry| entry.position.clone()).collect();
        let (session, fetched) = session.fetch(&positions).await?;
        self.judge.beat();
        self.tracer.fetched(entries, &fetched).await?;
        let (session, are_others) = self.are_others(session, strays, &fetched).await?;
        if !are_others {
            return Ok((session, 0));
        }
        let mails = fetched.iter().map(|mail| self.received(mail.position.as_str(), &mail.raw)).collect();
        self.keep(mails, strays).await?;
        fail_point!("mail-received");
        Ok((session, fetched.len()))
    }

    /// Of a mail over the limit the header alone is read.
    async fn receive_large(
        &self,
        session: Session,
        entry: &Entry,
        strays: &mut Strays,
    ) -> Result<(Session, usize), IntakeError> {
        let (session, header) = session.fetch_header(&entry.position, MAX_HEADER).await?;
        self.judge.beat();
        self.tracer.header_fetched(entry, header.as_ref().map(Vec::len)).await?;
        let Some(raw) = header else { return Ok((session, 0)) };
        let usual = self.received(entry.position.as_str(), &raw);
        self.keep(vec![Received { size: entry.size, headers_only: true, ..usual }], strays).await?;
        Ok((session, 1))
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

/// What is received together.
enum Batch<'a, 'b> {
    Usual(&'a [&'b Entry]),
    Large(&'b Entry),
}

/// Batches small enough to be kept in memory at once, in the order of the list.
fn batches<'a, 'b>(entries: &'a [&'b Entry], max_bytes: u64) -> Vec<Batch<'a, 'b>> {
    const MAX_BYTES: u64 = 16 * 1024 * 1024;
    let (mut batches, mut rest) = (Vec::new(), entries);
    while let Some(first) = rest.first() {
        let mut bytes = 0_u64;
        let fits = |entry: &&&Entry| {
            bytes = bytes.saturating_add(entry.size);
            entry.size <= max_bytes && bytes <= MAX_BYTES
        };
        let together = rest.iter().take(BATCH).take_while(fits).count();
        let alone =
            if first.size > max_bytes { Batch::Large(first) } else { Batch::Usual(rest.get(..1).unwrap_or_default()) };
        let (batch, after) = rest.split_at(together.max(1));
        batches.push(if together == 0 { alone } else { Batch::Usual(batch) });
        rest = after;
    }
    batches
}
