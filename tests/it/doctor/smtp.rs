//! Faults towards a real submission server.

use dispolits::config::{Config, ReplyTransport};
use dispolits::setting::Secret;
use dispolits::smtp::{Auth, Security, Settings};

use super::bench::{Bench, Expected, detail, main};
use crate::dovecot::ClientCertificate;
use crate::exim::{BANNED, BOXES, Exim, Shape, TOKEN, USER};

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
    let exim = Exim::start(Shape { certificate: ClientCertificate::Required, ..Shape::default() });
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
        || Settings { auth: Some(Auth::External), user: None, password: None, ..exim.settings(Security::Starttls) };
    let token = |token: &str| Settings {
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
        Settings { port: open.settings(Security::Starttls).port, ca: Some(open.pki.path("ca")), ..external() };
    bench.check(of(ignored), at("identification", "n’offre pas AUTH EXTERNAL", "smtp.auth")).await;
    let settings = Settings { identity: None, ..external() };
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
