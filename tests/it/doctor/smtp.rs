//! Faults towards a real submission server.

use base::config_values::Secret;
use edges::smtp::{Auth, Security, Smtp, SmtpSettings, Submission};
use service::config::{Config, ReplyTransport};

use super::bench::{Bench, Expected, detail, main};
use crate::dovecot::ClientCertificate;
use crate::exim::{BANNED, BOXES, Exim, Shape, TOKEN, USER};
use crate::postfix::{Certificate, Postfix};
use crate::smtp::gate::Gate;

/// A diagnosis of this server, with an address that it admits.
fn of(settings: SmtpSettings) -> impl FnOnce(&mut Config) {
    |config| {
        config.reply.transport = ReplyTransport::Smtp;
        config.reply.from = USER.parse().unwrap();
        config.smtp = Some(settings);
    }
}

fn at(step: &'static str, cause: &'static str, remedy: &'static str) -> Expected {
    Expected { section: "reponses", step, cause, remedy }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_towards_the_submission_server_is_named() {
    let bench = Bench::start().await;
    let exim = Exim::start(Shape { certificate: ClientCertificate::Required, ..Shape::default() });
    let right = || exim.settings(Security::Starttls);
    let settings = SmtpSettings { port: 1, ..right() };
    bench.check(of(settings), at("TCP", "refuse la connexion", "smtp.host")).await;
    let settings = SmtpSettings { ca: Some(exim.pki.path("stranger-ca")), ..right() };
    bench.check(of(settings), at("TLS", "ne vient d’aucune autorité connue", "smtp.ca")).await;
    let settings = SmtpSettings { identity: None, ..right() };
    bench.check(of(settings), at("EHLO", "certificat client", "ajoutez smtp.identity")).await;
    let settings = SmtpSettings { password: Some(Secret::Inline("faux".into())), ..right() };
    bench.check(of(settings), at("identification", "refuse l’identification", "smtp.password")).await;
    let settings = SmtpSettings { password: None, ..right() };
    bench.check(of(settings), at("réglages", "smtp.auth = \"plain\" : donnez password", "[smtp]")).await;
    let banned = |config: &mut Config| {
        of(right())(config);
        config.reply.from = BANNED.parse().unwrap();
    };
    bench.check(banned, at("expéditeur", "refuse l’expéditeur banni@region.test", "reply.from")).await;
    let of_a_mailbox = |config: &mut Config| {
        of(right())(config);
        main(config).from = Some(BANNED.parse().unwrap());
    };
    bench
        .check(of_a_mailbox, at("expéditeur", "refuse l’expéditeur banni@region.test", "la clé from d’une boîte"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_log_in_is_tried_and_its_refusal_explained() {
    let bench = Bench::start().await;
    let exim = Exim::start(Shape { certificate: ClientCertificate::Required, ..Shape::default() });
    let external =
        || SmtpSettings { auth: Some(Auth::External), user: None, password: None, ..exim.settings(Security::Starttls) };
    let token = |token: &str| SmtpSettings {
        auth: Some(Auth::Xoauth2),
        password: None,
        token: Some(Secret::Inline(token.into())),
        ..exim.settings(Security::Starttls)
    };
    for (settings, accepted) in [(external(), "AUTH EXTERNAL accepté"), (token(TOKEN), "AUTH XOAUTH2 accepté")] {
        let diagnosis = bench.examine(of(settings)).await;
        assert_eq!(diagnosis.failures().count(), 0, "{diagnosis:#?}");
        assert_eq!(detail(&diagnosis, "reponses", "identification"), accepted);
    }
    bench.check(of(token("perime")), at("identification", "refuse le jeton", "smtp.token")).await;
    let open = Exim::start(Shape::default());
    let ignored =
        SmtpSettings { port: open.settings(Security::Starttls).port, ca: Some(open.pki.path("ca")), ..external() };
    bench.check(of(ignored), at("identification", "n’offre pas AUTH EXTERNAL", "smtp.auth")).await;
    let settings = SmtpSettings { identity: None, ..external() };
    bench.check(of(settings), at("réglages", "smtp.auth = \"external\"", "[smtp]")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_small_mails_only_is_told() {
    let bench = Bench::start().await;
    let exim = Exim::start(Shape { largest: 500_000, ..Shape::default() });
    bench.check(of(exim.settings(Security::Starttls)), at("EHLO", "n’accepte que 500000 octets", "1 Mio")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_starttls_is_told_nothing() {
    let bench = Bench::start().await;
    let exim = Exim::start(Shape { starttls: false, ..Shape::default() });
    let expected = at("STARTTLS", "n’offre pas STARTTLS", "smtp.security = \"tls\"");
    bench.check(of(exim.settings(Security::Starttls)), expected).await;
    assert!(!exim.log().contains("MAIL"), "{}", exim.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_server_is_told_and_gets_no_mail() {
    let bench = Bench::start().await;
    let exim = Exim::start(Shape { certificate: ClientCertificate::Required, ..Shape::default() });
    for security in [Security::Starttls, Security::Tls] {
        let diagnosis = bench.examine(of(exim.settings(security))).await;
        assert_eq!(diagnosis.failures().count(), 0, "{diagnosis:#?}");
        let offered = detail(&diagnosis, "reponses", "EHLO");
        for words in ["SIZE 50 Mio", "avis de non-remise demandés (DSN)", "AUTH PLAIN XOAUTH2 EXTERNAL"] {
            assert!(offered.contains(words), "{offered}");
        }
    }
    for address in BOXES {
        assert_eq!(exim.mails(address), []);
    }
}

/// What the service says up to a recipient, word for word but the size of the mail.
#[tokio::test(flavor = "multi_thread")]
async fn the_diagnosis_goes_the_way_of_the_service() {
    let bench = Bench::start().await;
    for security in [Security::Starttls, Security::Tls] {
        let gate = Gate::start(security, |_| None).await;
        let settings = SmtpSettings {
            auth: Some(Auth::Plain),
            user: Some(USER.to_owned()),
            password: Some(Secret::Inline("secret".into())),
            ..gate.settings()
        };
        let heard = || {
            let said = gate.heard("").into_iter().map(|line| line.split(" SIZE=").next().unwrap().to_owned());
            said.take_while(|line| line != "RSET" && !line.starts_with("RCPT")).collect::<Vec<_>>()
        };
        let (from, to) = (USER.parse().unwrap(), [BOXES[0].parse().unwrap()]);
        let mail =
            Submission { from: Some(&from), to: &to, message_id: "1@region.test", mail: b"Subject: x\r\n\r\nx\r\n" };
        assert!(Smtp::new(&settings).unwrap().send(&mail).await.unwrap().left().next().is_none());
        let said_by_the_service = heard();
        let diagnosis = bench.examine(of(settings)).await;
        assert_eq!(diagnosis.failures().count(), 0, "{diagnosis:#?}");
        assert_eq!(heard(), said_by_the_service);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_that_a_reply_would_meet_are_told() {
    let bench = Bench::start().await;
    for (command, answer, expected) in [
        (
            "MAIL FROM:<>",
            "550 5.7.1 non",
            at("expéditeur", "MAIL FROM:<> (« 550 5.7.1 non »)", "reply.null_return_path = false"),
        ),
        ("MAIL FROM:<d", "451 4.7.1 debit", at("expéditeur", "451 4.7.1 debit", "aucune n’est abandonnée")),
        ("MAIL FROM:<d", "530 5.7.0 non", at("expéditeur", "exige un certificat client", "smtp.identity")),
        ("RCPT", "554 5.7.1 non", at("destinataire", "exige un certificat client", "smtp.identity")),
        ("RCPT", "454 4.7.1 non", at("destinataire", "exige un certificat client", "smtp.identity")),
        ("EHLO", "421 4.7.1 non", at("EHLO", "exige un certificat client", "smtp.identity")),
        ("EHLO", "502 non", at("EHLO", "le serveur refuse EHLO (« 502 non »)", "smtp.hello")),
    ] {
        let gate = Gate::start(Security::Tls, move |said| said.starts_with(command).then_some(answer)).await;
        bench.check(of(gate.settings()), expected).await;
    }
    // Only whoever sends from the null sender needs it; of a recipient, only our right to write to it matters.
    let gate = Gate::start(Security::Tls, |said| match said {
        "MAIL FROM:<>" => Some("550 5.7.1 non"),
        said if said.starts_with("RCPT") => Some("550 5.1.1 absent"),
        _ => None,
    })
    .await;
    let diagnosis = bench
        .examine(|config| {
            of(gate.settings())(config);
            config.reply.null_return_path = false;
        })
        .await;
    assert_eq!(diagnosis.failures().count(), 0, "{diagnosis:#?}");
    assert!(detail(&diagnosis, "reponses", "destinataire").contains("550 5.1.1 absent"));
    assert!(detail(&diagnosis, "reponses", "EHLO").contains("8BITMIME"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_certificate_is_named_behind_postfix_and_behind_a_front_end() {
    let bench = Bench::start().await;
    let required = Postfix::start(Certificate::Required);
    for security in [Security::Starttls, Security::Tls] {
        let diagnosis = bench.examine(of(required.settings(security))).await;
        assert_eq!(diagnosis.failures().count(), 0, "{diagnosis:#?}\n{}", required.log());
        let without = SmtpSettings { identity: None, ..required.settings(security) };
        bench.check(of(without), at("EHLO", "exige un certificat client", "ajoutez smtp.identity")).await;
    }
    let asked = Postfix::start(Certificate::Asked);
    let without = SmtpSettings { identity: None, ..asked.settings(Security::Starttls) };
    bench.check(of(without), at("destinataire", "exige un certificat client", "ajoutez smtp.identity")).await;

    // A front end that ends TLS, and closes without a word.
    let gate = Gate::start(Security::Tls, |_| None).await;
    let front = gate.closing().await;
    let settings = SmtpSettings { port: front, ..gate.settings() };
    bench.check(of(settings), at("EHLO", "sans un mot", "ajoutez smtp.identity")).await;
}
