//! Real mail servers for the sandbox: Dovecot over its Maildirs (IMAP, LMTP), exim for submission; both want a
//! client certificate. They run on free ports of this machine, below the sandbox's folder, and end with it.

mod daemon;
mod dovecot;
mod exim;
mod user;

use std::io;
use std::path::{Path, PathBuf};

use super::pki::Pki;
use super::setup::quoted;
use daemon::Daemon;
use user::Owner;

/// The password of every mailbox: what guards them is the client certificate.
pub const PASSWORD: &str = "bac-a-sable";

/// The variables by which libfaketime gives a program another time. Servers clear the environment of their children,
/// and would be the only ones to go by the machine's clock.
pub const CLOCK_VARIABLES: [&str; 3] = ["LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC"];

/// Mail servers that cannot be had. A person must help.
#[derive(Debug, thiserror::Error)]
pub enum ServersError {
    /// A program is not installed.
    #[error("{program} est absent de cette machine : installez le paquet Debian {package} (apt-get install {package})")]
    Absent {
        /// The program.
        program: &'static str,
        /// The Debian package that brings it.
        package: &'static str,
    },
    /// A file or folder of theirs cannot be made.
    #[error("{} : {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A user of the system that a server needs is not there.
    #[error("l’utilisateur {0} n’existe pas sur cette machine : son paquet est mal installé")]
    User(String),
    /// A server did not come up.
    #[error("{program} n’a pas démarré ; son journal finit par :\n{log}")]
    Start {
        /// The program.
        program: &'static str,
        /// The last lines it wrote.
        log: String,
    },
}

/// Running servers; they end with the value.
#[derive(Debug)]
pub(super) struct Servers {
    /// Where every mailbox is kept, one Maildir for each address.
    pub(super) maildirs: PathBuf,
    /// What goes with `[mailbox]` in the configuration.
    pub(super) imap: String,
    /// The section `[smtp]` of the configuration.
    pub(super) smtp: String,
    /// Where people find them.
    pub(super) ports: Ports,
    // exim ends first: it hands over to Dovecot.
    _exim: Daemon,
    _dovecot: Daemon,
}

/// Where real servers listen, on `localhost`, with STARTTLS; both want a client certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// IMAP, for every mailbox.
    pub imap: u16,
    /// Submission, for everybody.
    pub smtp: u16,
}

impl Servers {
    /// Starts both below `folder`. The mailbox of `user` is the one the configuration reads.
    pub(super) async fn start(folder: &Path, pki: &Pki, user: &str) -> Result<Self, ServersError> {
        let folders = daemon::folders();
        let binaries = (dovecot::find(&folders)?, exim::find(&folders)?);
        let owner = Owner::of(folder)?;
        owner.open(folder)?;
        let maildirs = folder.join("maildirs");
        let server = dovecot::Dovecot { folder: &folder.join("imap"), maildirs: &maildirs, pki, owner: &owner };
        let (dovecot, imap) = server.start(&binaries.0).await?;
        let submission = exim::Exim { folder: &folder.join("smtp"), lmtp: &server.lmtp(), pki, owner: &owner };
        let (exim, smtp) = submission.start(&binaries.1).await?;
        Ok(Self {
            maildirs,
            imap: dovecot::section(imap, user, pki),
            smtp: exim::section(smtp, pki),
            ports: Ports { imap, smtp },
            _exim: exim,
            _dovecot: dovecot,
        })
    }
}

/// The last lines of a section: whom to trust, and what to show.
fn certificates(pki: &Pki) -> String {
    let (ca, client) = (quoted(&pki.ca), &pki.client);
    let (certificate, key) = (quoted(&client.certificate), quoted(&client.key));
    format!("ca = {ca}\nidentity = {{ certificate = {certificate}, key = {key} }}\n")
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> ServersError {
    let path = path.to_owned();
    move |source| ServersError::Io { path, source }
}

fn make_folder(path: &Path) -> Result<(), ServersError> {
    std::fs::create_dir_all(path).map_err(io_error(path))
}

fn write(path: &Path, text: &str) -> Result<(), ServersError> {
    std::fs::write(path, text).map_err(io_error(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_not_installed_is_told_with_its_package() {
        let check = |found: Result<PathBuf, ServersError>, program: &str, package: &str| {
            let told = found.unwrap_err().to_string();
            assert!(told.starts_with(&format!("{program} est absent de cette machine")), "{told}");
            assert!(told.ends_with(&format!("(apt-get install {package})")), "{told}");
        };
        let empty = tempfile::tempdir().unwrap();
        let folders = [empty.path().to_owned()];
        check(dovecot::find(&folders), "Dovecot", "dovecot-imapd");
        check(exim::find(&folders), "exim", "exim4-daemon-light");
    }
}
