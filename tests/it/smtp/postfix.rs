//! Submission to a real Postfix, which knows its clients by their certificates.

use edges::smtp::{Handed, Obstacle, Security, SmtpSettings};

use super::{FROM, mail, send, taken};
use crate::postfix::{BOXES, Certificate, Postfix};

#[tokio::test]
async fn replies_leave_with_the_certificate_and_arrive() {
    for certificate in [Certificate::Required, Certificate::Asked] {
        let postfix = Postfix::start(certificate);
        // The server would add a date.
        let date = "Date: Mon, 23 Nov 2026 08:00:00 +0100\r\n".to_owned();
        let mail = date.into_bytes().into_iter().chain(mail(".point\r\n\r\ndonnées à 8 bits\r\n.")).collect::<Vec<_>>();
        for (rank, (security, from)) in [(Security::Starttls, FROM), (Security::Tls, "")].into_iter().enumerate() {
            let sent = send(&postfix.settings(security), from, &BOXES, &mail).await;
            assert_eq!(sent, taken(&BOXES), "{}", postfix.log());
            for address in BOXES {
                let arrived = String::from_utf8(postfix.await_mails(address, rank + 1).remove(rank)).unwrap();
                let ours = String::from_utf8(mail.clone()).unwrap().replace("\r\n", "\n");
                assert!(arrived.starts_with(&format!("Return-Path: <{from}>\n")), "{arrived}");
                assert!(arrived.ends_with(&ours), "{arrived}");
            }
        }
    }
}

#[tokio::test]
async fn a_missing_certificate_is_named() {
    let required = Postfix::start(Certificate::Required);
    for security in [Security::Starttls, Security::Tls] {
        let without = SmtpSettings { identity: None, ..required.settings(security) };
        let error = send(&without, FROM, &BOXES, &mail("")).await.unwrap_err();
        assert_eq!(error.obstacle, Obstacle::Login, "{error}");
        assert!(error.cause.contains("421 4.7.1"), "{error}");
        assert!(error.cause.contains("aucun certificat client n’est présenté"), "{error}");
    }
    let asked = Postfix::start(Certificate::Asked);
    let without = SmtpSettings { identity: None, ..asked.settings(Security::Starttls) };
    let sent = send(&without, FROM, &BOXES, &mail("")).await.unwrap();
    for (_, handed) in sent.handed {
        let told = handed.cause();
        assert!(matches!(handed, Handed::Later(_)), "{told}");
        assert!(told.contains("554 5.7.1") && told.contains("aucun certificat client n’est présenté"), "{told}");
    }
}
