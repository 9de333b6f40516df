//! What waits in a Maildir: one look at `new` and `cur`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tracing::warn;

use super::super::error::MailboxError;
use super::super::mail::{ListedMail, Position};
use super::{at, name};

/// The mails of one look, by position.
#[derive(Debug, Clone, Default)]
pub(super) struct Inbox {
    mails: BTreeMap<Position, UnlistedFile>,
    /// Names of what lies there and is no mail.
    strangers: BTreeSet<String>,
}

#[derive(Debug, Clone)]
struct UnlistedFile {
    path: PathBuf,
    size: u64,
    delivered: Option<Timestamp>,
}

impl Inbox {
    /// The oldest first: by time of delivery, then by name.
    pub(super) fn entries(&self) -> Vec<ListedMail> {
        let mut entries: Vec<ListedMail> =
            self.mails.iter().map(|(position, waiting)| waiting.entry(position)).collect();
        entries.sort_by_key(|entry| entry.internal_date);
        entries
    }

    pub(super) fn path(&self, position: &Position) -> Option<&Path> {
        self.mails.get(position).map(|waiting| waiting.path.as_path())
    }

    pub(super) fn wanted(&self, position: &Position) -> Option<(Position, u64)> {
        self.mails.get(position).map(|waiting| (position.clone(), waiting.size))
    }

    pub(super) fn has_more_than(&self, earlier: &Self) -> bool {
        self.mails.keys().any(|position| !earlier.mails.contains_key(position))
    }

    /// Once for each, not at every look.
    pub(super) fn warn_of_what_is_no_mail(&self, earlier: &Self) {
        for name in self.strangers.difference(&earlier.strangers) {
            warn!(file.name = %name, "{name} in the Maildir is no regular file, or its name is too long: ignored");
        }
    }

    fn see(&mut self, entry: &DirEntry) -> io::Result<()> {
        let file_name = entry.file_name();
        if file_name.as_encoded_bytes().starts_with(b".") {
            return Ok(());
        }
        let metadata = entry.metadata()?;
        match name::position(&file_name) {
            Some(position) if metadata.is_file() => {
                self.mails.insert(position, UnlistedFile::new(entry.path(), &metadata));
            }
            _ => {
                self.strangers.insert(domain::defect::excerpt(&file_name.to_string_lossy()));
            }
        }
        Ok(())
    }
}

impl UnlistedFile {
    fn new(path: PathBuf, metadata: &Metadata) -> Self {
        let delivered = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        Self { path, size: metadata.len(), delivered }
    }

    fn entry(&self, position: &Position) -> ListedMail {
        ListedMail { position: position.clone(), size: self.size, internal_date: self.delivered }
    }
}

/// Looks at `new`, then at `cur`: a mail that another client moves on meanwhile is seen twice,
/// which is harmless, and never missed. Hidden names are no mails, as everywhere in Maildir.
pub(super) fn scan(root: &Path) -> Result<Inbox, MailboxError> {
    let mut inbox = Inbox::default();
    for directory in ["new", "cur"] {
        let directory = root.join(directory);
        for entry in directory.read_dir().map_err(at(&directory))? {
            let entry = entry.map_err(at(&directory))?;
            match inbox.see(&entry) {
                // Taken away between the two calls.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                seen => seen.map_err(at(&entry.path()))?,
            }
        }
    }
    Ok(inbox)
}
