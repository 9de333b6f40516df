//! Filing in a Maildir: a mail changes its directory and nothing else, and no other mail is lost by it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::super::error::MailboxError;
use super::super::folder::Name;
use super::super::mail::{Moved, Position};
use super::deliver::{Placed, make_directories, place, sync_directory};
use super::list::{Inbox, scan};
use super::{at, name};
use base::fail_point;

/// Names to try in the folder before giving up, and looks for a mail whose flags keep changing.
const ATTEMPTS: u32 = 100;

/// Where Maildir++ keeps a folder: `.Name` beside `new` and `cur`; Dovecot serves it by IMAP.
pub(super) fn directory(root: &Path, name: &Name) -> PathBuf {
    root.join(format!(".{}", name.wire()))
}

/// Makes a folder of Maildir++ unless it is there, with the empty file that marks it as one.
pub(super) fn create(folder: &Path) -> Result<(), MailboxError> {
    let mark = || fs::File::options().append(true).create(true).open(folder.join("maildirfolder"));
    make_directories(folder).and_then(|()| mark().map(drop)).map_err(at(folder))
}

/// What became of a move, or why its folder did not take the mail.
pub(super) type Filed = Result<Moved, String>;

/// Files mails, then makes both sides of every move durable.
pub(super) fn file(root: &Path, moves: &[(Position, PathBuf)]) -> Result<Vec<Filed>, MailboxError> {
    let mut inbox = scan(root)?;
    let mut touched = BTreeSet::new();
    let mut outcomes = Vec::with_capacity(moves.len());
    for (position, folder) in moves {
        let filed = file_one(root, &mut inbox, position, folder);
        if filed.is_ok() {
            touched.insert(folder.join("cur"));
        }
        outcomes.push(filed.map_err(|error| told(&error)));
    }
    fail_point!("maildir-moved");
    touched.extend([root.join("new"), root.join("cur")]);
    for directory in touched {
        sync_directory(&directory).map_err(at(&directory))?;
    }
    Ok(outcomes)
}

/// An error with its cause, on one line.
pub(super) fn told(error: &MailboxError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(" : {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

fn file_one(root: &Path, inbox: &mut Inbox, position: &Position, folder: &Path) -> Result<Moved, MailboxError> {
    create(folder)?;
    let mut taken = 0;
    for _ in 0..ATTEMPTS {
        let Some(source) = inbox.path(position) else { return Ok(Moved::Gone) };
        let target = folder.join("cur").join(name::filed(position, taken));
        match place(source, &target) {
            Ok(Placed::Here) => return Ok(Moved::Done),
            Ok(Placed::NameTaken) => taken += 1,
            // Its flags changed, or another program took it: look where it is.
            Err(error) if error.kind() == ErrorKind::NotFound => *inbox = scan(root)?,
            Err(error) => return Err(at(source)(error)),
        }
    }
    Err(at(folder)(io::Error::from(ErrorKind::AlreadyExists)))
}
