//! The mailbox that establishments write to: Maildir or IMAP, behind one small interface.
//!
//! [`Mailbox`] is what we want and survives; [`MailboxSession`] is what we have and dies. A step takes the
//! session by value and gives it back only when it succeeded, so that a broken one cannot be used
//! again: the worker opens another. Nothing here judges a mail, and nothing waits without a
//! deadline.
//!
//! Deliberately absent: flags as a memory of what was done (another client may change them),
//! sequence numbers (they shift under us), ENVELOPE and BODYSTRUCTURE (servers get them wrong).

mod error;
mod folder;
mod imap;
mod inspect;
mod mail;
mod maildir;
mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

pub use error::{MailboxError, MailboxSetupError, MailboxStep};
pub use inspect::{Hindrance, MailboxInspection, Quota, WaitingMails};
pub use mail::{
    Attempt, FetchLimits, Fetched, Folder, FolderError, Haul, Left, ListedMail, Moved, Position, PositionError, batches,
};
pub use maildir::deliver;
pub use settings::{Auth, Folders, ImapSettings, MailboxSettings, MaildirSettings, Security};

use base::tls::revocation::Revocation;

const LARGEST_HEADER: usize = 1024 * 1024;

/// A mailbox as configured, with at most one session at a time.
#[derive(Debug)]
pub struct Mailbox {
    account: String,
    backend: Backend,
    connection: Arc<Semaphore>,
}

/// An open mailbox.
#[derive(Debug)]
pub struct MailboxSession {
    connected: Connected,
    _connection: OwnedSemaphorePermit,
}

#[derive(Debug)]
enum Backend {
    Maildir(Box<maildir::Maildir>),
    Imap(Box<imap::Imap>),
}

#[derive(Debug)]
enum Connected {
    Maildir(Box<maildir::MaildirSession>),
    Imap(Box<imap::ImapSession>),
}

impl Mailbox {
    /// Checks the configuration, certificates included, without opening anything.
    pub fn new(settings: &MailboxSettings, folders: &Folders) -> Result<Self, MailboxSetupError> {
        let backend = match settings {
            MailboxSettings::Maildir(settings) => Backend::Maildir(Box::new(maildir::Maildir::new(settings, folders)?)),
            MailboxSettings::Imap(settings) => Backend::Imap(Box::new(imap::Imap::new(settings, folders)?)),
        };
        Ok(Self { account: settings.account(), backend, connection: Arc::new(Semaphore::new(1)) })
    }

    /// Checks the server's certificate against these lists too, from the next connection on.
    #[must_use]
    pub fn checking(mut self, revocation: Revocation) -> Self {
        if let Backend::Imap(imap) = &mut self.backend {
            imap.check_revocation(revocation);
        }
        self
    }

    /// Its name in the store ([`MailboxSettings::account`]).
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Opens the mailbox and makes the folders that are missing; one that cannot be made keeps nothing
    /// else back ([`MailboxSession::refusals`]). Certificates and passwords are read anew, so that renewed ones
    /// need no restart. Waits first where the last logins were too
    /// many; may be given up at any moment.
    pub async fn open(&mut self) -> Result<MailboxSession, MailboxError> {
        let permit = Arc::clone(&self.connection).try_acquire_owned().map_err(|_| MailboxError::AlreadyOpen)?;
        let connected = match &self.backend {
            Backend::Maildir(maildir) => Connected::Maildir(Box::new(maildir.open().await?)),
            Backend::Imap(imap) => Connected::Imap(Box::new(imap.open().await?)),
        };
        Ok(MailboxSession { connected, _connection: permit })
    }
}

impl MailboxSession {
    /// Every mail that waits, the oldest first.
    pub async fn list(mut self) -> Result<(Self, Vec<ListedMail>), MailboxError> {
        let entries = match &mut self.connected {
            Connected::Maildir(maildir) => maildir.list().await?,
            Connected::Imap(imap) => imap.list().await?,
        };
        Ok((self, entries))
    }

    /// The mails of the last [`list`](Self::list) at these positions, the larger ones by their header alone. All of them
    /// are in memory at once: [`batches`] says how many to ask for. However wrong the announced sizes are, no more than
    /// 16 MiB, or twice the announced bytes, is held.
    ///
    /// The bytes that come under an OK are the mail, whatever size was announced; fewer than that are asked for again,
    /// and are the mail if they are the same a second time. A mail that cannot be had is told apart, and keeps no other
    /// back. Absent from the answer: a mail that was not listed by this session, and one that has gone from a Maildir.
    pub async fn fetch(mut self, positions: &[Position], limits: FetchLimits) -> Result<(Self, Haul), MailboxError> {
        let limits = FetchLimits { header: limits.header.clamp(1, LARGEST_HEADER), ..limits };
        let haul = match &mut self.connected {
            Connected::Maildir(maildir) => maildir.fetch(positions, limits).await?,
            Connected::Imap(imap) => imap.fetch(positions, limits).await?,
        };
        Ok((self, haul))
    }

    /// Files judged mails, and says of each, in the same order, what became of it. A folder that refuses
    /// some is no error, and keeps nothing from the others ([`refusals`](Self::refusals)). On an error
    /// some may have moved; asking again is safe, once it is said that it is again.
    pub async fn file(
        mut self,
        moves: &[(Position, Folder)],
        attempt: Attempt,
    ) -> Result<(Self, Vec<Moved>), MailboxError> {
        let outcomes = match &mut self.connected {
            Connected::Maildir(maildir) => maildir.file(moves).await?,
            Connected::Imap(imap) => imap.file(moves, attempt).await?,
        };
        Ok((self, outcomes))
    }

    /// Whether mails that are filed leave the folder that is read. Otherwise each stays there ([`Moved::Left`]).
    pub fn moves(&self) -> bool {
        match &self.connected {
            Connected::Maildir(_) => true,
            Connected::Imap(imap) => imap.moves(),
        }
    }

    /// The folders that refused mails when they were last asked to take some, or could not be made, with what the
    /// server or the machine said.
    pub fn refusals(&self) -> &BTreeMap<Folder, String> {
        match &self.connected {
            Connected::Maildir(maildir) => maildir.refusals(),
            Connected::Imap(imap) => imap.refusals(),
        }
    }

    /// Makes the folders that are missing, as at the opening. What was said of the others is forgotten.
    pub async fn make_folders(mut self) -> Result<Self, MailboxError> {
        match &mut self.connected {
            Connected::Maildir(maildir) => maildir.make_folders().await?,
            Connected::Imap(imap) => imap.make_folders().await?,
        }
        Ok(self)
    }

    /// Waits until new mail may be there, `at_most` that long, or until `stop`. A [`list`](Self::list)
    /// is to follow: nothing is said of what woke us.
    pub async fn wait(mut self, at_most: Duration, stop: &CancellationToken) -> Result<Self, MailboxError> {
        match &mut self.connected {
            Connected::Maildir(maildir) => {
                stop.run_until_cancelled(maildir.wait(at_most)).await.unwrap_or(Ok(()))?;
            }
            Connected::Imap(imap) => imap.wait(at_most, stop).await?,
        }
        Ok(self)
    }

    /// Takes leave of the server, if it still listens.
    pub async fn close(self) {
        if let Connected::Imap(imap) = self.connected {
            imap.close().await;
        }
    }
}
