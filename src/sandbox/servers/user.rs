//! As whom the servers run: started by root they go down to users of their own, who must be given their files.

use std::path::Path;
use std::process::Command;

use super::{ServersError, io_error};

/// Who starts the servers.
#[derive(Debug)]
pub(super) enum Owner {
    /// Root: each server has users of its own.
    Root,
    /// Anybody else: everything runs as that user.
    Somebody {
        /// Name of the user.
        user: String,
        /// Name of the user's group.
        group: String,
    },
}

impl Owner {
    /// The owner of a folder that this process made or may use.
    pub(super) fn of(folder: &Path) -> Result<Self, ServersError> {
        if id(&["-u"]).map_err(io_error(folder))?.as_deref() == Some("0") {
            return Ok(Self::Root);
        }
        let name = |flag| id(&[flag]).map_err(io_error(folder));
        match (name("-un")?, name("-gn")?) {
            (Some(user), Some(group)) => Ok(Self::Somebody { user, group }),
            _ => Err(ServersError::User("courant".to_owned())),
        }
    }

    /// Lets the servers' users go through a folder, without letting them look into it.
    pub(super) fn open(&self, folder: &Path) -> Result<(), ServersError> {
        match self {
            Self::Somebody { .. } => Ok(()),
            Self::Root => pass_through(folder).map_err(io_error(folder)),
        }
    }

    /// The user and group that a server runs as, of which root has such ones.
    pub(super) fn account<'a>(&'a self, user: &'a str, group: &'a str) -> (&'a str, &'a str) {
        match self {
            Self::Root => (user, group),
            Self::Somebody { user, group } => (user, group),
        }
    }

    /// Gives a file or folder to a user of a server.
    pub(super) fn give(&self, path: &Path, user: &str) -> Result<(), ServersError> {
        match self {
            Self::Somebody { .. } => Ok(()),
            Self::Root => {
                let number = |flag| {
                    let number = id(&[flag, user]).map_err(io_error(path))?;
                    number.and_then(|text| text.parse().ok()).ok_or_else(|| ServersError::User(user.to_owned()))
                };
                give(path, number("-u")?, number("-g")?).map_err(io_error(path))
            }
        }
    }
}

/// What `id` says; `None` if there is no such user.
fn id(arguments: &[&str]) -> std::io::Result<Option<String>> {
    let output = Command::new("id").args(arguments).output()?;
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
}

#[cfg(unix)]
fn pass_through(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = folder.metadata()?.permissions().mode();
    std::fs::set_permissions(folder, PermissionsExt::from_mode(mode | 0o011))
}

/// Neither server exists there.
#[cfg(not(unix))]
fn pass_through(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn give(path: &Path, user: u32, group: u32) -> std::io::Result<()> {
    std::os::unix::fs::chown(path, Some(user), Some(group))
}

/// Neither server exists there.
#[cfg(not(unix))]
fn give(_path: &Path, _user: u32, _group: u32) -> std::io::Result<()> {
    Ok(())
}
