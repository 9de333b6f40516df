//! Putting a file where nothing is lost by it: the way mail is delivered to a Maildir.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use base::fail_point;

/// What became of a file that was to be put somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// It is there, and no longer where it was.
    Here,
    /// Another file bears the name; nothing was changed.
    NameTaken,
}

/// Delivers a mail to a Maildir, which is made if need be: written to `tmp`, made durable, then put
/// into `new` in one step, so that no reader ever sees half of it.
///
/// `unique` names the file and must differ between mails, as <https://cr.yp.to/proto/maildir.html>
/// asks. Returns the path in `new`. Errors: `InvalidInput` if `unique` cannot name a mail,
/// `AlreadyExists` if another mail bears it, or what the disk says.
pub fn deliver(maildir: &Path, bytes: &[u8], unique: &str) -> io::Result<PathBuf> {
    if !is_mail_name(unique) {
        return Err(io::Error::from(ErrorKind::InvalidInput));
    }
    make_directories(maildir)?;
    let written = maildir.join("tmp").join(unique);
    write_durably(&written, bytes)?;
    let new = maildir.join("new");
    let delivered = new.join(unique);
    if place(&written, &delivered)? == Placed::NameTaken {
        fs::remove_file(&written)?;
        return Err(io::Error::from(ErrorKind::AlreadyExists));
    }
    sync_directory(&new)?;
    Ok(delivered)
}

/// Makes `tmp`, `new` and `cur`, durably.
pub(super) fn make_directories(maildir: &Path) -> io::Result<()> {
    for directory in ["tmp", "new", "cur"] {
        let directory = maildir.join(directory);
        if !directory.is_dir() {
            fs::create_dir_all(&directory)?;
            sync_directory(maildir)?;
            maildir.parent().filter(|parent| parent.is_dir()).map_or(Ok(()), sync_directory)?;
        }
    }
    Ok(())
}

/// Moves a file to a name nobody bears. A rename would overwrite a mail of that name; a second
/// link cannot, and a crash between the two steps leaves both names, which the next call mends.
pub(super) fn place(source: &Path, target: &Path) -> io::Result<Placed> {
    match fs::hard_link(source, target) {
        Ok(()) => leave(source, target),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if is_same_file(source, target)? {
                leave(source, target)
            } else {
                Ok(Placed::NameTaken)
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Err(error),
        // Some disks have no links, and Linux refuses one to a file of another user that we may
        // not write (protected_hardlinks): then a look before the rename has to do.
        Err(_) if target.symlink_metadata().is_ok() => Ok(Placed::NameTaken),
        Err(_) => fs::rename(source, target).map(|()| Placed::Here),
    }
}

/// Removes the old name. If it is not there any more, another program renamed it between the two
/// steps: the new name is taken back, for the caller to look where the mail is.
fn leave(source: &Path, target: &Path) -> io::Result<Placed> {
    fail_point!("maildir-linked");
    let removed = fs::remove_file(source);
    if removed.is_err() {
        fs::remove_file(target)?;
    }
    removed.map(|()| Placed::Here)
}

/// Makes the names in a directory durable.
#[cfg(unix)]
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Windows has no such call; its file systems journal names.
#[cfg(not(unix))]
pub(super) fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_same_file(one: &Path, other: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (one, other) = (one.symlink_metadata()?, other.symlink_metadata()?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

#[cfg(not(unix))]
fn is_same_file(_one: &Path, _other: &Path) -> io::Result<bool> {
    Ok(false)
}

/// What an earlier, interrupted delivery of the same mail left in `tmp` is overwritten.
fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// One component of a path, without the characters that begin flags or hide a file.
fn is_mail_name(unique: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'\\' | b':' | b'!');
    (1..=200).contains(&unique.len()) && !unique.starts_with('.') && unique.bytes().all(legal)
}
