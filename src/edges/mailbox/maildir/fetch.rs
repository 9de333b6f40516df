//! Reading mails of a Maildir: as many bytes as were listed, and no more.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::super::error::MailboxError;
use super::super::mail::{FetchLimits, Fetched, Haul, Left, Position};
use super::list::{Inbox, scan};
use base::unread::Cause;

/// A file that is there and gives no mail.
struct Failed(Cause, String);

/// Reads the mails of one batch, which `inbox` listed with these sizes. One that cannot be read keeps no other back.
pub(super) fn mails(
    root: &Path,
    mut inbox: Inbox,
    wanted: Vec<(Position, u64)>,
    limits: FetchLimits,
) -> Result<Haul, MailboxError> {
    let mut haul = Haul::default();
    for (position, size) in wanted {
        match mail(root, &mut inbox, &position, size, limits)? {
            None => {}
            Some(Ok(mail)) => haul.mails.push(mail),
            Some(Err(Failed(cause, detail))) => haul.left.push(Left { position, cause, detail }),
        }
    }
    Ok(haul)
}

/// Nothing if it has gone. Looks again if it is not where it was: another client may have changed its flags.
fn mail(
    root: &Path,
    inbox: &mut Inbox,
    position: &Position,
    size: u64,
    limits: FetchLimits,
) -> Result<Option<Result<Fetched, Failed>>, MailboxError> {
    let is_large = size > limits.whole;
    let bytes = if is_large { u64::try_from(limits.header).unwrap_or(u64::MAX) } else { size.saturating_add(1) };
    for _ in 0..2 {
        let Some(path) = inbox.path(position) else { return Ok(None) };
        match beginning(path, bytes) {
            Ok(raw) if is_large && !raw.is_empty() => {
                return Ok(Some(Ok(Fetched::header(position.clone(), raw, size))));
            }
            Ok(raw) => return Ok(Some(whole(position, raw, size))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => *inbox = scan(root)?,
            Err(error) => return Ok(Some(Err(Failed(Cause::Unreadable, error.kind().to_string())))),
        }
    }
    Ok(None)
}

fn whole(position: &Position, raw: Vec<u8>, size: u64) -> Result<Fetched, Failed> {
    if raw.is_empty() {
        return Err(Failed(Cause::Empty, String::new()));
    }
    if u64::try_from(raw.len()).unwrap_or(u64::MAX) == size {
        return Ok(Fetched::whole(position.clone(), raw));
    }
    Err(Failed(Cause::Changing, format!("{size} octets énumérés, un autre nombre à la lecture")))
}

fn beginning(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
