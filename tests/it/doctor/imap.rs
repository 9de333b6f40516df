//! Faults towards a real Dovecot.

use base::config_values::{Secret, Span};
use edges::mailbox::{Auth, Folders, ImapSettings, Mailbox, MailboxSettings, Security};
use service::config::Config;
use tokio::net::TcpListener;

use super::bench::{Bench, Expected, detail, main, skipped};
use crate::dovecot::{ACL, ClientCertificate, Dovecot, EXTERNAL, QUOTA, USER};

/// A diagnosis of this mailbox, otherwise of the sandbox.
fn of(settings: ImapSettings) -> impl FnOnce(&mut Config) {
    |config| {
        let mailbox = main(config);
        mailbox.maildir = None;
        mailbox.imap = Some(settings);
    }
}

fn at(step: &'static str, cause: &'static str, remedy: &'static str) -> Expected {
    Expected { section: "boite", step, cause, remedy }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_towards_the_mailbox_is_named() {
    let (bench, dovecot) = (Bench::start().await, Dovecot::start(ClientCertificate::Required));
    let right = || dovecot.settings(Security::Starttls);
    let check = async |change: &dyn Fn(&mut ImapSettings), expected: Expected| {
        let mut settings = right();
        change(&mut settings);
        Box::pin(bench.check(of(settings), expected)).await;
    };
    let name = |settings: &mut ImapSettings| settings.host = "imap.inexistant.invalid".to_owned();
    check(&name, at("DNS", "est inconnu du DNS", "mailbox.imap.host")).await;
    check(&|settings| settings.port = 1, at("TCP", "refuse la connexion sur le port 1", "pare-feu")).await;
    let foreign = |settings: &mut ImapSettings| settings.ca = Some(dovecot.pki.path("stranger-ca"));
    check(&foreign, at("TLS", "ne vient d’aucune autorité connue", "mailbox.imap.ca")).await;
    let machine = |settings: &mut ImapSettings| settings.ca = None;
    check(&machine, at("TLS", "les autorités de cette machine", "mailbox.imap.ca")).await;
    let address = |settings: &mut ImapSettings| settings.host = "127.0.0.1".to_owned();
    check(&address, at("TLS", "pas au nom de « 127.0.0.1 », mais de", "mailbox.imap.host")).await;
    let bare = |settings: &mut ImapSettings| settings.identity = None;
    check(&bare, at("identification", "exige un certificat client", "ajoutez mailbox.imap.identity")).await;
    let stranger = |settings: &mut ImapSettings| settings.identity = Some(dovecot.pki.identity("stranger"));
    check(&stranger, at("identification", "refuse notre certificat client", "CN=stranger")).await;
    let password = |settings: &mut ImapSettings| settings.password = Some(Secret::Inline("faux".into()));
    check(&password, at("identification", "refuse l’identification", "mailbox.imap.password")).await;
    let folder = |settings: &mut ImapSettings| settings.folder = "Nulle part".to_owned();
    check(&folder, at("courriels", "« Nulle part »", "mailbox.imap.folder")).await;
    let quotes = |settings: &mut ImapSettings| settings.folder = "IN\"BOX".to_owned();
    check(&quotes, at("réglages", "ne peut pas être le nom d’un dossier", "[mailbox]")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_proof_of_identity_has_its_own_remedy() {
    let bench = Bench::start().await;
    let dovecot = Dovecot::start_with(ClientCertificate::Required, EXTERNAL);
    let external = |name: &str| ImapSettings {
        auth: Auth::External,
        password: None,
        identity: Some(dovecot.pki.identity(name)),
        ..dovecot.settings(Security::Starttls)
    };
    let diagnosis = bench.examine(of(external(USER))).await;
    assert_eq!(diagnosis.failures().count(), 0, "{diagnosis:#?}");
    let accepted = format!("compte {USER} accepté (certificat client, SASL EXTERNAL)");
    assert_eq!(detail(&diagnosis, "boite", "identification"), accepted);
    bench.check(of(external("client")), at("identification", "refuse notre certificat", "CN=client")).await;
    let password = ImapSettings { identity: Some(dovecot.pki.identity(USER)), ..dovecot.settings(Security::Tls) };
    bench.check(of(password), at("identification", "n’offre pas l’identification par mot", "mailbox.imap.auth")).await;
    let token = |token| ImapSettings {
        auth: Auth::Xoauth2,
        password: None,
        token: Some(token),
        ..dovecot.settings(Security::Starttls)
    };
    let absent = token(Secret::Command { command: vec!["/nulle/part".to_owned()] });
    bench.check(of(absent), at("identification", "« /nulle/part » ne peut pas", "sous le compte du service")).await;
    let useless = token(Secret::Inline("jeton".into()));
    bench.check(of(useless), at("identification", "AUTH=XOAUTH2", "mailbox.imap.auth")).await;
    let contradictory = ImapSettings { identity: None, ..external(USER) };
    bench.check(of(contradictory), at("réglages", "imap.auth = \"external\" : donnez identity", "[mailbox]")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_lacks_is_told_and_a_full_mailbox_is_a_fault() {
    let bench = Bench::start().await;
    let bare = Dovecot::start_with(ClientCertificate::Unasked, "imap_capability = IMAP4rev1 SASL-IR ID\n");
    let diagnosis = bench.examine(of(bare.settings(Security::Tls))).await;
    assert_eq!(diagnosis.failures().count(), 0, "{diagnosis:#?}");
    assert!(detail(&diagnosis, "boite", "classement").starts_with("le serveur n’offre ni MOVE ni UIDPLUS"));
    assert!(detail(&diagnosis, "boite", "courriels").contains("n’annonce pas les arrivées"));
    let small = Dovecot::start_with(ClientCertificate::Unasked, QUOTA);
    small.deliver("x".repeat(95 * 1024).as_bytes(), "1700000000.M1.serveur");
    let full = at("quota", "presque pleine", "faites agrandir la boîte");
    bench.check(of(small.settings(Security::Tls)), full).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_will_take_no_mail_are_told_beforehand() {
    let bench = Bench::start().await;
    let limited = Dovecot::start_with(ClientCertificate::Unasked, ACL);
    limited.write("acls", "Rejets owner lrs\n");
    let settings = || limited.settings(Security::Tls);
    let mut mailbox = Mailbox::new(&MailboxSettings::from(settings()), &Folders::default()).unwrap();
    mailbox.open().await.unwrap().close().await;
    let cause = "dossier « Rejets » : ce compte n’a pas le droit d’y ajouter des courriels (i) (il a : lrs)";
    bench.check(of(settings()), at("classement", cause, "demandez ces droits à l’opérateur")).await;
    let below = "namespace inbox {\n prefix = INBOX.\n separator = .\n}\n";
    let below = Dovecot::start_with(ClientCertificate::Unasked, below);
    let expected = at("classement", "le nom d’un dossier commence par « INBOX. »", "« INBOX.Traites »");
    bench.check(of(below.settings(Security::Tls)), expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_of_tls_and_starttls_taken_for_each_other_are_told() {
    let (bench, dovecot) = (Bench::start().await, Dovecot::start(ClientCertificate::Unasked));
    let clear = dovecot.settings(Security::Starttls).port;
    let settings = ImapSettings { port: clear, ..dovecot.settings(Security::Tls) };
    bench.check(of(settings), at("TLS", "ne parle pas TLS", "mailbox.imap.security = \"starttls\"")).await;
    let encrypted = dovecot.settings(Security::Tls).port;
    let settings = ImapSettings { port: encrypted, ..dovecot.settings(Security::Starttls) };
    let settings = ImapSettings { timeout: Span::seconds(2), ..settings };
    bench.check(of(settings), at("STARTTLS", "", "")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_left_in_time() {
    let (bench, dovecot) = (Bench::start().await, Dovecot::start(ClientCertificate::Unasked));
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let settings = ImapSettings { port, timeout: Span::seconds(1), ..dovecot.settings(Security::Tls) };
    let diagnosis = bench.examine(of(settings.clone())).await;
    assert_eq!(skipped(&diagnosis, "boite"), ["révocation", "identification", "courriels", "classement", "quota"]);
    bench.check(of(settings), at("TLS", "rien n’a abouti en 1 s", "pare-feu")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_mailbox_is_told_and_left_as_it_was() {
    let (bench, dovecot) = (Bench::start().await, Dovecot::start(ClientCertificate::Required));
    dovecot.deliver(b"From: a@hopital.test\r\n\r\nbonjour\r\n", "1700000000.M1.serveur");
    let before = dovecot.mails("");
    let diagnosis = bench.examine(of(dovecot.settings(Security::Starttls))).await;
    assert_eq!(diagnosis.failures().count(), 0, "{diagnosis:#?}");
    let waiting = detail(&diagnosis, "boite", "courriels");
    assert!(waiting.starts_with("1 courriel en attente, le plus ancien du "), "{waiting}");
    assert!(waiting.ends_with(" ; le serveur annonce les arrivées (IDLE)"), "{waiting}");
    assert!(detail(&diagnosis, "boite", "TLS").contains("émis par « CN=TEST ca"), "the chain is shown");
    assert!(detail(&diagnosis, "boite", "classement").contains("Traites, Rejets, Ignores, Doublons, Quarantaine"));
    assert_eq!(skipped(&diagnosis, "boite"), ["révocation", "quota"]);
    assert_eq!(dovecot.mails(""), before);
    assert!(!dovecot.maildir().join(".Traites").exists(), "no folder is made");
}
