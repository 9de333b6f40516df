//! The Maildir backend: a directory with `tmp`, `new` and `cur`, as every mail server delivers to.
//!
//! Both `new` and `cur` are read, since another client may have moved a mail to `cur`; `tmp`
//! belongs to those who deliver. Every step runs on a blocking thread, under a deadline: a network
//! disk may hang as a server does.

mod deliver;
mod fetch;
mod list;
mod move_mails;
mod name;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::error::{MailboxError, MailboxSetupError, MailboxStep};
use super::folder::{Destinations, Name};
use super::mail::{FetchLimits, Folder, Haul, ListedMail, Moved, Position, batches_by};
use super::settings::{Folders, MaildirSettings};
use list::Inbox;

pub use deliver::deliver;

/// The longest a step may take: long enough for a slow disk, short enough to be told.
const STEP_LIMIT: Duration = Duration::from_mins(1);
/// Steps at one time, over all mailboxes: those of a disk that hangs count until they end.
static AT_ONCE: Semaphore = Semaphore::const_new(32);
/// How often the directory is looked at while waiting.
const POLL: Duration = Duration::from_millis(500);

/// A Maildir as configured.
#[derive(Debug)]
pub(super) struct Maildir {
    root: PathBuf,
    destinations: Destinations,
}

/// A Maildir that was there when it was opened.
#[derive(Debug)]
pub(super) struct MaildirSession {
    root: PathBuf,
    destinations: Destinations,
    inbox: Inbox,
    /// The folders that take no mails, and why.
    refused: BTreeMap<Folder, String>,
}

impl Maildir {
    pub(super) fn new(settings: &MaildirSettings, folders: &Folders) -> Result<Self, MailboxSetupError> {
        Ok(Self { root: settings.path.clone(), destinations: Destinations::in_maildir(folders)? })
    }

    /// Where each kind of mail is filed, whether it is there or not.
    pub(super) fn folders(&self) -> Vec<(String, PathBuf)> {
        let folder = |name: &super::folder::Name| (name.shown().to_owned(), move_mails::directory(&self.root, name));
        self.destinations.names().map(folder).collect()
    }

    /// Every mail that waits, the oldest first, with nothing opened or made.
    pub(super) async fn look(&self) -> Result<Vec<ListedMail>, MailboxError> {
        let root = self.root.clone();
        Ok(blocking(MailboxStep::List, move || list::scan(&root)).await?.entries())
    }

    /// The directory must exist: one made here would hide a wrong path for ever. The folders to
    /// file in are made.
    pub(super) async fn open(&self) -> Result<MaildirSession, MailboxError> {
        let (root, destinations) = (self.root.clone(), self.destinations.clone());
        let mut session = MaildirSession { root, destinations, inbox: Inbox::default(), refused: BTreeMap::new() };
        session.scan(MailboxStep::Folders).await?;
        session.make_folders().await?;
        Ok(session)
    }
}

impl MaildirSession {
    pub(super) async fn list(&mut self) -> Result<Vec<ListedMail>, MailboxError> {
        let inbox = self.scan(MailboxStep::List).await?;
        inbox.warn_of_what_is_no_mail(&self.inbox);
        self.inbox = inbox;
        Ok(self.inbox.entries())
    }

    pub(super) async fn fetch(&mut self, positions: &[Position], limits: FetchLimits) -> Result<Haul, MailboxError> {
        let wanted: Vec<(Position, u64)> =
            positions.iter().filter_map(|position| self.inbox.wanted(position)).collect();
        let mut haul = Haul::default();
        for batch in batches_by(&wanted, |(_, size)| *size) {
            let (inbox, batch) = (self.inbox.clone(), batch.to_vec());
            let root = self.root.clone();
            let read = blocking(MailboxStep::Fetch, move || fetch::mails(&root, inbox, batch, limits)).await?;
            haul.mails.extend(read.mails);
            haul.left.extend(read.left);
        }
        Ok(haul)
    }

    pub(super) async fn file(&mut self, asked: &[(Position, Folder)]) -> Result<Vec<Moved>, MailboxError> {
        let root = self.root.clone();
        let moves: Vec<(Position, PathBuf)> = asked
            .iter()
            .map(|(position, folder)| (position.clone(), move_mails::directory(&root, self.destinations.of(*folder))))
            .collect();
        let folders: Vec<Folder> = asked.iter().map(|(_, folder)| *folder).collect();
        let filed = blocking(MailboxStep::File, move || move_mails::file(&root, &moves)).await?;
        for folder in &folders {
            self.refused.remove(folder);
        }
        let mut outcome = |(folder, filed): (Folder, move_mails::Filed)| {
            filed.unwrap_or_else(|said| {
                self.refused.insert(folder, said);
                Moved::Refused
            })
        };
        Ok(folders.into_iter().zip(filed).map(&mut outcome).collect())
    }

    pub(super) fn refusals(&self) -> &BTreeMap<Folder, String> {
        &self.refused
    }

    /// Makes the folders that are missing; one that cannot be made is no reason not to read mails.
    pub(super) async fn make_folders(&mut self) -> Result<(), MailboxError> {
        let folder = |(folder, name): (Folder, &Name)| (folder, move_mails::directory(&self.root, name));
        let folders: Vec<(Folder, PathBuf)> = self.destinations.all().map(folder).collect();
        self.refused = blocking(MailboxStep::Folders, move || {
            let refused = |(folder, directory): &(Folder, PathBuf)| {
                let error = move_mails::create(directory).err()?;
                Some((*folder, move_mails::told(&error)))
            };
            Ok(folders.iter().filter_map(refused).collect())
        })
        .await?;
        Ok(())
    }

    /// Until a mail is there that the last list did not show.
    pub(super) async fn wait(&mut self, at_most: Duration) -> Result<(), MailboxError> {
        timeout(at_most, self.until_new_mail()).await.unwrap_or(Ok(()))
    }

    async fn until_new_mail(&self) -> Result<(), MailboxError> {
        while !self.scan(MailboxStep::List).await?.has_more_than(&self.inbox) {
            sleep(POLL).await;
        }
        Ok(())
    }

    async fn scan(&self, step: MailboxStep) -> Result<Inbox, MailboxError> {
        let root = self.root.clone();
        blocking(step, move || list::scan(&root)).await
    }
}

async fn blocking<T: Send + 'static>(
    step: MailboxStep,
    work: impl FnOnce() -> Result<T, MailboxError> + Send + 'static,
) -> Result<T, MailboxError> {
    let Ok(Ok(turn)) = timeout(STEP_LIMIT, AT_ONCE.acquire()).await else { return Err(MailboxError::Timeout(step)) };
    let work = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    match timeout(STEP_LIMIT, work).await {
        Err(_) => Err(MailboxError::Timeout(step)),
        Ok(Err(_)) => Err(MailboxError::Broken(step)),
        Ok(Ok(done)) => done,
    }
}

/// Adds the path to an error of the disk.
fn at(path: &Path) -> impl FnOnce(io::Error) -> MailboxError {
    let path = path.to_owned();
    move |source| MailboxError::Io { path, source }
}
