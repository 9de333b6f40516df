//! How often a real Dovecot is logged in to.

use std::time::{Duration, Instant};

use base::config_values::{Secret, Span};
use edges::mailbox::{Folders, ImapSettings, Mailbox, MailboxError, MailboxSettings, Security};

use crate::dovecot::{ClientCertificate, Dovecot};

const INTERVAL: Duration = Duration::from_secs(1);

/// How long five logins take that are all wanted at once.
async fn five_logins(dovecot: &Dovecot, password: Option<&str>) -> Duration {
    let settings = dovecot.settings(Security::Tls);
    let login_interval = Span::seconds(INTERVAL.as_secs());
    let password = password.map_or(settings.password, |password| Some(Secret::Inline(password.into())));
    let settings = MailboxSettings::from(ImapSettings { login_interval, password, ..dovecot.settings(Security::Tls) });
    let mut mailbox = Mailbox::new(&settings, &Folders::default()).unwrap();
    let begin = Instant::now();
    for _ in 0..5 {
        match mailbox.open().await {
            Ok(session) => session.close().await,
            Err(MailboxError::CredentialRefused(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    begin.elapsed()
}

/// Three may follow one another, the others come one each interval.
#[tokio::test]
async fn logins_are_spaced_whether_they_succeed_or_not() {
    let dovecot = Dovecot::start(ClientCertificate::Unasked);
    for password in [None, Some("faux")] {
        let took = five_logins(&dovecot, password).await;
        assert!(took >= 2 * INTERVAL, "{password:?}: {took:?}");
    }
}
