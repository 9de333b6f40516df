//! Reading mails of a Maildir: as many bytes as were listed, and no more.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use tracing::warn;

use super::super::error::MailboxError;
use super::super::mail::{Fetched, Position, header_of};
use super::at;
use super::scan::{Inbox, scan};

/// What a batch gave.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) mails: Vec<Fetched>,
    pub(super) suspects: u64,
}

/// Reads the mails of one batch, which `inbox` listed with these sizes.
pub(super) fn mails(root: &Path, mut inbox: Inbox, wanted: Vec<(Position, u64)>) -> Result<Batch, MailboxError> {
    let mut batch = Batch::default();
    for (position, size) in wanted {
        let Some(raw) = read(root, &mut inbox, &position, size.saturating_add(1))? else { continue };
        let bytes = u64::try_from(raw.len()).unwrap_or(u64::MAX);
        if bytes == size && bytes > 0 {
            batch.mails.push(Fetched { position, raw });
        } else {
            warn!(mail.position = %position, size, "mail {position} is empty or is being changed: left alone");
            batch.suspects = batch.suspects.saturating_add(1);
        }
    }
    Ok(batch)
}

/// Reads the beginning of one mail, and keeps its header.
pub(super) fn header(root: &Path, position: &Position, limit: usize) -> Result<Option<Vec<u8>>, MailboxError> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    Ok(read(root, &mut scan(root)?, position, limit)?.map(header_of))
}

/// Looks again if the mail is not where it was: another client may have changed its flags.
fn read(root: &Path, inbox: &mut Inbox, position: &Position, limit: u64) -> Result<Option<Vec<u8>>, MailboxError> {
    for _ in 0..2 {
        let Some(path) = inbox.path(position) else { return Ok(None) };
        match beginning(path, limit) {
            Ok(bytes) => return Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => *inbox = scan(root)?,
            Err(error) => return Err(at(path)(error)),
        }
    }
    Ok(None)
}

fn beginning(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
