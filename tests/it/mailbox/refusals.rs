//! What a real Dovecot refuses, and how its end is survived.

use base::config_values::Secret;
use edges::mailbox::{Folders, ImapSettings, Mailbox, MailboxError, MailboxSettings, MailboxSetupError, Security};

use super::world::{ALL, mail, positions};
use crate::dovecot::{ClientCertificate, Dovecot};

async fn check(dovecot: &Dovecot, change: impl Fn(&mut ImapSettings), expected: impl Fn(&MailboxError) -> bool) {
    for security in [Security::Starttls, Security::Tls] {
        let mut settings = dovecot.settings(security);
        change(&mut settings);
        let mut mailbox = Mailbox::new(&MailboxSettings::from(settings), &Folders::default()).unwrap();
        let error = mailbox.open().await.unwrap_err();
        assert!(expected(&error), "{security:?}: {error:?}");
    }
}

fn is_tls(error: &MailboxError) -> bool {
    matches!(error, MailboxError::Tls(_)) && !error.is_transient()
}

/// The DN that the operator must know is told.
fn is_certificate(error: &MailboxError) -> bool {
    let told = error.to_string();
    matches!(error, MailboxError::CertificateRefused { .. })
        && told.contains("« CN=stranger")
        && told.contains("émis par « CN=TEST stranger-ca")
}

fn is_credential(error: &MailboxError) -> bool {
    matches!(error, MailboxError::CredentialRefused(_)) && !error.is_transient()
}

#[tokio::test]
async fn each_refusal_has_its_name() {
    let dovecot = Dovecot::start(ClientCertificate::Required);
    check(&dovecot, |settings| settings.password = Some(Secret::Inline("faux".into())), is_credential).await;
    check(&dovecot, |settings| settings.user = "autre@hopital.test".to_owned(), is_credential).await;
    // A missing certificate is told after the handshake, in the server's words.
    check(
        &dovecot,
        |settings| settings.identity = None,
        |error| matches!(error, MailboxError::CertificateRefused { said, .. } if said.contains("certificate")),
    )
    .await;
    let stranger = |settings: &mut ImapSettings| settings.identity = Some(dovecot.pki.identity("stranger"));
    check(&dovecot, stranger, is_certificate).await;
    check(&dovecot, |settings| settings.ca = Some(dovecot.pki.path("stranger-ca")), is_tls).await;
    // The authorities of this machine do not know the server either.
    check(&dovecot, |settings| settings.ca = None, is_tls).await;
    // The server's certificate is for « localhost ».
    check(&dovecot, |settings| settings.host = "127.0.0.1".to_owned(), is_tls).await;
    check(
        &dovecot,
        |settings| settings.folder = "Nulle part".to_owned(),
        |error| matches!(error, MailboxError::FolderMissing { folder, .. } if folder == "Nulle part"),
    )
    .await;
}

#[tokio::test]
async fn tls_and_starttls_ports_are_not_mistaken() {
    let dovecot = Dovecot::start(ClientCertificate::Unasked);
    let mut settings = dovecot.settings(Security::Tls);
    settings.port = dovecot.settings(Security::Starttls).port;
    let mut mailbox = Mailbox::new(&MailboxSettings::from(settings), &Folders::default()).unwrap();
    assert!(is_tls(&mailbox.open().await.unwrap_err()));
}

#[tokio::test]
async fn the_end_of_the_server_ends_the_session_and_a_new_one_finds_the_same_mails() {
    let mut dovecot = Dovecot::start(ClientCertificate::Required);
    dovecot.deliver(&mail("avant", 10), "1700000000.M1.serveur");
    let settings = MailboxSettings::from(dovecot.settings(Security::Starttls));
    let mut mailbox = Mailbox::new(&settings, &Folders::default()).unwrap();
    let (session, entries) = mailbox.open().await.unwrap().list().await.unwrap();
    dovecot.stop();
    let error = session.fetch(&positions(&entries), ALL).await.unwrap_err();
    assert!(matches!(error, MailboxError::Broken(_)) && error.is_transient(), "{error:?}");
    let error = mailbox.open().await.unwrap_err();
    assert!(matches!(error, MailboxError::Unreachable(_)) && error.is_transient(), "{error:?}");
    dovecot.restart();
    let (session, again) = mailbox.open().await.unwrap().list().await.unwrap();
    assert_eq!(again, entries);
    assert_eq!(session.fetch(&positions(&entries), ALL).await.unwrap().1.mails.len(), 1);
}

#[tokio::test]
async fn a_renumbered_mailbox_lists_other_positions() {
    let mut dovecot = Dovecot::start(ClientCertificate::Unasked);
    dovecot.deliver(&mail("avant", 10), "1700000000.M1.serveur");
    let settings = MailboxSettings::from(dovecot.settings(Security::Tls));
    let mut mailbox = Mailbox::new(&settings, &Folders::default()).unwrap();
    let (session, before) = mailbox.open().await.unwrap().list().await.unwrap();
    session.close().await;
    dovecot.stop();
    dovecot.forget_numbers();
    dovecot.restart();
    let (session, after) = mailbox.open().await.unwrap().list().await.unwrap();
    assert_eq!(after.len(), 1);
    assert_ne!(positions(&after), positions(&before));
    assert_eq!(session.fetch(&positions(&before), ALL).await.unwrap().1.mails, []);
}

#[test]
fn a_wrong_configuration_is_told_before_any_connection() {
    let pki = tempfile::tempdir().unwrap();
    let refused =
        |settings: ImapSettings| Mailbox::new(&MailboxSettings::from(settings), &Folders::default()).unwrap_err();
    let settings = || ImapSettings { port: 143, security: Security::Starttls, ..crate::quirks::settings() };
    let missing = pki.path().join("absent.pem");
    assert!(matches!(refused(ImapSettings { ca: Some(missing.clone()), ..settings() }), MailboxSetupError::Tls(_)));
    assert!(matches!(
        refused(ImapSettings { password: Some(Secret::File { file: missing }), ..settings() }),
        MailboxSetupError::Secret(_)
    ));
    assert!(matches!(refused(ImapSettings { host: "a b".to_owned(), ..settings() }), MailboxSetupError::Host(_)));
    let hasty = ImapSettings { timeout: base::config_values::Span::seconds(0), ..settings() };
    assert!(matches!(refused(hasty), MailboxSetupError::Timeout));
    for (user, password) in [("", "x"), ("a", ""), ("a\0b", "x"), ("a", "x\r\nA1 LOGOUT")] {
        let wrong =
            ImapSettings { user: user.to_owned(), password: Some(Secret::Inline(password.into())), ..settings() };
        assert!(matches!(refused(wrong), MailboxSetupError::Credential), "{user:?} {password:?}");
    }
    for folder in ["", "IN\"BOX", "INBOX\r\nA1 LOGOUT", "*", " INBOX"] {
        let wrong = ImapSettings { folder: folder.to_owned(), ..settings() };
        assert!(matches!(refused(wrong), MailboxSetupError::FolderName(_)), "{folder:?}");
    }
    assert!(matches!(
        refused(ImapSettings { folder: "rejets".to_owned(), ..settings() }),
        MailboxSetupError::FolderTwice(_)
    ));
}
