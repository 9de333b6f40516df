//! The backends that the behaviour is tested on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use edges::mailbox::{
    FetchLimits, Folder, Folders, ListedMail, Mailbox, MailboxSession, MailboxSettings, MaildirSettings, Position,
    Security,
};
use tempfile::TempDir;

use crate::dovecot::{ClientCertificate, Dovecot};
use crate::pymap::Pymap;

pub(super) enum World {
    Maildir(TempDir),
    Imap(Box<Dovecot>, Security),
    Second(Box<Pymap>),
}

/// Runs a scenario on a Maildir, on a Dovecot with STARTTLS and a client certificate, on one with
/// implicit TLS, and on a server that shares nothing with Dovecot.
pub(super) async fn on_each(scenario: impl AsyncFn(&World)) {
    for world in [
        World::maildir(),
        World::imap(ClientCertificate::Required, Security::Starttls),
        World::imap(ClientCertificate::Unasked, Security::Tls),
        World::Second(Box::new(Pymap::start())),
    ] {
        scenario(&world).await;
    }
}

/// A mail as it travels, of about that many bytes.
pub(super) fn mail(subject: &str, bytes: usize) -> Vec<u8> {
    let header = format!("From: a@hopital.test\r\nSubject: {subject}\r\n\r\n");
    let lines = "une ligne de texte\r\n".repeat(bytes / 20 + 1);
    format!("{header}{lines}").into_bytes()
}

/// The files of a directory of a Maildir by name.
pub(super) fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = directory.read_dir().into_iter().flatten().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect()
}

impl World {
    pub(super) fn maildir() -> Self {
        let world = Self::Maildir(tempfile::tempdir().unwrap());
        for folder in ["tmp", "new", "cur"] {
            std::fs::create_dir_all(world.path().join(folder)).unwrap();
        }
        world
    }

    pub(super) fn imap(certificate: ClientCertificate, security: Security) -> Self {
        Self::Imap(Box::new(Dovecot::start(certificate)), security)
    }

    pub(super) fn path(&self) -> PathBuf {
        match self {
            Self::Maildir(directory) => directory.path().join("mail"),
            Self::Imap(dovecot, _) => dovecot.maildir(),
            Self::Second(pymap) => pymap.maildir(),
        }
    }

    /// A mail of about that many bytes, as it is served here.
    pub(super) fn mail(&self, subject: &str, bytes: usize) -> Vec<u8> {
        self.lines(mail(subject, bytes))
    }

    /// Text as it is served here: pymap ends lines as the files of its machine do, and needs them so.
    pub(super) fn lines(&self, text: impl Into<Vec<u8>>) -> Vec<u8> {
        let text = text.into();
        match self {
            Self::Second(_) => String::from_utf8(text).unwrap().replace("\r\n", "\n").into_bytes(),
            Self::Maildir(_) | Self::Imap(..) => text,
        }
    }

    /// What belongs to mails, in the order that this world gives them: pymap numbers those that came since its last
    /// look as its disk shows them, so that there any order is as good.
    pub(super) fn ordered<T: Ord>(&self, mut of_mails: Vec<T>) -> Vec<T> {
        if matches!(self, Self::Second(_)) {
            of_mails.sort();
        }
        of_mails
    }

    pub(super) fn settings(&self) -> MailboxSettings {
        match self {
            Self::Maildir(_) => MailboxSettings::Maildir(MaildirSettings { path: self.path() }),
            Self::Imap(dovecot, security) => MailboxSettings::from(dovecot.settings(*security)),
            Self::Second(pymap) => MailboxSettings::from(pymap.settings()),
        }
    }

    pub(super) fn mailbox(&self) -> Mailbox {
        Mailbox::new(&self.settings(), &Folders::default()).unwrap()
    }

    pub(super) async fn open(&self) -> MailboxSession {
        self.mailbox().open().await.unwrap()
    }

    /// Delivers a mail; names are given in the order of arrival.
    pub(super) fn deliver(&self, rank: usize, bytes: &[u8]) {
        let unique = format!("{}.M{rank}.serveur", 1_700_000_000 + rank);
        match self {
            Self::Maildir(_) | Self::Second(_) => {
                drop(edges::mailbox::deliver(&self.path(), bytes, &unique).unwrap());
            }
            Self::Imap(dovecot, _) => dovecot.deliver(bytes, &unique),
        }
    }

    /// Takes every waiting mail away, as another client would.
    pub(super) fn empty(&self) {
        for directory in ["new", "cur"] {
            for name in files(&self.path().join(directory)).into_keys() {
                std::fs::remove_file(self.path().join(directory).join(name)).unwrap();
            }
        }
    }

    /// The mails of a folder, their bytes by file name. For pymap a mail that was moved is new where it came.
    pub(super) fn filed(&self, folder: Folder) -> BTreeMap<String, Vec<u8>> {
        let directory = if matches!(self, Self::Second(_)) { "new" } else { "cur" };
        files(&self.path().join(format!(".{folder:?}")).join(directory))
    }
}

/// Every mail is read whole.
pub(super) const ALL: FetchLimits = FetchLimits { whole: u64::MAX, header: 64 * 1024 };

pub(super) fn positions(entries: &[ListedMail]) -> Vec<Position> {
    entries.iter().map(|entry| entry.position.clone()).collect()
}
