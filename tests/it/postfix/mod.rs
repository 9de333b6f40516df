//! A real submission server (Postfix) for one test: its own queue, configuration, ports and certificates, gone with the
//! value. Its programs lie under `target/tools`, where `tests/run` unpacks them: its package cannot be installed beside exim.
#![cfg(test)]

mod configuration;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use base::config_values::Span;
use edges::smtp::{Security, SmtpSettings};
use tempfile::TempDir;

use crate::child::{Server, as_root, free_port, id, is_root, is_up};
use crate::dovecot::Pki;

/// Mailboxes that it delivers to.
pub(crate) const BOXES: [&str; 2] = ["lits@ch-armor.test", "direction-des-soins@ch-armor.test"];
/// Its queue belongs to a user that owns nothing else; exim's serves.
const OWNER: &str = "Debian-exim";
const QUEUE: [&str; 14] = [
    "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "pid", "private",
    "public", "saved", "trace",
];

/// What it does about the certificate of a client. Whoever shows one that it trusts may send; nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// It asks for one, and refuses recipients without (554 5.7.1).
    Asked,
    /// It closes without one (421 4.7.1), before any command.
    Required,
}

pub(crate) struct Postfix {
    directory: TempDir,
    certificate: Certificate,
    submission: u16,
    submissions: u16,
    master: Option<Server>,
    pub(crate) pki: Pki,
}

impl Postfix {
    pub(crate) fn start(certificate: Certificate) -> Self {
        let directory = tempfile::Builder::new().prefix("postfix").tempdir().unwrap();
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let pki = Pki::new(directory.path());
        let (submission, submissions) = (free_port(), free_port());
        let mut postfix = Self { directory, certificate, submission, submissions, master: None, pki };
        postfix.lay_out();
        postfix.run();
        postfix
    }

    /// How to reach it, with everything right.
    pub(crate) fn settings(&self, security: Security) -> SmtpSettings {
        SmtpSettings {
            host: "localhost".to_owned(),
            port: if security == Security::Tls { self.submissions } else { self.submission },
            security,
            auth: None,
            user: None,
            password: None,
            token: None,
            ca: Some(self.pki.path("ca")),
            identity: Some(self.pki.identity("client")),
            hello: "dispolits.region.test".to_owned(),
            timeout: Span::seconds(60),
        }
    }

    /// Waits until a mailbox holds that many mails, oldest first: as delivered, lines ended by LF, behind fields of the server.
    pub(crate) fn await_mails(&self, address: &str, count: usize) -> Vec<Vec<u8>> {
        let end = Instant::now() + Duration::from_mins(1);
        let new = self.path("mail").join(address).join("new");
        loop {
            let mut files: Vec<PathBuf> =
                new.read_dir().into_iter().flatten().map(|file| file.unwrap().path()).collect();
            if files.len() >= count {
                files.sort_by_key(|file| file.metadata().unwrap().modified().unwrap());
                return files.iter().map(|file| std::fs::read(file).unwrap()).collect();
            }
            assert!(Instant::now() < end, "{} of {count} mails for {address}: {}", files.len(), self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the server wrote down.
    pub(crate) fn log(&self) -> String {
        let read = as_root("cat").arg(self.path("data").join("log")).output().unwrap();
        String::from_utf8_lossy(&read.stdout).into_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn mailbox_owner() -> u32 {
        if is_root() { 65_534 } else { id(&["-u"]).parse().unwrap() }
    }

    fn lay_out(&self) {
        for folder in ["etc", "data", "mail", "queue"] {
            std::fs::create_dir(self.path(folder)).unwrap();
        }
        let queue = QUEUE.map(|name| self.path("queue").join(name));
        for folder in &queue {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::write(self.path("etc").join("main.cf"), self.main_cf()).unwrap();
        std::fs::write(self.path("etc").join("master.cf"), self.master_cf()).unwrap();
        let root = |program: &str, owner: &str, paths: &[PathBuf]| {
            assert!(as_root(program).arg(owner).args(paths).status().unwrap().success(), "{program} {owner}");
        };
        root("chown", OWNER, &queue);
        root("chown", OWNER, &[self.path("data")]);
        root(
            "chown",
            "root",
            &[self.path("queue"), self.path("queue/pid"), self.path("etc"), self.path("etc/main.cf")],
        );
        root("chgrp", "mail", &[self.path("queue/maildrop"), self.path("queue/public")]);
        root("chown", &Self::mailbox_owner().to_string(), &[self.path("mail")]);
    }

    fn run(&mut self) {
        let master = tool("usr/lib/postfix/sbin/master");
        let libraries = format!("LD_LIBRARY_PATH={}", tool("usr/lib/postfix").display());
        let configuration = self.path("etc");
        let mut command = as_root("env");
        command.args([libraries, format!("MAIL_CONFIG={}", configuration.display())]).arg(master).args(["-d", "-c"]);
        command.arg(configuration).stderr(Stdio::null());
        self.master = Server::start(&mut command, || is_up(self.submissions));
        assert!(self.master.is_some(), "Postfix did not start: {}", self.log());
    }
}

impl Drop for Postfix {
    /// What it wrote belongs to its own user.
    fn drop(&mut self) {
        drop(self.master.take());
        drop(as_root("rm").arg("-rf").arg(self.path("queue")).arg(self.path("data")).status());
    }
}

/// A program of the package, or a folder of it.
fn tool(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_dispolits")).ancestors().nth(2).unwrap();
    let path = target.join("tools/postfix").join(name);
    assert!(path.exists(), "{} is missing: tests/run unpacks it (tests/run fmt is enough)", path.display());
    path
}
