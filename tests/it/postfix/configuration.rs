//! The configuration files of the Postfix under test.

use super::{BOXES, Certificate, OWNER, Postfix};

impl Postfix {
    pub(super) fn main_cf(&self) -> String {
        let directory = self.directory.path().display();
        let (programs, libraries) = (super::tool("usr/sbin"), super::tool("usr/lib/postfix"));
        let (programs, libraries) = (programs.display(), libraries.display());
        let boxes: Vec<String> = BOXES.iter().map(|address| format!("{{ {address} = {address}/ }}")).collect();
        let owner = Self::mailbox_owner();
        let required = if self.certificate == Certificate::Required { "yes" } else { "no" };
        format!(
            "compatibility_level = 3.6\nqueue_directory = {directory}/queue\ndata_directory = {directory}/data\n\
             command_directory = {programs}\ndaemon_directory = {libraries}/sbin\nshlib_directory = no\n\
             meta_directory = {directory}/etc\nmail_owner = {OWNER}\nsetgid_group = mail\ndefault_privs = nobody\n\
             import_environment = LD_LIBRARY_PATH MAIL_CONFIG\nmyhostname = smtp.operateur.test\nmydestination =\n\
             inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks =\nalias_maps =\nlocal_recipient_maps =\n\
             maillog_file = {directory}/data/log\nmaillog_file_prefixes = {directory}\n\
             virtual_mailbox_domains = ch-armor.test\nvirtual_mailbox_base = {directory}/mail\n\
             virtual_mailbox_maps = inline:{{ {boxes} }}\nvirtual_uid_maps = static:{owner}\nvirtual_gid_maps = static:{owner}\n\
             smtpd_tls_security_level = encrypt\nsmtpd_tls_cert_file = {directory}/server.pem\n\
             smtpd_tls_key_file = {directory}/server-key.pem\nsmtpd_tls_CAfile = {directory}/ca.pem\n\
             smtpd_tls_ask_ccert = yes\nsmtpd_tls_req_ccert = {required}\nsmtpd_tls_loglevel = 1\nsmtpd_tls_received_header = yes\n\
             smtpd_recipient_restrictions = permit_tls_all_clientcerts, reject\nsmtpd_relay_restrictions = permit\n",
            boxes = boxes.join(", "),
        )
    }

    pub(super) fn master_cf(&self) -> String {
        let (submission, submissions) = (self.submission, self.submissions);
        format!(
            "{submission} inet n - n - - smtpd\n\
             {submissions} inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes\n\
             cleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\ntlsmgr unix - - n 1000? 1 tlsmgr\n\
             rewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\n\
             trace unix - - n - 0 bounce\nvirtual unix - n n - - virtual\nsmtp unix - - n - - smtp\nerror unix - - n - - error\n\
             retry unix - - n - - error\nproxymap unix - - n - - proxymap\nanvil unix - - n - 1 anvil\n\
             scache unix - - n - 1 scache\npostlog unix-dgram n - n - 1 postlogd\n"
        )
    }
}
