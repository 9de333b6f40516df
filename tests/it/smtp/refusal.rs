//! What a refusal of a real server means for the mail.

use base::config_values::{Identity, PemFiles, Secret, Span};
use edges::smtp::Obstacle;
use edges::smtp::Obstacle::{Login, Server};
use edges::smtp::{Auth, Handed, Security, SendError, Sent, Smtp, SmtpSettings};

use super::{FROM, mail, send, taken};
use crate::dovecot::{ClientCertificate, Pki};
use crate::exim::{BANNED, BOXES, Exim, FORBIDDEN, GREYLISTED, Shape, UNWANTED};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Unavailable(Obstacle),
    Taken,
    Later,
    Unwanted,
    Refused,
}

use Class::{Later, Refused, Taken, Unavailable, Unwanted};

/// What came of it for each recipient, or for all mails, with the words of it.
fn classes(sent: Result<Sent, SendError>) -> (Vec<Class>, String) {
    let class = |handed: &Handed| match handed {
        Handed::Taken => Taken,
        Handed::Later(_) => Later,
        Handed::Unwanted(_) => Unwanted,
        Handed::Refused(_) => Refused,
    };
    match sent {
        Err(error) => (vec![Unavailable(error.obstacle)], error.to_string()),
        Ok(sent) => {
            let words = sent.left().map(|(_, handed)| handed.cause().to_owned()).collect::<Vec<_>>();
            (sent.handed.iter().map(|(_, handed)| class(handed)).collect(), words.join(" | "))
        }
    }
}

#[track_caller]
fn assert_classes(sent: Result<Sent, SendError>, expected: &[Class], words: &str) {
    let (found, told) = classes(sent);
    assert_eq!(found, expected, "{told}");
    assert!(told.contains(words), "« {words} » is not in « {told} »");
}

#[tokio::test]
async fn a_refusal_of_the_mail_is_told_from_one_of_ours() {
    let exim = Exim::start(Shape::default());
    let settings = exim.settings(Security::Starttls);
    let (here, gone) = (BOXES[0], "parti@hopital.test");
    let unwanted = [UNWANTED.as_bytes(), b"\r\n", &mail("refusé")].concat();
    for (from, to, mail, expected, words) in [
        (FROM, vec![gone], mail(""), vec![Refused], "550 5.1.1 no such mailbox"),
        (FROM, vec![GREYLISTED], mail(""), vec![Later], "451 4.7.1 greylisted"),
        (FROM, vec![FORBIDDEN], mail(""), vec![Later], "550 5.7.1 relaying denied"),
        (FROM, vec![gone, GREYLISTED], mail(""), vec![Refused, Later], "451 4.7.1 greylisted"),
        (FROM, vec![gone, "aussi@hopital.test"], mail(""), vec![Refused, Refused], "550 5.1.1 no such mailbox"),
        (FROM, vec![here], unwanted, vec![Unwanted], "5.6.0 content refused"),
        (BANNED, vec![here], mail(""), vec![Unavailable(Obstacle::Sender)], "550 5.7.1 sender not allowed"),
    ] {
        assert_classes(send(&settings, from, &to, &mail).await, &expected, words);
    }
    assert_eq!(exim.mails(here), []);
}

#[tokio::test]
async fn a_mail_larger_than_the_server_takes_is_not_sent() {
    let exim = Exim::start(Shape { largest: 10_000, ..Shape::default() });
    let settings = exim.settings(Security::Starttls);
    let large = mail(&"x".repeat(10_000));
    let sent = send(&settings, FROM, &BOXES[..1], &large).await;
    assert_classes(sent, &[Unwanted], "le serveur en accepte 10000 au plus");
    assert_eq!(send(&settings, FROM, &BOXES[..1], &mail("x")).await, taken(&BOXES[..1]));
    exim.await_mails(BOXES[0], 1);
}

#[tokio::test]
async fn no_recipient_holds_another_back() {
    let exim = Exim::start(Shape::default());
    let settings = exim.settings(Security::Tls);
    let (here, gone) = (BOXES[0], "parti@hopital.test");
    for (rank, (to, expected)) in [
        ([here, gone], [Taken, Refused]),
        ([here, GREYLISTED], [Taken, Later]),
        ([GREYLISTED, here], [Later, Taken]),
        ([gone, here], [Refused, Taken]),
        ([FORBIDDEN, here], [Later, Taken]),
    ]
    .into_iter()
    .enumerate()
    {
        assert_classes(send(&settings, FROM, &to, &mail("avec copie")).await, &expected, "");
        exim.await_mails(here, rank + 1);
    }
}

#[tokio::test]
async fn a_server_or_account_that_is_not_the_right_one_is_never_held_against_the_mail() {
    let exim = Exim::start(Shape::default());
    for security in [Security::Starttls, Security::Tls] {
        let right = exim.settings(security);
        let host = |host: &str| SmtpSettings { host: host.to_owned(), ..right.clone() };
        let authority = |ca| SmtpSettings { ca, ..right.clone() };
        let password = Some(Secret::Inline("autre".into()));
        for (settings, expected, words) in [
            (authority(Some(exim.pki.path("stranger-ca"))), Unavailable(Server), "aucune autorité connue"),
            (authority(None), Unavailable(Server), "aucune autorité connue"),
            (host("127.0.0.1"), Unavailable(Server), "pas au nom de « 127.0.0.1 », mais de localhost"),
            (host("absent.invalid"), Unavailable(Server), "connexion"),
            (SmtpSettings { password, ..right.clone() }, Unavailable(Login), "authentification : 535"),
            (SmtpSettings { user: None, password: None, ..right.clone() }, Later, "5.7.1 authentication required"),
        ] {
            assert_classes(send(&settings, FROM, &BOXES[..1], &mail("")).await, &[expected], words);
        }
    }
    assert_eq!(exim.mails(BOXES[0]), []);
}

#[tokio::test]
async fn nothing_is_said_in_clear() {
    let exim = Exim::start(Shape { starttls: false, ..Shape::default() });
    let sent = send(&exim.settings(Security::Starttls), FROM, &BOXES[..1], &mail("")).await;
    assert_classes(sent, &[Unavailable(Server)], "STARTTLS : le serveur ne le propose pas");
}

#[tokio::test]
async fn a_missing_or_foreign_client_certificate_is_ours_to_mend() {
    let exim = Exim::start(Shape { certificate: ClientCertificate::Required, ..Shape::default() });
    for security in [Security::Starttls, Security::Tls] {
        for identity in [None, Some(exim.pki.identity("stranger"))] {
            let settings = SmtpSettings { identity, ..exim.settings(security) };
            let (found, told) = classes(send(&settings, FROM, &BOXES[..1], &mail("")).await);
            assert!(matches!(found[..], [Unavailable(_)]), "{told}");
            assert!(told.contains("certificat"), "{told}");
        }
    }
}

#[test]
fn settings_that_cannot_work_are_told_before_any_connection() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new(folder.path());
    let absent = folder.path().join("absent");
    let right = SmtpSettings {
        host: "localhost".to_owned(),
        port: 587,
        security: Security::Starttls,
        auth: None,
        user: None,
        password: None,
        token: None,
        ca: Some(pki.path("ca")),
        identity: Some(pki.identity("client")),
        hello: "dispolits.region.test".to_owned(),
        timeout: Span::seconds(30),
    };
    assert!(Smtp::new(&right).is_ok());
    let identity = |certificate, key| Some(Identity::Pem(PemFiles { certificate, key }));
    let user = Some("lits".to_owned());
    let password = || Some(Secret::Inline("motdepasse".into()));
    let auth = |auth| SmtpSettings { auth: Some(auth), ..right.clone() };
    assert!(Smtp::new(&auth(Auth::External)).is_ok() && Smtp::new(&auth(Auth::None)).is_ok());
    for (wrong, words) in [
        (auth(Auth::Plain), "smtp.auth = \"plain\" : donnez user (le compte) ; donnez password (le mot de passe)"),
        (SmtpSettings { user: user.clone(), ..auth(Auth::Xoauth2) }, "donnez token (le jeton OAuth 2.0)"),
        (SmtpSettings { identity: None, ..auth(Auth::External) }, "donnez identity (le certificat client)"),
        (
            SmtpSettings { user: user.clone(), password: password(), ..auth(Auth::External) },
            "retirez password (le mot de passe), qui ne sert qu’avec auth = \"plain\"",
        ),
        (SmtpSettings { user: user.clone(), ..auth(Auth::None) }, "retirez user (le compte)"),
        (SmtpSettings { host: "deux mots".to_owned(), ..right.clone() }, "« deux mots » n’est pas un nom de serveur"),
        (SmtpSettings { ca: Some(absent.clone()), ..right.clone() }, "absent est illisible"),
        (SmtpSettings { ca: Some(pki.path("client-key")), ..right.clone() }, "ne contient aucun certificat"),
        (
            SmtpSettings { identity: identity(pki.path("client"), absent.clone()), ..right.clone() },
            "absent est illisible",
        ),
        (
            SmtpSettings { identity: identity(pki.path("client"), pki.path("server-key")), ..right.clone() },
            "inutilisable",
        ),
        (SmtpSettings { user: user.clone(), ..right.clone() }, "donnez password"),
        (SmtpSettings { user, password: Some(Secret::File { file: absent }), ..right.clone() }, "est illisible"),
    ] {
        let error = Smtp::new(&wrong).expect_err(words).to_string();
        assert!(error.contains(words), "« {words} » is not in « {error} »");
    }
}
