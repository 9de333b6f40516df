//! The first half: what lies in the mailbox becomes durable, is judged, and is moved once.

pub(super) mod left_mails;
pub(super) mod missing;
pub(super) mod move_judged;
pub(super) mod refusing_folders;
pub(super) mod renumbering;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::judge::Judge;
use super::judge::read_mail::is_substitute;
use super::mailbox_trace::MailboxTrace;
use base::fail_point;
use base::unread::Cause;
use edges::mailbox;
use edges::mailbox::{FetchLimits, Fetched, Folders, Haul, Left, ListedMail, MailboxError, MailboxSession, Position};
use left_mails::{Doubted, KnownLeft};
use missing::MissingMails;
use move_judged::{Extent, Listing};
use refusing_folders::RefusingFolders;
use store::{Received, StoreError};

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
    /// In how long a mail that could not be taken is to be tried again, if there is one.
    pub again: Option<Duration>,
}

/// Mailbox to judgement.
#[derive(Debug)]
pub struct Intake {
    pub(super) judge: Judge,
    pub(super) tracer: MailboxTrace,
    pub(super) folders: Folders,
    pub(super) holding: RefusingFolders,
    pub(super) doubted: Doubted,
}

/// What is known of a mailbox during one sweep.
struct KnownMails {
    strays: MissingMails,
    left: KnownLeft,
}

/// What came of one reading.
#[derive(Default)]
struct Taken {
    received: usize,
    /// Mails that were known to be left, and are left again.
    left_again: usize,
}

impl Intake {
    /// The intake of the mailbox whose mails this judge judges, and whose folders are called so.
    pub fn new(judge: Judge, tracer: MailboxTrace, folders: Folders) -> Self {
        Self { judge, tracer, folders, holding: RefusingFolders::default(), doubted: Doubted::default() }
    }

    /// Who judges what this intake makes durable.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Who traces what is done on the mailbox.
    pub fn tracer(&self) -> &MailboxTrace {
        &self.tracer
    }

    /// One sweep: what is new is received, judged and moved batch by batch, so that no more of it is under way than one
    /// batch, however much waits. At `stop` it ends after the mail under way.
    pub async fn sweep(
        &self,
        session: MailboxSession,
        stop: &CancellationToken,
    ) -> Result<(MailboxSession, Sweep), IntakeError> {
        let (mut session, entries) = self.look_at_folders(session).await?.list().await?;
        let listing = Listing::of(&entries);
        let recorded = self.judge.store().known_positions(&self.judge.account).await?;
        let strays = MissingMails::among(&recorded, &listing, session.moves());
        let mut known = KnownMails { strays, left: self.still_left(&listing).await? };
        let new = entries.iter().filter(|entry| !recorded.contains_key(entry.position.as_str())).collect();
        drop(recorded);
        let order = self.order(new, &known.left);
        let mut sweep = Sweep { listed: entries.len(), ..Sweep::default() };
        let mut missing = order.sound.len().saturating_add(order.alone.len());
        let alone = order.alone.chunks(1).flat_map(|one| batches(one, self.judge.max_bytes()));
        for batch in batches(&order.sound, self.judge.max_bytes()).into_iter().chain(alone) {
            if stop.is_cancelled() {
                break;
            }
            let taken;
            (session, taken) = self.receive(session, batch, &mut known).await?;
            missing = missing.saturating_sub(taken.received.saturating_add(taken.left_again));
            sweep.received += taken.received;
            sweep.judged += Box::pin(self.judge.judge_all(stop)).await?;
            let moved;
            (session, moved) = self.file_judged(session, &listing, Extent::Seen).await?;
            sweep.moved += moved;
        }
        // Then a recorded mail that was not seen is not there under another position either.
        let mut whole = missing == 0;
        if whole {
            (session, whole) = self.have_gone(session, &known.strays).await?;
        }
        if whole {
            self.judge.store().moved(&self.judge.duty()?, &known.strays.rest(), self.judge.now()).await?;
        }
        sweep.judged += Box::pin(self.judge.judge_all(stop)).await?;
        let (session, moved) =
            self.file_judged(session, &listing, if whole { Extent::All } else { Extent::Seen }).await?;
        sweep.moved += moved;
        sweep.again = self.next_try().await?;
        Ok((session, sweep))
    }

    /// Makes a batch durable, before anything changes in the mailbox.
    async fn receive(
        &self,
        session: MailboxSession,
        batch: Batch<'_, '_>,
        known: &mut KnownMails,
    ) -> Result<(MailboxSession, Taken), IntakeError> {
        let one;
        let (entries, is_large) = match batch {
            Batch::Usual(entries) => (entries, false),
            Batch::Large(entry) => {
                one = [entry];
                (one.as_slice(), true)
            }
        };
        let positions: Vec<Position> = entries.iter().map(|entry| entry.position.clone()).collect();
        let (session, haul) = match session.fetch(&positions, self.limits()).await {
            Ok(read) => read,
            Err(failure) => return Err(self.blame(entries, failure, &known.left).await?),
        };
        self.judge.beat();
        match entries {
            [entry] if is_large => {
                self.tracer.header_fetched(entry, haul.mails.first().map(|mail| mail.raw.len())).await?;
            }
            entries => self.tracer.fetched(entries, &haul.mails).await?,
        }
        let Haul { mails, left } = apart(haul).await;
        let (session, are_others) = self.are_others(session, &known.strays, &mails).await?;
        if !are_others {
            return Ok((session, Taken::default()));
        }
        let left_again = self.leave(entries, &left, &known.left).await?;
        self.keep(mails.iter().map(|mail| self.received(mail)).collect(), &mut known.strays).await?;
        self.came_at_last(mails.iter().map(|mail| &mail.position), &known.left).await?;
        fail_point!("mail-received");
        Ok((session, Taken { received: mails.len(), left_again }))
    }

    /// Makes mails durable, but for those that were left in place and are found at another position. A mail whose twin was
    /// moved by an attempt that a crash cut short comes after that move: it is a duplicate, not the same mail once more.
    async fn keep(&self, mails: Vec<Received<'_>>, strays: &mut MissingMails) -> Result<(), StoreError> {
        let (mut found, mut new, mut filed) = (Vec::new(), Vec::new(), Vec::new());
        for mail in mails {
            let sha256 = mail.sha256();
            filed.extend(strays.filed_before(&sha256));
            match strays.claim(&sha256) {
                Some(id) => found.push((id, mail.position)),
                None => new.push(mail),
            }
        }
        self.judge.store().moved(&self.judge.duty()?, &filed, self.judge.now()).await?;
        self.judge.store().relocate(&self.judge.duty()?, &found).await?;
        self.judge.store().receive(&self.judge.duty()?, &new, self.judge.now()).await
    }

    /// How much of a mail is read.
    pub(super) fn limits(&self) -> FetchLimits {
        FetchLimits { whole: self.judge.max_bytes(), header: MAX_HEADER }
    }

    fn received<'a>(&'a self, mail: &'a Fetched) -> Received<'a> {
        Received {
            account: &self.judge.account,
            position: mail.position.as_str(),
            raw: &mail.raw,
            size: mail.size,
            headers_only: mail.header_only,
        }
    }
}

/// Keeps apart what stands for a mail that its server could not convert: it is not what was sent, and the original is
/// still there.
async fn apart(haul: Haul) -> Haul {
    let mut sorted = Haul { mails: Vec::with_capacity(haul.mails.len()), left: haul.left };
    for mail in haul.mails {
        if is_substitute(&mail.raw).await {
            sorted.left.push(Left { position: mail.position, cause: Cause::Substitute, detail: String::new() });
        } else {
            sorted.mails.push(mail);
        }
    }
    sorted
}

/// What is received together.
enum Batch<'a, 'b> {
    Usual(&'a [&'b ListedMail]),
    Large(&'b ListedMail),
}

/// Batches small enough to be kept in memory at once, in the order of the list.
fn batches<'a, 'b>(entries: &'a [&'b ListedMail], max_bytes: u64) -> Vec<Batch<'a, 'b>> {
    let runs = entries.chunk_by(|one, next| one.size.max(next.size) <= max_bytes);
    runs.flat_map(|run| match run {
        [one] if one.size > max_bytes => vec![Batch::Large(one)],
        usual => mailbox::batches(usual).into_iter().map(Batch::Usual).collect(),
    })
    .collect()
}
