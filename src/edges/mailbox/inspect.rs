//! A mailbox looked at without changing anything in it: for the diagnosis.
//!
//! Nothing is made, fetched, marked or moved. SELECT alone leaves a trace, the `\Recent` flag, which
//! nothing here goes by.

use std::path::PathBuf;

use jiff::Timestamp;

use super::error::MailboxError;
use super::imap::Probe;
use super::maildir::Maildir;
use super::{Backend, Mailbox};

/// A mailbox being looked at.
#[derive(Debug)]
pub struct MailboxInspection<'a>(Backing<'a>);

#[derive(Debug)]
enum Backing<'a> {
    Maildir(&'a Maildir),
    Imap(Box<Probe>),
}

/// The mails that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingMails {
    /// How many.
    pub number: usize,
    /// When the oldest came, if the mailbox says so.
    pub oldest: Option<Timestamp>,
}

/// How full a mailbox is (RFC 2087).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// In units of 1024 bytes.
    pub used: u64,
    /// In the same units; the limit.
    pub limit: u64,
}

/// What will keep judged mails from leaving the folder that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hindrance {
    /// The name of a folder that is not there must begin otherwise.
    Prefix {
        /// The folder.
        folder: String,
        /// How names may begin.
        prefixes: Vec<String>,
    },
    /// We lack rights that filing takes.
    Rights {
        /// The folder.
        folder: String,
        /// What we may do there, or where it is to be made, in the letters of RFC 4314.
        had: String,
        /// What we may not, in the same letters.
        lacking: String,
    },
}

impl Mailbox {
    /// Connects and identifies, as [`open`](Self::open) does, and stops there.
    pub async fn look(&self) -> Result<MailboxInspection<'_>, MailboxError> {
        Ok(MailboxInspection(match &self.backend {
            Backend::Maildir(maildir) => Backing::Maildir(maildir),
            Backend::Imap(imap) => Backing::Imap(Box::new(Box::pin(imap.probe()).await?)),
        }))
    }

    /// The directories of a Maildir's folders with their names, whether they are there or not; none
    /// for a server.
    pub fn directories(&self) -> Vec<(String, PathBuf)> {
        match &self.backend {
            Backend::Maildir(maildir) => maildir.folders(),
            Backend::Imap(_) => Vec::new(),
        }
    }
}

impl MailboxInspection<'_> {
    /// Whether mails can be taken out of the folder that is read, and what waits in it.
    pub async fn waiting(&mut self) -> Result<WaitingMails, MailboxError> {
        let entries = match &mut self.0 {
            Backing::Maildir(maildir) => maildir.look().await?,
            Backing::Imap(probe) => probe.list().await?,
        };
        let oldest = entries.iter().filter_map(|entry| entry.internal_date).min();
        Ok(WaitingMails { number: entries.len(), oldest })
    }

    /// Whether new mail is noticed as it comes, not at the next interval.
    pub fn announces(&self) -> bool {
        match &self.0 {
            Backing::Maildir(_) => true,
            Backing::Imap(probe) => probe.announces(),
        }
    }

    /// Whether judged mails can leave the folder that is read.
    pub fn moves(&self) -> bool {
        match &self.0 {
            Backing::Maildir(_) => true,
            Backing::Imap(probe) => probe.moves(),
        }
    }

    /// The folders to file in that the first opening will have to make.
    pub async fn missing_folders(&mut self) -> Result<Vec<String>, MailboxError> {
        match &mut self.0 {
            Backing::Maildir(maildir) => {
                let absent = maildir.folders().into_iter().filter(|(_, directory)| !directory.is_dir());
                Ok(absent.map(|(name, _)| name).collect())
            }
            Backing::Imap(probe) => probe.missing_folders().await,
        }
    }

    /// What will keep mails out of these folders, as far as the server tells beforehand, `missing` being those that
    /// are to be made.
    pub fn hindrances(&self, missing: &[String]) -> Vec<Hindrance> {
        match &self.0 {
            Backing::Maildir(_) => Vec::new(),
            Backing::Imap(probe) => probe.hindrances(missing),
        }
    }

    /// How full the mailbox is; nothing where that is not told or not limited.
    pub fn quota(&self) -> Option<Quota> {
        match &self.0 {
            Backing::Maildir(_) => None,
            Backing::Imap(probe) => probe.quota(),
        }
    }

    /// Takes leave.
    pub async fn close(self) {
        if let Backing::Imap(probe) = self.0 {
            probe.close().await;
        }
    }
}
