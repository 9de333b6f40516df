//! Certificates of servers that must not be trusted, shown to each of our clients.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::clock::Clock;
use base::config_values::{PemFiles, Span};
use base::tls;
use base::tls::revocation::Revocation;
use domain::address::Address;
use edges::mailbox;
use edges::mailbox::{Folders, ImapSettings, Mailbox};
use edges::ror;
use edges::smtp;
use edges::smtp::{Smtp, Submission};
use rcgen::{ExtendedKeyUsagePurpose, SerialNumber};
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::forge::{Authority, Forge, REVOKED, dated};
use super::lists::settings;
use super::publisher::{Answer, Publisher};

/// A server that ends every connection once it is encrypted.
pub(crate) struct Server {
    pub(crate) port: u16,
    serving: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(files: &PemFiles) -> Self {
        let (chain, key) = (tls::chain(&files.certificate).unwrap(), tls::key(&files.key).unwrap());
        let config = ServerConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                drop(acceptor.accept(socket).await);
            }
        });
        Self { port, serving }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What we know of servers.
struct Trust<'a> {
    host: &'a str,
    ca: PathBuf,
    revocation: Revocation,
    own: PemFiles,
}

impl Trust<'_> {
    /// What each of our clients says of a server that shows this certificate.
    async fn of(&self, files: &PemFiles) -> [String; 3] {
        let server = Server::start(files).await;
        [self.imap(server.port).await, self.smtp(server.port).await, self.ror(server.port).await]
    }

    async fn imap(&self, port: u16) -> String {
        let settings = ImapSettings {
            host: self.host.to_owned(),
            port,
            security: mailbox::Security::Tls,
            ca: Some(self.ca.clone()),
            ..crate::quirks::settings()
        };
        let mailbox = Mailbox::new(&mailbox::MailboxSettings::from(settings), &Folders::default()).unwrap();
        mailbox.checking(self.revocation.clone()).open().await.unwrap_err().to_string()
    }

    async fn smtp(&self, port: u16) -> String {
        let settings = smtp::SmtpSettings {
            host: self.host.to_owned(),
            port,
            security: smtp::Security::Tls,
            auth: None,
            user: None,
            password: None,
            token: None,
            ca: Some(self.ca.clone()),
            identity: None,
            hello: "dispolits.region.test".to_owned(),
            timeout: Span::seconds(60),
        };
        let to: Address = "lits@ch-armor.test".parse().unwrap();
        let smtp = Smtp::new(&settings).unwrap().checking(self.revocation.clone());
        let mail = b"Subject: x\r\n\r\nx\r\n";
        let submission = Submission { from: None, to: &[to], message_id: "1@region.test", mail };
        smtp.send(&submission).await.unwrap_err().to_string()
    }

    async fn ror(&self, port: u16) -> String {
        let url = format!("https://{}:{port}", self.host);
        let text = format!(
            "base_url = {url:?}\ntoken_url = {:?}\nclient_id = \"x\"\ngenre_indifferencie = \"04\"\nca = {:?}\n\
             identity = {{ certificate = {:?}, key = {:?} }}\n",
            format!("{url}/jeton"),
            self.ca,
            self.own.certificate,
            self.own.key,
        );
        let settings: ror::RorSettings = toml::from_str(&text).unwrap();
        let client = ror::Client::new(&settings, Clock::System).unwrap().checking(&self.revocation);
        client.token().await.unwrap_err().to_string()
    }
}

/// Lists of the authority, fetched.
async fn fetched(forge: &Forge, publisher: &Publisher, ca: &Path) -> Revocation {
    let settings = settings(forge, &[&publisher.url], &[]);
    let revocation = Revocation::new(&settings, vec![ca.to_owned()], Clock::System).unwrap();
    revocation.refresh().await;
    revocation
}

async fn check(trust: &Trust<'_>, files: &PemFiles, words: &str) {
    for said in trust.of(files).await {
        assert!(said.contains(words), "« {words} » is not in « {said} »");
    }
}

/// None of our clients finds fault with the server's certificate; that we show none may be said.
async fn check_trusted(trust: &Trust<'_>, files: &PemFiles) {
    for said in trust.of(files).await {
        let said = said.replace("aucun certificat client n’est présenté", "");
        assert!(!said.contains("certificat") && !said.contains("révocation"), "{said}");
    }
}

fn revoked(forge: &Forge, authority: &Authority) -> PemFiles {
    forge.leaf(authority, |params| params.serial_number = Some(SerialNumber::from(REVOKED)))
}

#[tokio::test]
async fn a_server_with_a_bad_certificate_is_refused_by_name_and_told_nothing() {
    let forge = Forge::new();
    let (authority, stranger) = (forge.authority("TEST AC ORG"), forge.authority("TEST AC ORG"));
    let publisher = Publisher::start(Answer::List(authority.list(-1, 6))).await;
    let revocation = fetched(&forge, &publisher, &authority.ca).await;
    let own = forge.leaf(&authority, |_| {});
    let trust = Trust { host: "localhost", ca: authority.ca.clone(), revocation, own };
    check_trusted(&trust, &forge.leaf(&authority, |_| {})).await;
    check(&trust, &revoked(&forge, &authority), "le certificat du serveur est révoqué").await;
    let expired = forge.leaf(&authority, |params| dated(params, -20, -2));
    check(&trust, &expired, "le certificat du serveur a expiré le ").await;
    let early = forge.leaf(&authority, |params| dated(params, 3, 20));
    check(&trust, &early, "n’est pas encore valable avant le ").await;
    let foreign = forge.leaf(&stranger, |_| {});
    check(&trust, &foreign, "sa signature n’est pas celle de l’autorité qu’il nomme").await;
    let client = forge.leaf(&authority, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    check(&trust, &client, "usage serverAuth absent").await;
    let elsewhere = Trust { host: "127.0.0.1", ..trust };
    check(&elsewhere, &forge.leaf(&authority, |_| {}), "pas au nom de « 127.0.0.1 », mais de localhost").await;
}

#[tokio::test]
async fn a_server_of_an_authority_that_nobody_named_is_refused() {
    let forge = Forge::new();
    let (authority, stranger) = (forge.authority("TEST AC ORG"), forge.authority("TEST AC INCONNUE"));
    let own = forge.leaf(&authority, |_| {});
    let trust = Trust { host: "localhost", ca: authority.ca, revocation: Revocation::default(), own };
    check(&trust, &forge.leaf(&stranger, |_| {}), "ne vient d’aucune autorité connue").await;
}

/// An authority that a given list revokes is trusted no more, whatever way its servers' chains lead; one beside it is.
#[tokio::test]
async fn a_server_below_a_revoked_authority_is_refused() {
    let forge = Forge::new();
    let root = forge.authority("TEST AC RACINE");
    let serial = |params: &mut rcgen::CertificateParams| params.serial_number = Some(SerialNumber::from(REVOKED));
    let gone = forge.intermediate_with(&root, "TEST AC RETIREE", serial);
    let good = forge.intermediate(&root, "TEST AC ORG");
    let read = |authority: &Authority| std::fs::read_to_string(&authority.ca).unwrap();
    let ca = forge.path("ca.pem");
    std::fs::write(&ca, [&gone, &good, &root].map(read).concat()).unwrap();
    let lists = [(&root, "racine.crl"), (&gone, "retiree.crl"), (&good, "org.crl")];
    let files: Vec<std::path::PathBuf> = lists.iter().map(|(_, name)| forge.path(name)).collect();
    for ((authority, _), file) in lists.iter().zip(&files) {
        let serials: &[u64] = if std::ptr::eq(*authority, &raw const root) { &[REVOKED] } else { &[] };
        std::fs::write(file, authority.list_of(-1, 6, serials)).unwrap();
    }
    let of = |files: &[std::path::PathBuf]| {
        Revocation::new(&settings(&forge, &[], files), vec![ca.clone()], Clock::System).unwrap()
    };
    let own = forge.leaf(&good, |_| {});
    let bare = forge.leaf(&gone, |_| {});
    let with_chain = forge.leaf(&gone, |_| {});
    let chain = std::fs::read_to_string(&with_chain.certificate).unwrap() + &read(&gone);
    std::fs::write(&with_chain.certificate, chain).unwrap();
    let sound = forge.leaf(&good, |_| {});
    let trust = Trust { host: "localhost", ca: ca.clone(), revocation: of(&files), own };
    check(&trust, &with_chain, "certificat").await;
    check(&trust, &bare, "certificat").await;
    check_trusted(&trust, &sound).await;
    // Without the list that revokes it, it is trusted as before: nobody said otherwise.
    let unknowing = Trust { revocation: of(&files[1..]), ..trust };
    check_trusted(&unknowing, &with_chain).await;
}

#[tokio::test]
async fn a_server_whose_authority_published_no_list_is_refused() {
    let forge = Forge::new();
    let (authority, other) = (forge.authority("TEST AC ORG"), forge.authority("TEST AC AUTRE"));
    let both = forge.path("ca.pem");
    let read = |authority: &Authority| std::fs::read_to_string(&authority.ca).unwrap();
    std::fs::write(&both, read(&authority) + &read(&other)).unwrap();
    let publisher = Publisher::start(Answer::List(authority.list(-1, 6))).await;
    let revocation = fetched(&forge, &publisher, &both).await;
    let own = forge.leaf(&authority, |_| {});
    let trust = Trust { host: "localhost", ca: both, revocation, own };
    check(&trust, &forge.leaf(&other, |_| {}), "la liste de son autorité manque").await;
    check_trusted(&trust, &forge.leaf(&authority, |_| {})).await;
}

#[tokio::test]
async fn a_list_replaced_while_running_serves_the_next_connection() {
    let forge = Forge::new();
    let authority = forge.authority("TEST AC ORG");
    let publisher = Publisher::start(Answer::List(authority.list_of(-2, 6, &[]))).await;
    let settings = base::tls::revocation::RevocationSettings {
        refresh: Span::millis(1),
        ..settings(&forge, &[&publisher.url], &[])
    };
    let revocation = Revocation::new(&settings, vec![authority.ca.clone()], Clock::System).unwrap();
    revocation.refresh().await;
    let (files, own) = (revoked(&forge, &authority), forge.leaf(&authority, |_| {}));
    let server = Server::start(&files).await;
    let trust = Trust { host: "localhost", ca: authority.ca.clone(), revocation: revocation.clone(), own };
    // The ROR's client outlives the lists it was made with.
    let text = format!(
        "base_url = \"https://localhost:{0}\"\ntoken_url = \"https://localhost:{0}/jeton\"\nclient_id = \"x\"\n\
         genre_indifferencie = \"04\"\nca = {1:?}\nidentity = {{ certificate = {2:?}, key = {3:?} }}\n",
        server.port, trust.ca, trust.own.certificate, trust.own.key,
    );
    let client = ror::Client::new(&toml::from_str(&text).unwrap(), Clock::System).unwrap().checking(&revocation);
    let asked = async || client.token().await.unwrap_err().to_string();
    check_trusted(&trust, &files).await;
    assert!(!asked().await.contains("révoqué"));
    publisher.publish(Answer::List(authority.list(-1, 6)));
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    revocation.refresh().await;
    check(&trust, &files, "est révoqué").await;
    assert!(asked().await.contains("est révoqué"));
}

#[tokio::test]
async fn without_a_list_that_serves_nothing_is_trusted() {
    let forge = Forge::new();
    let authority = forge.authority("TEST AC ORG");
    let publisher = Publisher::start(Answer::Status(503)).await;
    let revocation = fetched(&forge, &publisher, &authority.ca).await;
    let own = forge.leaf(&authority, |_| {});
    let trust = Trust { host: "localhost", ca: authority.ca.clone(), revocation, own };
    let good = forge.leaf(&authority, |_| {});
    check(&trust, &good, "aucune liste de révocation utilisable").await;
    check(&trust, &good, "HTTP 503").await;
}

#[tokio::test]
async fn a_late_list_still_refuses_what_it_revokes() {
    let forge = Forge::new();
    let authority = forge.authority("TEST AC ORG");
    let publisher = Publisher::start(Answer::List(authority.list(-9, 0))).await;
    let revocation = fetched(&forge, &publisher, &authority.ca).await;
    let own = forge.leaf(&authority, |_| {});
    let trust = Trust { host: "localhost", ca: authority.ca.clone(), revocation, own };
    check(&trust, &revoked(&forge, &authority), "est révoqué").await;
    check_trusted(&trust, &forge.leaf(&authority, |_| {})).await;
}
