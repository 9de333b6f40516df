//! What arrives, and from whom it says to come.

use base::config_values::Secret;
use edges::smtp::{Obstacle, Security, Smtp};

use super::{FROM, hand_over, mail, send, taken};
use crate::dovecot::ClientCertificate;
use crate::exim::{BOXES, Delivered, Exim, Shape};

#[tokio::test]
async fn a_mail_arrives_byte_for_byte() {
    let exim = Exim::start(Shape::default());
    let bodies = [
        "une ligne".to_owned(),
        String::new(),
        "\r\n\r\nfin par des lignes vides\r\n\r\n".to_owned(),
        ".\r\n..\r\n.point en tête\r\nfin.\r\n.".to_owned(),
        "QUIT\r\nMAIL FROM:<intrus@ailleurs.test>\r\n.\r\nRCPT TO:<intrus@ailleurs.test>".to_owned(),
        "x".repeat(998),
        format!("{}\r\n", "donn\u{e9}es à 8 bits — lits".repeat(9)),
        "ligne de cinquante caractères, retour compris....\r\n".repeat(20_000),
    ];
    for (rank, body) in bodies.iter().enumerate() {
        let security = if rank % 2 == 0 { Security::Starttls } else { Security::Tls };
        let sent = send(&exim.settings(security), FROM, &BOXES[..1], &mail(body)).await;
        assert_eq!(sent, taken(&BOXES[..1]), "{}", exim.log());
        let arrived = exim.await_mails(BOXES[0], rank + 1);
        let newest = Delivered { return_path: format!("<{FROM}>"), mail: mail(body) };
        assert!(arrived.contains(&newest), "body {rank} was altered");
    }
}

#[tokio::test]
async fn the_null_sender_and_several_recipients_are_kept() {
    let exim = Exim::start(Shape::default());
    let sent = send(&exim.settings(Security::Starttls), "", &BOXES, &mail("avis")).await;
    assert_eq!(sent, taken(&BOXES), "{}", exim.log());
    for recipient in BOXES {
        let expected = Delivered { return_path: "<>".to_owned(), mail: mail("avis") };
        assert_eq!(exim.await_mails(recipient, 1), [expected]);
    }
}

#[tokio::test]
async fn the_client_certificate_is_presented() {
    let exim = Exim::start(Shape { certificate: ClientCertificate::Required, ..Shape::default() });
    for security in [Security::Starttls, Security::Tls] {
        assert_eq!(send(&exim.settings(security), FROM, &BOXES[..1], &mail("certifié")).await, taken(&BOXES[..1]));
    }
    exim.await_mails(BOXES[0], 2);
    assert_eq!(exim.log().matches("CN=client").count(), 2, "{}", exim.log());
}

#[tokio::test]
async fn a_renewed_password_serves_without_a_restart() {
    let exim = Exim::start(Shape::default());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("smtp");
    std::fs::write(&file, format!("{}\n", crate::exim::PASSWORD)).unwrap();
    let mut settings = exim.settings(Security::Starttls);
    settings.password = Some(Secret::File { file: file.clone() });
    let smtp = Smtp::new(&settings).unwrap();
    let send = async |body| hand_over(&smtp, FROM, &BOXES[..1], &mail(body)).await;
    assert_eq!(send("avant").await, taken(&BOXES[..1]));

    exim.change_password("tout neuf");
    let refused = send("pendant").await.unwrap_err();
    assert_eq!(refused.obstacle, Obstacle::Login, "{refused}");
    std::fs::write(&file, "tout neuf\n").unwrap();
    assert_eq!(send("après").await, taken(&BOXES[..1]));
    exim.await_mails(BOXES[0], 2);
}
