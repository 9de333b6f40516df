//! Each way to log in, to a real exim.

use base::config_values::Secret;
use edges::smtp::{Auth, Obstacle, Security, SmtpSettings};

use super::{FROM, mail, send, taken};
use crate::dovecot::ClientCertificate;
use crate::exim::{BOXES, Exim, Shape, TOKEN};

#[tokio::test]
async fn a_certificate_alone_logs_in() {
    let exim = Exim::start(Shape { certificate: ClientCertificate::Required, ..Shape::default() });
    for (rank, security) in [Security::Starttls, Security::Tls].into_iter().enumerate() {
        let right = SmtpSettings { auth: Some(Auth::External), user: None, password: None, ..exim.settings(security) };
        let sent = send(&right, FROM, &BOXES[..1], &mail("certificat")).await;
        assert_eq!(sent, taken(&BOXES[..1]), "{}", exim.log());
        exim.await_mails(BOXES[0], rank + 1);
    }
    assert_eq!(exim.log().matches("A=external:").count(), 2, "{}", exim.log());
}

#[tokio::test]
async fn a_certificate_that_nobody_looks_at_logs_nobody_in() {
    let exim = Exim::start(Shape::default());
    let identity = Some(exim.pki.identity("client"));
    let settings = exim.settings(Security::Starttls);
    let external = SmtpSettings { auth: Some(Auth::External), user: None, password: None, identity, ..settings };
    let refused = send(&external, FROM, &BOXES[..1], &mail("")).await.unwrap_err();
    assert_eq!(refused.obstacle, Obstacle::Login);
    assert!(refused.cause.contains("ne propose pas AUTH EXTERNAL"), "{refused}");
}

#[tokio::test]
async fn a_token_logs_in_while_it_is_valid() {
    let exim = Exim::start(Shape::default());
    let with = |token: &str| {
        let token = Some(Secret::Command { command: vec!["echo".to_owned(), token.to_owned()] });
        SmtpSettings { auth: Some(Auth::Xoauth2), password: None, token, ..exim.settings(Security::Starttls) }
    };
    let sent = send(&with(TOKEN), FROM, &BOXES[..1], &mail("jeton")).await;
    assert_eq!(sent, taken(&BOXES[..1]), "{}", exim.log());
    exim.await_mails(BOXES[0], 1);
    assert!(exim.log().contains("A=xoauth2:"), "{}", exim.log());
    let refused = send(&with("perime"), FROM, &BOXES[..1], &mail("")).await.unwrap_err();
    assert_eq!(refused.obstacle, Obstacle::Login);
    assert!(refused.cause.contains("authentification : 535"), "{refused}");
}
