//! A real Cyrus for one test: its own directory, ports and certificates, gone with the value. Its package cannot stand
//! beside Dovecot's, so that `tests/run` unpacks its server without installing it; the rest is in `cyrus-common`.
#![cfg(test)]

mod lmtp;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base::config_values::{Secret, Span};
use edges::mailbox::{Auth, Folders, ImapSettings, Mailbox, MailboxSettings, Security};
use tempfile::TempDir;

use crate::child::{Server, free_port, id, is_root, is_up};
use crate::dovecot::Pki;

/// The account; a dot or an `@` would be read as levels of folders.
const USER: &str = "bal-labo";
/// Where the package `cyrus-common` has its programs.
const PROGRAMS: &str = "/usr/lib/cyrus/bin";
/// What the server wants to find in its folder.
const DIRECTORIES: [&str; 12] = [
    "spool",
    "proc",
    "lock",
    "sock",
    "conf/db",
    "conf/proc",
    "conf/lock",
    "conf/user",
    "conf/quota",
    "conf/msg",
    "conf/log",
    "conf/socket",
];

/// The folders as this server wants them called: below the inbox.
pub(crate) const FOLDERS: &str = "[mailbox.folders]\ntraites = \"INBOX.Traites\"\nrejets = \"INBOX.Rejets\"\n\
    ignores = \"INBOX.Ignores\"\ndoublons = \"INBOX.Doublons\"\nquarantaine = \"INBOX.Quarantaine\"\n";

pub(crate) struct Cyrus {
    directory: TempDir,
    pki: Pki,
    port: u16,
    master: Option<Server>,
}

impl Cyrus {
    pub(crate) fn start() -> Self {
        let directory = tempfile::Builder::new().prefix("cyrus").tempdir().unwrap();
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let pki = Pki::new(directory.path());
        let mut cyrus = Self { directory, pki, port: 0, master: None };
        for name in DIRECTORIES {
            std::fs::create_dir_all(cyrus.path(name)).unwrap();
        }
        // Where its user can read it, whoever owns the target directory.
        std::fs::copy(unpacked(), cyrus.path("imapd")).unwrap();
        // Somebody else may take the port between our look and the server's.
        while !cyrus.launch() {}
        cyrus
    }

    /// How to reach it, with everything right.
    pub(crate) fn settings(&self) -> ImapSettings {
        ImapSettings {
            host: "localhost".to_owned(),
            port: self.port,
            security: Security::Tls,
            auth: Auth::Plain,
            user: USER.to_owned(),
            password: Some(Secret::Inline("secret".into())),
            token: None,
            ca: Some(self.pki.path("ca")),
            identity: None,
            folder: "INBOX".to_owned(),
            timeout: Span::seconds(60),
            login_interval: Span::seconds(60),
        }
    }

    /// The same as a section of the configuration.
    pub(crate) fn section(&self) -> String {
        let ca = self.pki.path("ca");
        format!(
            "[mailbox.imap]\nhost = \"localhost\"\nport = {}\nsecurity = \"tls\"\nuser = \"{USER}\"\n\
             password = \"secret\"\nca = \"{}\"\n",
            self.port,
            ca.display()
        )
    }

    /// As mail comes to it.
    pub(crate) fn deliver(&self, mail: &str) {
        lmtp::deliver(&self.path("sock/lmtp"), USER, mail).unwrap();
    }

    /// How many mails a folder holds.
    pub(crate) async fn lying_in(&self, folder: &str) -> usize {
        let settings = MailboxSettings::from(ImapSettings { folder: folder.to_owned(), ..self.settings() });
        let mailbox = Mailbox::new(&settings, &Folders::default()).unwrap();
        let mut look = mailbox.look().await.unwrap();
        let number = look.waiting().await.unwrap().number;
        look.close().await;
        number
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Whether it came up; false if it ended, as it does when its port is taken.
    fn launch(&mut self) -> bool {
        self.port = free_port();
        std::fs::write(self.path("imapd.conf"), self.configuration()).unwrap();
        std::fs::write(self.path("cyrus.conf"), self.services()).unwrap();
        self.give();
        let mut command = Command::new(Path::new(PROGRAMS).join("master"));
        command.args(["-D", "-C"]).arg(self.path("imapd.conf")).arg("-M").arg(self.path("cyrus.conf"));
        command.arg("-p").arg(self.path("pid")).stderr(Stdio::null());
        self.master = Server::start(&mut command, || is_up(self.port) && self.path("sock/lmtp").exists());
        assert!(self.master.is_some() || is_up(self.port), "Cyrus did not start, and its port is free");
        self.master.is_some()
    }

    fn configuration(&self) -> String {
        let directory = self.directory.path().display();
        let user = if is_root() { "cyrus".to_owned() } else { id(&["-un"]) };
        format!(
            "configdirectory: {directory}/conf\nproc_path: {directory}/proc\nmboxname_lockpath: {directory}/lock\n\
             defaultpartition: default\npartition-default: {directory}/spool\naltnamespace: no\nunixhierarchysep: no\n\
             virtdomains: off\nsasl_pwcheck_method: alwaystrue\nsasl_mech_list: PLAIN\nautocreate_quota: 0\n\
             autocreate_post: yes\nidlesocket: {directory}/sock/idle\nlmtpsocket: {directory}/sock/lmtp\n\
             tls_session_timeout: 0\ntls_server_cert: {directory}/server.pem\ntls_server_key: {directory}/server-key.pem\n\
             cyrus_user: {user}\n"
        )
    }

    fn services(&self) -> String {
        let (directory, port) = (self.directory.path().display(), self.port);
        format!(
            "START {{\n recover cmd=\"{PROGRAMS}/ctl_cyrusdb -C {directory}/imapd.conf -r\"\n}}\nSERVICES {{\n \
             imaps cmd=\"{directory}/imapd -C {directory}/imapd.conf -s\" listen=\"127.0.0.1:{port}\" prefork=0\n \
             lmtp cmd=\"{PROGRAMS}/lmtpd -C {directory}/imapd.conf\" listen=\"{directory}/sock/lmtp\" prefork=0\n}}\n\
             EVENTS {{\n}}\n"
        )
    }

    /// It refuses to serve as root, and does so as the user of its package.
    fn give(&self) {
        if is_root() {
            let given = Command::new("chown").args(["-R", "cyrus:mail"]).arg(self.directory.path()).status().unwrap();
            assert!(given.success(), "the package cyrus-common makes the user cyrus");
        }
    }
}

fn unpacked() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_dispolits")).ancestors().nth(2).unwrap();
    let path = target.join("tools/cyrus/usr/lib/cyrus/bin/imapd");
    assert!(path.exists(), "{} is missing: tests/run installs it (tests/run fmt is enough)", path.display());
    path
}
