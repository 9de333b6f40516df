//! What Dovecot is told.

use dispolits::sandbox::CLOCK_VARIABLES;

use super::{ClientCertificate, Dovecot};
use crate::child::{id, is_root};

/// Configuration: whoever shows a certificate of the authority is whom its common name says.
pub(crate) const EXTERNAL: &str = "auth_mechanisms = external\nauth_ssl_username_from_cert = yes\n\
    ssl_cert_username_field = commonName\npassdb {\n driver = static\n args = nopassword=y\n}\n";
/// Configuration: a mailbox of 100 KiB at most.
pub(crate) const QUOTA: &str = "mail_plugins = $mail_plugins quota\nprotocol imap {\n mail_plugins = $mail_plugins imap_quota\n}\n\
    plugin {\n quota = maildir:Boite\n quota_rule = *:storage=100K\n quota_grace = 0\n}\n";

/// Configuration: rights by the file `acls` of the server's folder (ACL, RFC 4314).
pub(crate) const ACL: &str = "mail_plugins = $mail_plugins acl\nprotocol imap {\n mail_plugins = $mail_plugins imap_acl\n}\n\
    plugin {\n acl = vfile:{directory}/acls:cache_secs=0\n}\n";

impl Dovecot {
    pub(super) fn configuration(&self) -> String {
        let directory = self.directory.path().display();
        let root = is_root();
        let me = id(&["-un"]);
        let mail_group = if root { "mail".to_owned() } else { id(&["-gn"]) };
        let (login, internal, group, mail) = if root {
            ("dovenull", "dovecot", "dovecot".to_owned(), "mail")
        } else {
            (me.as_str(), me.as_str(), id(&["-gn"]), me.as_str())
        };
        let certificate = match self.certificate {
            ClientCertificate::Unasked => String::new(),
            ClientCertificate::Required => format!(
                "ssl_ca = <{directory}/ca-and-crl.pem\nssl_verify_client_cert = yes\nssl_require_crl = yes\nauth_ssl_require_client_cert = yes\n"
            ),
        };
        let unprivileged =
            if root { "" } else { "service anvil {\n chroot =\n}\nservice imap-login {\n chroot =\n}\n" };
        // No penalty for wrong passwords, of which the tests send several.
        let penalty =
            "auth_failure_delay = 0\nservice anvil {\n unix_listener anvil-auth-penalty {\n  mode = 0\n }\n}\n";
        let (imap, imaps, more) = (self.imap, self.imaps, &self.more);
        format!(
            "protocols = imap\nlisten = 127.0.0.1, ::1\nbase_dir = {directory}/run\nstate_dir = {directory}/state\n\
             import_environment = TZ {clock}\nlog_path = {directory}/log\ndefault_login_user = {login}\ndefault_internal_user = {internal}\n\
             default_internal_group = {group}\nfirst_valid_uid = 1\nssl = required\n\
             ssl_cert = <{directory}/server.pem\nssl_key = <{directory}/server-key.pem\n{certificate}\
             disable_plaintext_auth = yes\nauth_mechanisms = plain login\nauth_verbose = yes\nverbose_proctitle = yes\n\
             mail_location = maildir:{directory}/mail\nmail_fsync = never\nmail_uid = {mail}\nmail_gid = {mail_group}\n\
             namespace inbox {{\n inbox = yes\n}}\n\
             passdb {{\n driver = passwd-file\n args = scheme=PLAIN username_format=%u {directory}/users\n}}\n\
             userdb {{\n driver = static\n args = uid={mail} gid={mail_group} home={directory}/mail\n}}\n{unprivileged}{penalty}\
             service imap-login {{\n inet_listener imap {{\n  port = {imap}\n }}\n inet_listener imaps {{\n  port = {imaps}\n  ssl = yes\n }}\n}}\n{more}",
            clock = CLOCK_VARIABLES.join(" "),
        )
    }
}
