//! Faults towards a real submission server.

use dispolits::config::{Config, ReplyTransport};
use dispolits::setting::Secret;
use dispolits::smtp::{Security, Settings};

use super::bench::{Bench, Expected, detail, main};
use crate::dovecot::ClientCertificate;
use crate::exim::{BANNED, BOXES, Exim, Shape, USER};

/// A diagnosis of this server, with an address that it admits.
fn of(settings: Settings) -> impl FnOnce(&mut Config) {
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
    let exim = Exim::start(Shape { certificate: ClientCertificate::Required, starttls: true });
    let right = || exim.settings(Security::Starttls);
    let settings = Settings { port: 1, ..right() };
    bench.check(of(settings), at("TCP", "refuse la connexion", "smtp.host")).await;
    let settings = Settings { ca: Some(exim.pki.path("stranger-ca")), ..right() };
    bench.check(of(settings), at("TLS", "ne vient d’aucune autorité connue", "smtp.ca")).await;
    let settings = Settings { identity: None, ..right() };
    bench.check(of(settings), at("EHLO", "certificat client", "ajoutez smtp.identity")).await;
    let settings = Settings { password: Some(Secret::Inline("faux".into())), ..right() };
    bench.check(of(settings), at("identification", "refuse l’identification", "smtp.password")).await;
    let settings = Settings { password: None, ..right() };
    bench.check(of(settings), at("réglages", "vont ensemble", "[smtp]")).await;
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
async fn a_server_without_starttls_is_told_nothing() {
    let bench = Bench::start().await;
    let exim = Exim::start(Shape { certificate: ClientCertificate::Unasked, starttls: false });
    let expected = at("STARTTLS", "n’offre pas STARTTLS", "smtp.security = \"tls\"");
    bench.check(of(exim.settings(Security::Starttls)), expected).await;
    assert!(!exim.log().contains("MAIL"), "{}", exim.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_server_is_told_and_gets_no_mail() {
    let bench = Bench::start().await;
    let exim = Exim::start(Shape { certificate: ClientCertificate::Required, starttls: true });
    for security in [Security::Starttls, Security::Tls] {
        let diagnosis = bench.examine(of(exim.settings(security))).await;
        assert_eq!(diagnosis.failures().count(), 0, "{diagnosis:#?}");
        let offered = detail(&diagnosis, "reponses", "EHLO");
        assert!(offered.contains("SIZE") && offered.contains("DSN") && offered.contains("AUTH"), "{offered}");
    }
    for address in BOXES {
        assert_eq!(exim.mails(address), []);
    }
}
