//! A second IMAP server, which shares nothing with Dovecot: pymap, in Python, for one test. What it cannot do is held
//! by tests of `mailbox::second`.
#![cfg(test)]

use std::path::{Path, PathBuf};
use std::process::Command;

use base::config_values::{Secret, Span};
use edges::mailbox::{Auth, ImapSettings, Security};
use tempfile::TempDir;

use crate::child::{Server, free_port, is_up};
use crate::dovecot::{PASSWORD, Pki, USER};

/// As the server keeps passwords; few rounds, since it is for a test.
const HASH: &str =
    "import sys; from pysasl.hashing import BuiltinHash; print(BuiltinHash(rounds=1000).hash(sys.argv[1]))";

/// The server as its package starts it, and the same that does not offer MOVE.
const AS_IT_IS: &str = "from pymap.main import main; main()";
const WITHOUT_MOVE: &str = "from pymap.config import IMAPConfig as C; offered = C.login_capability.fget; \
    C.login_capability = property(lambda c: [one for one in offered(c) if one != b'MOVE']); \
    from pymap.main import main; main()";

pub(crate) struct Pymap {
    directory: TempDir,
    pub(crate) pki: Pki,
    program: &'static str,
    port: u16,
    server: Option<Server>,
}

impl Pymap {
    pub(crate) fn start() -> Self {
        Self::start_as(AS_IT_IS)
    }

    pub(crate) fn start_without_move() -> Self {
        Self::start_as(WITHOUT_MOVE)
    }

    fn start_as(program: &'static str) -> Self {
        let directory = tempfile::Builder::new().prefix("pymap").tempdir().unwrap();
        let pki = Pki::new(directory.path());
        let mut pymap = Self { directory, pki, program, port: 0, server: None };
        for folder in ["new", "cur", "tmp"] {
            std::fs::create_dir_all(pymap.maildir().join(folder)).unwrap();
        }
        pymap.write_account();
        // Somebody else may take the port between our look and the server's.
        while !pymap.launch() {}
        pymap
    }

    pub(crate) fn maildir(&self) -> PathBuf {
        self.directory.path().join("base/mail")
    }

    /// Ends it at once.
    pub(crate) fn stop(&mut self) {
        drop(self.server.take());
    }

    /// Starts it on the same mails and another port.
    pub(crate) fn restart(&mut self) {
        self.stop();
        while !self.launch() {}
    }

    /// Loses every UID and the UIDVALIDITY.
    pub(crate) fn forget_numbers(&self) {
        std::fs::remove_file(self.maildir().join("dovecot-uidlist")).unwrap();
    }

    /// How to reach it, with everything right.
    pub(crate) fn settings(&self) -> ImapSettings {
        ImapSettings {
            host: "localhost".to_owned(),
            port: self.port,
            security: Security::Starttls,
            auth: Auth::Plain,
            user: USER.to_owned(),
            password: Some(Secret::Inline(PASSWORD.into())),
            token: None,
            ca: Some(self.pki.path("ca")),
            identity: None,
            folder: "INBOX".to_owned(),
            timeout: Span::seconds(60),
            login_interval: Span::seconds(60),
        }
    }

    fn write_account(&self) {
        let hashed = Command::new(installed("python")).args(["-c", HASH, PASSWORD]).output().unwrap();
        let hash = String::from_utf8(hashed.stdout).unwrap();
        let write = |name: &str, line: String| std::fs::write(self.directory.path().join("base").join(name), line);
        write("pymap-etc-passwd", format!("{USER}:x::::mail:\n")).unwrap();
        write("pymap-etc-shadow", format!("{USER}:{}:::::::\n", hash.trim())).unwrap();
    }

    /// Whether it came up; false if the port was taken.
    fn launch(&mut self) -> bool {
        self.port = free_port();
        let log = std::fs::File::create(self.log()).unwrap();
        let mut command = Command::new(installed("python"));
        command
            .args(["-c", self.program, "--host", "localhost", "--port", &self.port.to_string(), "--cert"])
            .arg(self.pki.path("server"))
            .arg("--key")
            .arg(self.pki.path("server-key"))
            .arg("maildir")
            .arg(self.directory.path().join("base"))
            .stderr(log);
        self.server = Server::start(&mut command, || is_up(self.port));
        let said = || std::fs::read_to_string(self.log()).unwrap();
        assert!(self.server.is_some() || said().contains("address already in use"), "pymap did not start: {}", said());
        self.server.is_some()
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }
}

impl Drop for Pymap {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("pymap said: {}", std::fs::read_to_string(self.log()).unwrap_or_default());
        }
        self.stop();
    }
}

/// A program that tests/run installs beside what cargo builds.
fn installed(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_dispolits")).ancestors().nth(2).unwrap();
    let path = target.join("tools/pymap/bin").join(name);
    assert!(path.exists(), "{} is missing: tests/run installs it (tests/run fmt is enough)", path.display());
    path
}
