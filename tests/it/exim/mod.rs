//! A real submission server (exim) for one test: its own spool, ports and certificates, gone with the value.
#![cfg(test)]

mod configuration;

use std::fmt::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base::config_values::{Secret, Span};
use edges::smtp::{Security, SmtpSettings};
use tempfile::TempDir;

use crate::child::{Server, free_port, id, is_root, is_up};
use crate::dovecot::{ClientCertificate, Pki};

pub(crate) const USER: &str = "disponibilites@region.test";
/// With the characters that a configuration or a base64 coding may get wrong.
pub(crate) const PASSWORD: &str = "s3 cr:et é";
/// Mailboxes that exim knows; every other recipient is refused (550).
pub(crate) const BOXES: [&str; 3] = ["lits@ch-armor.test", "sih@ch-armor.test", "direction-des-soins@ch-armor.test"];
/// A recipient that is refused for now (451), as greylisting does.
pub(crate) const GREYLISTED: &str = "plus-tard@hopital.test";
/// A recipient that is refused for now (451) the first time only.
pub(crate) const GREYLISTED_ONCE: &str = "patience@cas.ch-armor.test";
/// A recipient that is accepted, and that the server behind this one refuses: a notice comes back.
pub(crate) const BOUNCED: &str = "parti@cas.ch-armor.test";
/// What the server behind says of it.
pub(crate) const BOUNCE: &str = "5.1.1 mailbox was removed";
/// The token that XOAUTH2 takes.
pub(crate) const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.jeton-d-essai.signature";
/// A recipient that is refused for a policy of the server (550 5.7.1), as relaying is.
pub(crate) const FORBIDDEN: &str = "dehors@ailleurs.test";
/// A sender that the server refuses (550).
pub(crate) const BANNED: &str = "banni@region.test";
/// A mail with this line in its header is refused once it was read (554).
pub(crate) const UNWANTED: &str = "X-Contenu: indesirable";

const BINARY: &str = "/usr/sbin/exim4";
const OWNER: &str = "Debian-exim";

/// What the server is to be.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) certificate: ClientCertificate,
    /// Whether it offers STARTTLS.
    pub(crate) starttls: bool,
    /// The largest mail it takes, in bytes.
    pub(crate) largest: u32,
}

pub(crate) struct Exim {
    directory: TempDir,
    shape: Shape,
    submission: u16,
    submissions: u16,
    daemon: Option<Server>,
    pub(crate) pki: Pki,
}

/// A mail as exim put it into a mailbox.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Delivered {
    /// The envelope sender, `<>` for the null one.
    pub(crate) return_path: String,
    /// The mail byte for byte.
    pub(crate) mail: Vec<u8>,
}

impl Default for Shape {
    fn default() -> Self {
        Self { certificate: ClientCertificate::Unasked, starttls: true, largest: 50 << 20 }
    }
}

impl Exim {
    pub(crate) fn start(shape: Shape) -> Self {
        Self::start_with(shape, &[])
    }

    /// With mailboxes of other servers, each an address and its Maildir.
    pub(crate) fn start_with(shape: Shape, others: &[(&str, PathBuf)]) -> Self {
        let directory = tempfile::Builder::new().prefix("exim").tempdir().unwrap();
        // Read by exim's own user.
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let pki = Pki::new(directory.path());
        let (submission, submissions) = (free_port(), free_port());
        let mut exim = Self { directory, shape, submission, submissions, daemon: None, pki };
        for folder in ["spool", "log", "mail"] {
            std::fs::create_dir(exim.path(folder)).unwrap();
            give_to_exim(&exim.path(folder));
        }
        exim.write_files(others);
        exim.run(&[]);
        exim
    }

    /// How to reach it, with everything right.
    pub(crate) fn settings(&self, security: Security) -> SmtpSettings {
        let port = if security == Security::Tls { self.submissions } else { self.submission };
        SmtpSettings {
            host: "localhost".to_owned(),
            port,
            security,
            auth: None,
            user: Some(USER.to_owned()),
            password: Some(Secret::Inline(PASSWORD.into())),
            token: None,
            ca: Some(self.pki.path("ca")),
            identity: (self.shape.certificate == ClientCertificate::Required).then(|| self.pki.identity("client")),
            hello: "dispolits.region.test".to_owned(),
            timeout: Span::seconds(60),
        }
    }

    /// The same as a section of the configuration.
    pub(crate) fn section(&self, security: Security) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let path = |path: PathBuf| quoted(&path.display().to_string());
        let SmtpSettings { host, port, ca, identity, hello, .. } = self.settings(security);
        let identity = identity.map_or_else(String::new, |_| {
            let files = self.pki.files("client");
            format!("identity = {{ certificate = {}, key = {} }}\n", path(files.certificate), path(files.key))
        });
        format!(
            "[smtp]\nhost = {}\nport = {port}\nsecurity = {}\nuser = {}\npassword = {{ file = {} }}\nca = {}\nhello = {}\n{identity}",
            quoted(&host),
            quoted(&format!("{security:?}").to_lowercase()),
            quoted(USER),
            path(self.path("client-password")),
            path(ca.unwrap()),
            quoted(&hello),
        )
    }

    /// From now on the server wants another password; its clients do not know.
    pub(crate) fn change_password(&self, password: &str) {
        std::fs::write(self.path("password"), password).unwrap();
    }

    /// Waits until a mailbox holds that many mails; oldest first.
    pub(crate) fn await_mails(&self, address: &str, count: usize) -> Vec<Delivered> {
        let end = Instant::now() + crate::PATIENCE;
        loop {
            let mails = self.mails(address);
            if mails.len() >= count {
                return mails;
            }
            assert!(Instant::now() < end, "{} of {count} mails for {address}: {}", mails.len(), self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What a mailbox holds now.
    pub(crate) fn mails(&self, address: &str) -> Vec<Delivered> {
        let new = self.path("mail").join(address).join("new");
        let mut files: Vec<PathBuf> = new.read_dir().into_iter().flatten().map(|file| file.unwrap().path()).collect();
        files.sort();
        files.iter().map(|file| Delivered::parse(&std::fs::read(file).unwrap())).collect()
    }

    /// Whether every mail it took over has reached its mailboxes.
    pub(crate) fn is_idle(&self) -> bool {
        self.path("spool").join("input").read_dir().into_iter().flatten().next().is_none()
    }

    /// What the server wrote down, for failures and for what a client cannot see.
    pub(crate) fn log(&self) -> String {
        let logs = ["main", "reject", "panic"].map(|name| self.path("log").join(format!("{name}log")));
        logs.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts it again on the same ports; what it had taken over is delivered.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.run(&["-q1s"]);
    }

    /// Ends the server and whatever delivers for it.
    pub(crate) fn stop(&mut self) {
        self.daemon = None;
    }

    fn run(&mut self, more: &[&str]) {
        let mut command = Command::new(BINARY);
        command.arg("-C").arg(self.path("exim.conf")).arg("-bdf").args(more).stderr(Stdio::null());
        self.daemon = Server::start(&mut command, || is_up(self.submissions));
        assert!(self.daemon.is_some(), "exim did not start: {}", self.log());
    }

    fn write_files(&self, others: &[(&str, PathBuf)]) {
        let mut boxes = String::new();
        for address in BOXES.into_iter().chain([GREYLISTED_ONCE]) {
            writeln!(boxes, "{address}: {}", self.path("mail").join(address).display()).unwrap();
        }
        for (address, maildir) in others {
            writeln!(boxes, "{address}: {}", maildir.display()).unwrap();
        }
        std::fs::write(self.path("boxes"), boxes).unwrap();
        self.change_password(PASSWORD);
        std::fs::write(self.path("client-password"), format!("{PASSWORD}\n")).unwrap();
        std::fs::write(self.path("exim.conf"), self.configuration()).unwrap();
    }
}

impl Delivered {
    /// `Return-path` is the one line that exim adds.
    pub(crate) fn parse(file: &[u8]) -> Self {
        let end = file.windows(2).position(|pair| pair == b"\r\n").unwrap();
        let return_path = std::str::from_utf8(&file[..end]).unwrap().strip_prefix("Return-path: ").unwrap();
        Self { return_path: return_path.to_owned(), mail: file[end + 2..].to_vec() }
    }
}

/// Root's exim runs as a user of its own and delivers as that user.
pub(crate) fn give_to_exim(path: &Path) {
    if is_root() {
        let number = |flag| id(&[flag, OWNER]).parse::<u32>();
        let (Ok(user), Ok(group)) = (number("-u"), number("-g")) else {
            panic!("there is no user {OWNER}: these tests need the package exim4-daemon-light");
        };
        chown(path, Some(user), Some(group)).unwrap();
    }
}
