//! exim: submission with STARTTLS and a client certificate required at the handshake; what it takes in for
//! anybody goes to Dovecot.
//!
//! It adds no `Received`: apart from `Return-Path`, a mail arrives byte for byte as it was sent.

use std::path::{Path, PathBuf};

use super::daemon::{self, Daemon, Recipe};
use super::user::Owner;
use super::{CLOCK_VARIABLES, ServersError, certificates, io_error, make_folder, write};
use crate::sandbox::pki::Pki;

const PROGRAM: &str = "exim";
/// Whom Debian's exim goes down to when root starts it.
const USER: &str = "Debian-exim";

pub(super) struct Exim<'a> {
    pub(super) folder: &'a Path,
    /// Where Dovecot takes mails in.
    pub(super) lmtp: &'a Path,
    pub(super) pki: &'a Pki,
    pub(super) owner: &'a Owner,
}

pub(super) fn find(folders: &[PathBuf]) -> Result<PathBuf, ServersError> {
    let absent = ServersError::Absent { program: PROGRAM, package: "exim4-daemon-light" };
    daemon::find(&["exim4", "exim"], folders).ok_or(absent)
}

/// The section `[smtp]` of the configuration: the worker submits by it, and so do the hospitals.
pub(super) fn section(port: u16, pki: &Pki) -> String {
    format!(
        "[smtp]\nhost = \"localhost\"\nport = {port}\nsecurity = \"starttls\"\nhello = \"sandbox.test\"\n{}",
        certificates(pki)
    )
}

impl Exim<'_> {
    pub(super) async fn start(&self, binary: &Path) -> Result<(Daemon, u16), ServersError> {
        for name in ["", "spool", "log"] {
            let folder = self.folder.join(name);
            make_folder(&folder)?;
            self.owner.give(&folder, USER)?;
        }
        // exim reads its key as its own user.
        let key = self.folder.join("serveur.key");
        std::fs::copy(&self.pki.server.key, &key).map_err(io_error(&key))?;
        self.owner.give(&key, USER)?;
        let file = self.folder.join("exim.conf");
        // Deliveries that failed are tried again every so often.
        let arguments = vec!["-C".as_ref(), file.as_os_str(), "-bdf".as_ref(), "-q5s".as_ref()];
        let logs = ["main", "reject", "panic"].map(|name| self.folder.join(format!("log/{name}log")));
        let recipe = Recipe { program: PROGRAM, binary, arguments, logs: logs.to_vec() };
        recipe.start(|port| write(&file, &self.configuration(port, &key))).await
    }

    fn configuration(&self, port: u16, key: &Path) -> String {
        let (user, group) = self.owner.account(USER, USER);
        let (folder, lmtp) = (self.folder.display(), self.lmtp.display());
        format!(
            "primary_hostname = smtp.sandbox.test\nexim_user = {user}\nexim_group = {group}\n\
             spool_directory = {folder}/spool\nlog_file_path = {folder}/log/%slog\npid_file_path = {folder}/spool/exim.pid\n\
             keep_environment = {clock}\ndeliver_drop_privilege\nlocal_interfaces = <; 127.0.0.1\ndaemon_smtp_ports = {port}\n\
             tls_advertise_hosts = *\ntls_certificate = {certificate}\ntls_privatekey = {key}\n\
             tls_verify_certificates = {ca}\ntls_verify_hosts = *\nreceived_header_text =\n\
             smtp_accept_max = 100\nsmtp_accept_queue_per_connection = 0\nmessage_size_limit = 64M\n\
             acl_smtp_rcpt = recipient\nacl_smtp_data = content\n\n\
             begin acl\nrecipient:\n  deny message = 5.7.1 TLS required\n       !encrypted = *\n  accept\ncontent:\n  accept\n\n\
             begin routers\nall:\n  driver = accept\n  transport = dovecot\n\n\
             begin transports\ndovecot:\n  driver = lmtp\n  socket = {lmtp}\n\n\
             begin retry\n* * F,1h,2s\n",
            clock = CLOCK_VARIABLES.join(" : "),
            certificate = self.pki.server.certificate.display(),
            key = key.display(),
            ca = self.pki.ca.display(),
        )
    }
}
