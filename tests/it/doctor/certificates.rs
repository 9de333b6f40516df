//! What the diagnosis says of revocation, of PKCS#12 files and of the two hierarchies.

use std::path::PathBuf;
use std::process::Command;

use base::config_values::{Identity, Pkcs12File, Secret, Span};
use base::tls::revocation::{ListConnection, RevocationSettings};
use edges::smtp;
use rcgen::SerialNumber;
use service::config::{Config, Environnement};

use super::bench::{Bench, Expected, detail, expect, skipped};
use crate::tls::forge::{Forge, REVOKED};
use crate::tls::publisher::{Answer, Publisher};
use crate::tls::servers::Server;

fn at(section: &'static str, step: &'static str, cause: &'static str, remedy: &'static str) -> Expected {
    Expected { section, step, cause, remedy }
}

/// Replies by this server, checked by these lists.
fn submission(server: &Server, ca: PathBuf, revocation: RevocationSettings) -> impl FnOnce(&mut Config) {
    let settings = smtp::SmtpSettings {
        host: "localhost".to_owned(),
        port: server.port,
        security: smtp::Security::Tls,
        auth: None,
        user: None,
        password: None,
        token: None,
        ca: Some(ca),
        identity: None,
        hello: "dispolits.region.test".to_owned(),
        timeout: Span::seconds(30),
    };
    move |config| {
        config.reply.transport = service::config::ReplyTransport::Smtp;
        config.smtp = Some(settings);
        config.revocation = Some(revocation);
    }
}

fn lists(forge: &Forge, url: &str) -> RevocationSettings {
    RevocationSettings {
        urls: vec![url.to_owned()],
        files: Vec::new(),
        connections: vec![ListConnection::Smtp],
        folder: forge.path("listes"),
        refresh: Span::seconds(3600),
        grace: Span::seconds(86_400),
        timeout: Span::seconds(30),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_server_and_its_list_are_told() {
    let (bench, forge) = (Bench::start().await, Forge::new());
    let authority = forge.authority("TEST AC ORG");
    let publisher = Publisher::start(Answer::List(authority.list(-1, 6))).await;
    let revoked = forge.leaf(&authority, |params| params.serial_number = Some(SerialNumber::from(REVOKED)));
    let server = Server::start(&revoked).await;
    let change = || submission(&server, authority.ca.clone(), lists(&forge, &publisher.url));
    let diagnosis = bench.examine(change()).await;
    expect(&diagnosis, at("reponses", "révocation", "le certificat du serveur est révoqué", "prévenez son exploitant"));
    assert_eq!(skipped(&diagnosis, "reponses"), ["EHLO", "identification", "expéditeur", "destinataire"]);
    let told = detail(&diagnosis, "revocation", "liste");
    assert!(told.contains("« CN=TEST AC ORG », du ") && told.ends_with(", 1 certificat révoqué"), "{told}");
    assert!(!forge.path("listes").exists(), "a diagnosis keeps nothing");
    publisher.publish(Answer::List(authority.list_of(-1, 6, &[])));
    let told = bench.examine(change()).await;
    let told = detail(&told, "reponses", "révocation");
    assert!(told.starts_with("absent de la liste de « CN=TEST AC ORG » du "), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_list_is_named() {
    let (bench, forge) = (Bench::start().await, Forge::new());
    let (authority, stranger) = (forge.authority("TEST AC ORG"), forge.authority("TEST AC AUTRE"));
    let publisher = Publisher::start(Answer::Status(404)).await;
    let server = Server::start(&forge.leaf(&authority, |_| {})).await;
    for (answer, cause, remedy) in [
        (Answer::Status(404), "réponse HTTP 404 : les connexions à vérifier sont refusées", "pare-feu"),
        (Answer::List(stranger.list(-1, 6)), "« CN=TEST AC AUTRE », qui n’est dans aucun", "ajoutez à la clé « ca »"),
        (Answer::List(forge.authority("TEST AC ORG").list(-1, 6)), "sa signature n’est pas", "s’interpose"),
        (Answer::List(authority.list(-9, 0)), "est périmée", "pare-feu"),
    ] {
        publisher.publish(answer);
        let change = submission(&server, authority.ca.clone(), lists(&forge, &publisher.url));
        expect(&bench.examine(change).await, at("revocation", "liste", cause, remedy));
    }
    let nothing =
        |config: &mut Config| config.revocation = Some(RevocationSettings { urls: Vec::new(), ..lists(&forge, "") });
    expect(&bench.examine(nothing).await, at("revocation", "liste", "au moins une adresse", "[revocation]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pkcs12_file_is_tried_like_pem_files() {
    let bench = Bench::start().await;
    let inside = |name: &str| bench.folder.path().join("pki").join(name);
    let file = bench.folder.path().join("client.p12");
    let made = Command::new("openssl")
        .args(["pkcs12", "-export", "-legacy", "-passout", "pass:secret", "-in"])
        .arg(inside("client.pem"))
        .arg("-inkey")
        .arg(inside("client.key"))
        .arg("-out")
        .arg(&file)
        .status()
        .expect("these tests need the package openssl");
    assert!(made.success());
    let with = |path: &PathBuf, password: &str| {
        let identity = Pkcs12File { pkcs12: path.clone(), password: Secret::Inline(password.into()) };
        |config: &mut Config| config.ror.api.identity = Identity::Pkcs12(identity)
    };
    let diagnosis = bench.examine(with(&file, "secret")).await;
    assert_eq!(diagnosis.failures().count(), 0, "{diagnosis:#?}");
    assert!(detail(&diagnosis, "certificat_client", "lecture").contains("CN=TEST dispolits.hopital.test"));
    assert_eq!(detail(&diagnosis, "jeton", "jeton"), "jeton délivré");
    let wrong = at("certificat_client", "lecture", "le mot de passe n’est pas le bon", "« password »");
    expect(&bench.examine(with(&file, "autre")).await, wrong);
    let no_p12 = at("certificat_client", "lecture", "ce n’est pas un fichier PKCS#12", "« certificate » et « key »");
    expect(&bench.examine(with(&inside("client.pem"), "secret")).await, no_p12);
}

#[tokio::test(flavor = "multi_thread")]
async fn test_certificates_in_production_are_told() {
    let bench = Bench::start().await;
    let production = |config: &mut Config| config.environnement = Environnement::Production;
    let expected = at("configuration", "environnement", "autorités de l’IGC-Santé de test", "OU=IGC-SANTE TEST");
    bench.check(production, expected).await;
}
