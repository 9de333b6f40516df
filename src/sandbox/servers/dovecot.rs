//! Dovecot: IMAP with STARTTLS and a required client certificate, LMTP for what exim takes in.
//!
//! A wrong or absent client certificate does not fail Dovecot's handshake, but every login after it.

use std::path::{Path, PathBuf};

use super::daemon::{self, Daemon, Recipe};
use super::user::Owner;
use super::{CLOCK_VARIABLES, PASSWORD, ServersError, certificates, make_folder, write};
use crate::sandbox::pki::Pki;

const PROGRAM: &str = "Dovecot";
/// Where its services are: Debian's folder, and that of others.
const SERVICES: [&str; 2] = ["/usr/lib/dovecot", "/usr/libexec/dovecot"];
/// Who keeps the mails when root starts it: Dovecot serves none as root.
const MAIL_USER: &str = "mail";

pub(super) struct Dovecot<'a> {
    pub(super) folder: &'a Path,
    pub(super) maildirs: &'a Path,
    pub(super) pki: &'a Pki,
    pub(super) owner: &'a Owner,
}

/// The program, once its IMAP and LMTP services are there too.
pub(super) fn find(folders: &[PathBuf]) -> Result<PathBuf, ServersError> {
    let absent = |package| ServersError::Absent { program: PROGRAM, package };
    let has = |service: &str| SERVICES.iter().any(|folder| Path::new(folder).join(service).is_file());
    let binary = daemon::find(&["dovecot"], folders).filter(|_| has("imap")).ok_or_else(|| absent("dovecot-imapd"))?;
    if has("lmtp") { Ok(binary) } else { Err(absent("dovecot-lmtpd")) }
}

/// What goes with `[mailbox]` in the configuration, to read a mailbox of it.
pub(super) fn section(port: u16, user: &str, pki: &Pki) -> String {
    format!(
        "[mailbox.imap]\nhost = \"localhost\"\nport = {port}\nsecurity = \"starttls\"\nuser = \"{user}\"\n\
         password = \"{PASSWORD}\"\nlogin_interval = \"0s\"\n{}",
        certificates(pki)
    )
}

impl Dovecot<'_> {
    /// Where it takes mails in (LMTP, RFC 2033).
    pub(super) fn lmtp(&self) -> PathBuf {
        self.folder.join("run/lmtp")
    }

    pub(super) async fn start(&self, binary: &Path) -> Result<(Daemon, u16), ServersError> {
        make_folder(self.folder)?;
        make_folder(self.maildirs)?;
        self.owner.give(self.maildirs, MAIL_USER)?;
        let file = self.folder.join("dovecot.conf");
        let arguments = vec!["-F".as_ref(), "-c".as_ref(), file.as_os_str()];
        let recipe = Recipe { program: PROGRAM, binary, arguments, logs: vec![self.folder.join("log")] };
        recipe.start(|port| write(&file, &self.configuration(port))).await
    }

    fn configuration(&self, port: u16) -> String {
        let (folder, maildirs) = (self.folder.display(), self.maildirs.display());
        let (login, _) = self.owner.account("dovenull", "dovenull");
        let (internal, internal_group) = self.owner.account("dovecot", "dovecot");
        let (mail, mail_group) = self.owner.account(MAIL_USER, MAIL_USER);
        let (ca, server) = (self.pki.ca.display(), &self.pki.server);
        let unprivileged = match self.owner {
            Owner::Root => "",
            Owner::Somebody { .. } => "service anvil {\n chroot =\n}\nservice imap-login {\n chroot =\n}\n",
        };
        format!(
            "protocols = imap lmtp\nlisten = 127.0.0.1\nbase_dir = {folder}/run\nstate_dir = {folder}/state\n\
             import_environment = TZ {clock}\nlog_path = {folder}/log\ndefault_login_user = {login}\ndefault_internal_user = {internal}\n\
             default_internal_group = {internal_group}\nfirst_valid_uid = 1\n\
             ssl = required\nssl_cert = <{certificate}\nssl_key = <{key}\nssl_ca = <{ca}\n\
             ssl_verify_client_cert = yes\nssl_require_crl = no\nauth_ssl_require_client_cert = yes\n\
             disable_plaintext_auth = yes\nauth_mechanisms = plain login\n\
             mail_location = maildir:{maildirs}/%u\nmail_uid = {mail}\nmail_gid = {mail_group}\n\
             recipient_delimiter =\nlmtp_add_received_header = no\nlmtp_hdr_delivery_address = none\n\
             namespace inbox {{\n inbox = yes\n}}\n\
             passdb {{\n driver = static\n args = password={PASSWORD}\n}}\n\
             userdb {{\n driver = static\n args = uid={mail} gid={mail_group} home={maildirs}/%u allow_all_users=yes\n}}\n\
             {unprivileged}\
             service imap-login {{\n inet_listener imap {{\n  port = {port}\n }}\n inet_listener imaps {{\n  port = 0\n }}\n}}\n\
             service lmtp {{\n unix_listener lmtp {{\n  mode = 0666\n }}\n}}\n",
            clock = CLOCK_VARIABLES.join(" "),
            certificate = server.certificate.display(),
            key = server.key.display(),
        )
    }
}
