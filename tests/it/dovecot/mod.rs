//! A real Dovecot for one test: its own directory, ports and certificates, gone with the value.
#![cfg(test)]

mod configuration;
mod machine;
mod pki;

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base::config_values::{Secret, Span};
pub(crate) use configuration::{ACL, EXTERNAL, QUOTA};
use edges::mailbox::{Auth, ImapSettings, Security};
use machine::give_to_dovecot;
pub(crate) use pki::Pki;
use tempfile::TempDir;

use crate::PATIENCE;
use crate::child::free_port;

/// How often a start is tried, each time on other ports.
const LAUNCHES: usize = 5;

pub(crate) const USER: &str = "bal-labo@hopital.test";
/// With the characters that quoted strings of LOGIN get wrong.
pub(crate) const PASSWORD: &str = "s3\"cr\\et é";

/// Whether the server wants a client certificate before it accepts a login.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientCertificate {
    Required,
    Unasked,
}

/// Who has sessions die; gone with the value.
pub(crate) struct Killer(Child);

impl Drop for Killer {
    fn drop(&mut self) {
        // It ends by itself once nobody is left to trace.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) struct Dovecot {
    directory: TempDir,
    certificate: ClientCertificate,
    /// More lines of its configuration, which win over the usual ones.
    more: String,
    imap: u16,
    imaps: u16,
    master: Option<Child>,
    pub(crate) pki: Pki,
}

impl Dovecot {
    pub(crate) fn start(certificate: ClientCertificate) -> Self {
        Self::start_with(certificate, "")
    }

    /// With more lines of configuration, `{directory}` in them being its own.
    pub(crate) fn start_with(certificate: ClientCertificate, more: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("dovecot").tempdir().unwrap();
        // Read by Dovecot's own users.
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let pki = Pki::new(directory.path());
        let (imap, imaps) = (free_port(), free_port());
        let more = more.replace("{directory}", &directory.path().display().to_string());
        let mut dovecot = Self { directory, certificate, more, imap, imaps, master: None, pki };
        for folder in ["tmp", "new", "cur"] {
            std::fs::create_dir_all(dovecot.maildir().join(folder)).unwrap();
        }
        dovecot.give_maildir_to_dovecot();
        // Somebody else may take a port between our look and Dovecot's.
        for _ in 0..LAUNCHES {
            if dovecot.launch() {
                return dovecot;
            }
            (dovecot.imap, dovecot.imaps) = (free_port(), free_port());
        }
        panic!("Dovecot did not start: {}", dovecot.log());
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file that its configuration names.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).unwrap();
    }

    pub(crate) fn maildir(&self) -> PathBuf {
        self.directory.path().join("mail")
    }

    pub(crate) fn deliver(&self, bytes: &[u8], unique: &str) {
        // Elsewhere first: a server that looks at once would find a file that is not its own.
        let path = edges::mailbox::deliver(&self.directory.path().join("arrivals"), bytes, unique).unwrap();
        give_to_dovecot(&path);
        std::fs::rename(path, self.maildir().join("new").join(unique)).unwrap();
    }

    /// Many mails at once, as if they had come long ago. Nothing of them is synced.
    pub(crate) fn fill(&self, mails: impl IntoIterator<Item = (String, Vec<u8>)>) {
        for (unique, bytes) in mails {
            let path = self.maildir().join("new").join(unique);
            std::fs::write(&path, bytes).unwrap();
            give_to_dovecot(&path);
        }
    }

    /// Into a folder below the inbox, as COPY would.
    pub(crate) fn deliver_to(&self, folder: &str, bytes: &[u8], unique: &str) {
        let maildir = self.maildir().join(format!(".{folder}"));
        give_to_dovecot(&edges::mailbox::deliver(&maildir, bytes, unique).unwrap());
    }

    /// Starts the server anew with these lines of configuration instead of the earlier ones.
    pub(crate) fn set_more(&mut self, more: &str) {
        more.clone_into(&mut self.more);
        self.restart();
    }

    /// Loses every UID and the UIDVALIDITY, as a restored backup does.
    pub(crate) fn forget_numbers(&self) {
        let uidlist = self.maildir().join("dovecot-uidlist");
        let header = std::fs::read_to_string(&uidlist).unwrap_or_default();
        let validity = header.split_whitespace().find_map(|word| word.strip_prefix('V')?.parse::<u32>().ok());
        for entry in self.maildir().read_dir().unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if name.starts_with("dovecot") {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
        // Each numbering has a greater UIDVALIDITY than those before it (RFC 3501, section 2.3.1.1).
        let next = validity.unwrap_or(1_700_000_000) + 1;
        std::fs::write(&uidlist, format!("3 V{next} N1 G0123456789abcdef0123456789abcdef\n")).unwrap();
        give_to_dovecot(&uidlist);
    }

    /// Gives every mail the next number under the same UIDVALIDITY, as no server may.
    pub(crate) fn shift_numbers(&self) {
        let uidlist = self.maildir().join("dovecot-uidlist");
        let text = std::fs::read_to_string(&uidlist).unwrap();
        let shifted = text.lines().enumerate().map(|(rank, line)| match (rank, line.split_once(' ')) {
            (0, _) => {
                let next = |word: &str| match word.strip_prefix('N').and_then(|number| number.parse::<u32>().ok()) {
                    Some(number) => format!("N{}", number + 1),
                    None => word.to_owned(),
                };
                line.split(' ').map(next).collect::<Vec<_>>().join(" ")
            }
            (_, Some((uid, rest))) => format!("{} {rest}", uid.parse::<u32>().unwrap() + 1),
            (_, None) => line.to_owned(),
        });
        std::fs::write(&uidlist, shifted.collect::<Vec<_>>().join("\n") + "\n").unwrap();
        for entry in self.maildir().read_dir().unwrap().map(Result::unwrap) {
            if entry.file_name().into_string().unwrap().starts_with("dovecot.index") {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
        give_to_dovecot(&uidlist);
    }

    /// Lets a mail server of another user deliver into the Maildir.
    pub(crate) fn open_to_deliveries(&self) {
        for folder in ["", "tmp", "new", "cur"] {
            std::fs::set_permissions(self.maildir().join(folder), PermissionsExt::from_mode(0o777)).unwrap();
        }
    }

    /// How to reach it, with everything right.
    pub(crate) fn settings(&self, security: Security) -> ImapSettings {
        let port = if security == Security::Tls { self.imaps } else { self.imap };
        ImapSettings {
            host: "localhost".to_owned(),
            port,
            security,
            auth: Auth::Plain,
            user: USER.to_owned(),
            password: Some(Secret::Inline(PASSWORD.into())),
            token: None,
            ca: Some(self.pki.path("ca")),
            identity: (self.certificate == ClientCertificate::Required).then(|| self.pki.identity("client")),
            folder: "INBOX".to_owned(),
            timeout: Span::seconds(60),
            login_interval: Span::seconds(60),
        }
    }

    /// The same as a section of the configuration.
    pub(crate) fn section(&self, security: Security) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let path = |path: &Path| quoted(&path.display().to_string());
        let ImapSettings { host, port, user, ca, identity, .. } = self.settings(security);
        let identity = identity.map_or_else(String::new, |_| {
            let files = self.pki.files("client");
            let (certificate, key) = (path(&files.certificate), path(&files.key));
            format!("identity = {{ certificate = {certificate}, key = {key} }}\n")
        });
        format!(
            "[mailbox.imap]\nhost = {}\nport = {port}\nsecurity = {}\nuser = {}\npassword = {}\nca = {}\n{identity}",
            quoted(&host),
            quoted(&format!("{security:?}").to_lowercase()),
            quoted(&user),
            quoted(PASSWORD),
            path(&ca.unwrap()),
        )
    }

    /// The mails of a folder as its files hold them; the inbox without a name.
    pub(crate) fn mails(&self, folder: &str) -> Vec<Vec<u8>> {
        let maildir = if folder.is_empty() { self.maildir() } else { self.maildir().join(format!(".{folder}")) };
        // A server at work renames files while they are read: then all are looked for again.
        std::iter::repeat_with(|| machine::files(&maildir)).find_map(|files| files).unwrap()
    }

    /// Waits until nobody is served any more. A command that came before its sender died is carried out all the same,
    /// and what is read meanwhile is neither what was nor what will be: marking a mail as seen renames its file.
    #[cfg(target_os = "linux")]
    pub(crate) fn await_rest(&self) {
        self.wait_until("nobody is served", || self.sessions().is_empty());
    }

    /// Waits until a client has asked to be told of news (IDLE).
    #[cfg(target_os = "linux")]
    pub(crate) fn await_idle(&self) {
        let title = |session| std::fs::read_to_string(format!("/proc/{session}/cmdline")).unwrap_or_default();
        self.wait_until("somebody waits", || {
            self.sessions().into_iter().any(|session| title(session).contains("IDLE"))
        });
    }

    /// The processes that serve who is logged in.
    #[cfg(target_os = "linux")]
    fn sessions(&self) -> Vec<u32> {
        machine::children(self.master.as_ref().unwrap().id(), "imap")
    }

    #[cfg(target_os = "linux")]
    fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < end, "still waiting until {what}: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the server and all its connections at once: its processes are a group of their own, and
    /// Dovecot takes a second to end by itself.
    pub(crate) fn stop(&mut self) {
        if self.master.is_some() {
            self.signal("KILL");
            let ended = self.master.take().unwrap().wait();
            assert!(ended.is_ok(), "Dovecot could not be ended");
        }
    }

    /// Ends the server as an operator does: it takes leave of its clients.
    pub(crate) fn shut_down(&mut self) {
        let mut master = self.master.take().unwrap();
        let sent = Command::new("kill").args(["-TERM", &master.id().to_string()]).status().unwrap();
        assert!(sent.success() && master.wait().is_ok(), "Dovecot could not be shut down");
    }

    /// Sends a signal to every process of the server.
    pub(crate) fn signal(&self, name: &str) {
        let group = format!("-{}", self.master.as_ref().unwrap().id());
        let sent = Command::new("kill").args([&format!("-{name}"), "--", &group]).status().unwrap();
        assert!(sent.success(), "Dovecot took no {name}");
    }

    /// Stops the processes that serve who is logged in, and nothing else. They are gone with the server.
    #[cfg(target_os = "linux")]
    pub(crate) fn stop_sessions(&self) -> Vec<u32> {
        let sessions = self.sessions();
        let all: Vec<String> = sessions.iter().map(u32::to_string).collect();
        let sent = Command::new("kill").arg("-STOP").args(&all).status().unwrap();
        assert!(sent.success(), "no session took the signal: {all:?}");
        sessions
    }

    /// Has who is served die at the first file that is removed from the inbox, as long as the value lives.
    #[cfg(target_os = "linux")]
    pub(crate) fn kill_at_removals(&self) -> Killer {
        let log = self.path().join("strace");
        let mut tracing = Command::new("strace");
        tracing.args(["-f", "-e", "trace=unlink,unlinkat", "-e", "inject=unlink,unlinkat:signal=SIGKILL", "-o"]);
        tracing.arg(&log);
        for file in self.maildir().join("cur").read_dir().unwrap() {
            // As it is called once it is marked as seen.
            let path = file.unwrap().path().display().to_string();
            tracing.args(["-P", &format!("{path}S")]);
        }
        for session in self.sessions() {
            tracing.args(["-p", &session.to_string()]);
        }
        let tracer = tracing.stderr(Stdio::piped()).spawn().unwrap();
        let is_traced = |session: u32| {
            let status = std::fs::read_to_string(format!("/proc/{session}/status")).unwrap_or_default();
            status.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0"))
        };
        self.wait_until("the sessions are traced", || self.sessions().into_iter().all(is_traced));
        Killer(tracer)
    }

    /// Starts the server on the same ports and mails.
    pub(crate) fn restart(&mut self) {
        self.stop();
        assert!(self.launch(), "Dovecot did not start: {}", self.log());
    }

    /// Where it writes what it cannot write into its log.
    fn complaints(&self) -> std::fs::File {
        std::fs::OpenOptions::new().create(true).append(true).open(self.directory.path().join("stderr")).unwrap()
    }

    /// Whether it came up; false if it ended, as it does when a port is taken.
    fn launch(&mut self) -> bool {
        let configuration = self.directory.path().join("dovecot.conf");
        std::fs::write(&configuration, self.configuration()).unwrap();
        std::fs::write(self.directory.path().join("users"), format!("{USER}:{{PLAIN}}{PASSWORD}:::::\n")).unwrap();
        let started = Command::new("dovecot")
            .arg("-F")
            .arg("-c")
            .arg(&configuration)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(self.complaints())
            .spawn();
        self.master = Some(started.expect("Dovecot is not installed: these tests need the package dovecot-imapd"));
        self.is_up()
    }

    fn is_up(&mut self) -> bool {
        let end = Instant::now() + PATIENCE;
        loop {
            let answers = TcpStream::connect(("127.0.0.1", self.imaps)).is_ok();
            if let Some(status) = self.master.as_mut().unwrap().try_wait().unwrap() {
                self.master = None;
                eprintln!("Dovecot ended at once ({status}): {}", self.log());
                return false;
            }
            if answers {
                return true;
            }
            assert!(Instant::now() < end, "Dovecot did not start in time: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn log(&self) -> String {
        let read = |name| std::fs::read_to_string(self.directory.path().join(name)).unwrap_or_default();
        read("stderr") + &read("log")
    }

    fn give_maildir_to_dovecot(&self) {
        give_to_dovecot(&self.maildir());
        for folder in ["tmp", "new", "cur"] {
            give_to_dovecot(&self.maildir().join(folder));
        }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("Dovecot said: {}", self.log());
        }
        self.stop();
    }
}
