//! The configuration file of the exim under test.

use dispolits::sandbox::CLOCK_VARIABLES;

use super::{
    BANNED, BOUNCE, BOUNCED, Exim, FORBIDDEN, GREYLISTED, GREYLISTED_ONCE, OWNER, Shape, TOKEN, UNWANTED, USER,
};
use crate::child::{id, is_root};
use crate::dovecot::ClientCertificate;

impl Exim {
    pub(super) fn configuration(&self) -> String {
        let (user, group) = if is_root() { (OWNER.to_owned(), OWNER.to_owned()) } else { (id(&["-un"]), id(&["-gn"])) };
        let directory = self.directory.path().display();
        let (submission, submissions) = (self.submission, self.submissions);
        let Shape { largest, .. } = self.shape;
        let advertised = if self.shape.starttls { "*" } else { "" };
        let verified = if self.shape.certificate == ClientCertificate::Required { "*" } else { "" };
        format!(
            "primary_hostname = smtp.operateur.test\nexim_user = {user}\nexim_group = {group}\n\
             spool_directory = {directory}/spool\nlog_file_path = {directory}/log/%slog\n\
             pid_file_path = {directory}/spool/exim.pid\nkeep_environment = {clock}\ndeliver_drop_privilege\n\
             local_interfaces = <; 127.0.0.1\ndaemon_smtp_ports = {submission} : {submissions}\n\
             tls_on_connect_ports = {submissions}\ntls_advertise_hosts = {advertised}\n\
             tls_certificate = {directory}/server.pem\ntls_privatekey = {directory}/server-key.pem\n\
             tls_verify_certificates = {directory}/ca.pem\ntls_crl = {directory}/crl.pem\ntls_verify_hosts = {verified}\ntls_try_verify_hosts =\n\
             log_selector = +tls_peerdn\nreceived_header_text =\nsmtp_accept_queue_per_connection = 0\n\
             message_size_limit = {largest}\ndsn_advertise_hosts = *\n\
             acl_smtp_mail = sender\nacl_smtp_rcpt = recipient\nacl_smtp_data = content\n\n\
             {acl}{routing}{authenticators}",
            clock = CLOCK_VARIABLES.join(" : "),
            acl = self.acl(),
            routing = self.routing(),
            authenticators = self.authenticators(),
        )
    }

    /// Whom it takes mails from and for. The server « behind » is itself, which knows no password.
    fn acl(&self) -> String {
        let directory = self.directory.path().display();
        format!(
            "begin acl\n\
             sender:\n  deny message = 5.7.1 sender not allowed\n       senders = {BANNED}\n  accept\n\
             recipient:\n  deny message = {BOUNCE}\n       !authenticated = *\n       recipients = {BOUNCED}\n  \
               deny message = 5.7.1 authentication required\n       !authenticated = *\n  \
               defer message = 4.7.1 greylisted\n        recipients = {GREYLISTED}\n  \
               defer message = 4.7.1 greylisted, try again\n        recipients = {GREYLISTED_ONCE}\n        \
                 condition = ${{run{{/bin/mkdir {directory}/spool/seen}}{{true}}{{false}}}}\n  \
               deny message = 5.7.1 relaying denied\n       recipients = {FORBIDDEN}\n  \
               accept recipients = {BOUNCED}\n  \
               accept condition = ${{lookup{{$local_part@$domain}}lsearch{{{directory}/boxes}}{{true}}{{false}}}}\n  \
               deny message = 5.1.1 no such mailbox\n\
             content:\n  deny message = 5.6.0 content refused\n       condition = ${{if match{{$message_headers}}{{{UNWANTED}}}}}\n  accept\n\n"
        )
    }

    fn routing(&self) -> String {
        let (directory, submission) = (self.directory.path().display(), self.submission);
        format!(
            "begin routers\nbehind:\n  driver = manualroute\n  transport = behind\n  \
               condition = ${{if eq{{$local_part@$domain}}{{{BOUNCED}}}}}\n  \
               route_list = * 127.0.0.1\n  self = send\n\
             boxes:\n  driver = accept\n  transport = maildir\n\n\
             begin transports\nbehind:\n  driver = smtp\n  port = {submission}\n  hosts_avoid_tls = *\n\
             maildir:\n  driver = appendfile\n  maildir_format\n  use_crlf\n  return_path_add\n  mode = 0644\n  \
               directory_mode = 0755\n  \
               directory = ${{lookup{{$local_part@$domain}}lsearch{{{directory}/boxes}}{{$value}}fail}}\n\n\
             begin retry\n* * F,1h,1s\n\n"
        )
    }

    /// EXTERNAL is offered to whoever showed a certificate that it verified.
    fn authenticators(&self) -> String {
        let directory = self.directory.path().display();
        format!(
            "begin authenticators\nplain:\n  driver = plaintext\n  public_name = PLAIN\n  \
               server_advertise_condition = ${{if def:tls_in_cipher}}\n  \
               server_condition = ${{if and{{{{eq{{$auth2}}{{{USER}}}}}{{eq{{$auth3}}{{${{readfile{{{directory}/password}}}}}}}}}}}}\n  \
               server_set_id = $auth2\n\
             xoauth2:\n  driver = plaintext\n  public_name = XOAUTH2\n  server_prompts = :\n  \
               server_advertise_condition = ${{if def:tls_in_cipher}}\n  \
               server_condition = ${{if eq{{$auth1}}{{user={USER}\\x01auth=Bearer {TOKEN}\\x01\\x01}}}}\n  \
               server_set_id = {USER}\n\
             external:\n  driver = external\n  public_name = EXTERNAL\n  \
               server_advertise_condition = ${{if eq{{$tls_in_certificate_verified}}{{1}}}}\n  \
               server_condition = ${{if match{{$tls_in_peerdn}}{{CN=client}}}}\n  server_set_id = $tls_in_peerdn\n"
        )
    }
}
