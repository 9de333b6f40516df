//! Certificates of ours that real servers refuse: the journal names the DN to declare.

use domain::address::Address;
use edges::mailbox::{Folders, ImapSettings, Mailbox, MailboxError, MailboxSettings, Security};
use edges::smtp;
use edges::smtp::{Obstacle, Smtp, Submission};

use crate::dovecot::{ClientCertificate, Dovecot};
use crate::exim::{BOXES, Exim, Shape};

/// Our certificates that the servers do not accept, each with its name and its issuer's.
const BAD: [(&str, &str); 5] = [
    ("expired", "TEST ca"),
    ("early", "TEST ca"),
    ("revoked", "TEST ca"),
    ("stranger", "TEST stranger-ca"),
    // That of a server.
    ("server", "TEST ca"),
];

async fn open(settings: ImapSettings) -> Result<(), MailboxError> {
    let mut mailbox = Mailbox::new(&MailboxSettings::from(settings), &Folders::default()).unwrap();
    mailbox.open().await.map(drop)
}

fn check(said: &str, name: &str, issuer: &str) {
    let presented = format!("certificat présenté : « CN={name}");
    assert!(said.contains(&presented), "{name}: {said}");
    assert!(said.contains(&format!("émis par « CN={issuer}")), "{name}: {said}");
    assert!(said.contains("l’opérateur doit connaître ce DN"), "{name}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_refuses_our_certificate_is_told_with_the_dn() {
    let dovecot = Dovecot::start(ClientCertificate::Required);
    open(dovecot.settings(Security::Starttls)).await.unwrap();
    for security in [Security::Starttls, Security::Tls] {
        for (name, issuer) in BAD {
            let identity = Some(dovecot.pki.identity(name));
            let error = open(ImapSettings { identity, ..dovecot.settings(security) }).await.unwrap_err();
            assert!(matches!(error, MailboxError::CertificateRefused { .. }), "{name}: {error:?}");
            assert!(!error.is_transient());
            check(&error.to_string(), name, issuer);
        }
        let error = open(ImapSettings { identity: None, ..dovecot.settings(security) }).await.unwrap_err();
        assert!(error.to_string().contains("aucun certificat client n’est présenté"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_server_that_refuses_our_certificate_is_told_with_the_dn() {
    let exim = Exim::start(Shape { certificate: ClientCertificate::Required, ..Shape::default() });
    let to: [Address; 1] = [BOXES[0].parse().unwrap()];
    let send = async |settings: smtp::SmtpSettings| {
        let mail = b"Subject: x\r\n\r\nx\r\n";
        let submission = Submission { from: None, to: &to, message_id: "1@region.test", mail };
        Smtp::new(&settings).unwrap().send(&submission).await.map(drop)
    };
    send(exim.settings(smtp::Security::Starttls)).await.unwrap();
    for security in [smtp::Security::Starttls, smtp::Security::Tls] {
        // GnuTLS, in exim, takes the certificate of a server for that of a client; `doctor` does not.
        for (name, issuer) in BAD.into_iter().filter(|(name, _)| *name != "server") {
            let identity = Some(exim.pki.identity(name));
            let error = send(smtp::SmtpSettings { identity, ..exim.settings(security) }).await.expect_err(name);
            assert_ne!(error.obstacle, Obstacle::Sender, "{name}: {error:?}");
            check(&error.to_string(), name, issuer);
        }
    }
    // A refused login may be for the certificate that the account is bound to.
    let settings = exim.settings(smtp::Security::Tls);
    exim.change_password("autre");
    check(&send(settings).await.unwrap_err().to_string(), "client", "TEST ca");
}
