//! Faults on this machine: store, referential, certificates, Maildir.

use std::fs;
use std::path::Path;

use base::clock::Clock;
use base::config_values::{Identity, PemFiles};
use jiff::SignedDuration;
use service::config::Config;
use store::{Store, StoreSettings};

use super::bench::{Bench, Expected, detail, diagnose, expect, main, skipped};

fn at(section: &'static str, step: &'static str, cause: &'static str, remedy: &'static str) -> Expected {
    Expected { section, step, cause, remedy }
}

/// A whole store, closed, of which then some bytes are changed.
async fn store(path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> StoreSettings {
    let settings = StoreSettings::at(format!("sqlite://{}", path.display()));
    Store::open(&settings).await.unwrap().close().await;
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_store_is_named() {
    let bench = Bench::start().await;
    let path = |name: &str| bench.folder.path().join(name);
    // A write version above 2 makes a file read-only (SQLite, « Database File Format », 1.3.3), even to root.
    let read_only = store(&path("lecture.db"), |bytes| bytes[18] = 3).await;
    let expected = at("base", "écriture", "ne peut être écrite", "ReadWritePaths");
    bench.check(|config| config.store = read_only, expected).await;
    let torn = store(&path("abimee.db"), |bytes| bytes[8192..].fill(0x5a)).await;
    let expected = at("base", "intégrité", "", "restaurez la dernière sauvegarde");
    bench.check(|config| config.store = torn, expected).await;
    let alien = store(&path("etrangere.db"), |bytes| bytes.fill(b'x')).await;
    bench.check(|config| config.store = alien, at("base", "intégrité", "base de données", "store.url")).await;
    let nowhere = StoreSettings::at(format!("sqlite://{}", path("absent/x.db").display()));
    bench.check(|config| config.store = nowhere, at("base", "ouverture", "n’existe pas", "store.url")).await;
    let wrong = StoreSettings::at("mysql://x");
    bench.check(|config| config.store = wrong, at("base", "ouverture", "sqlite://", "store.url")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_to_come_is_not_made() {
    let bench = Bench::start().await;
    let path = bench.folder.path().join("future.db");
    let settings = StoreSettings::at(format!("sqlite://{}", path.display()));
    let diagnosis = bench.examine(|config| config.store = settings).await;
    assert!(detail(&diagnosis, "base", "ouverture").contains("sera créée"));
    assert_eq!(skipped(&diagnosis, "base"), ["intégrité", "schéma", "écriture", "courriels non lus"]);
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_referential_is_named() {
    let bench = Bench::start().await;
    let file = |name: &str, text: &str| {
        let path = bench.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let headings = "finess;type;ej;nom;expediteurs;contact;cadence;etat\n";
    let broken = file("casse.csv", &format!("{headings}12;EG;;Nom;a@x.test;;;ouvert\n"));
    let expected = at("referentiel", "chargement", "erreur", "dispolits config check");
    let diagnosis = bench.examine(|config| config.referential.etablissements = broken).await;
    expect(&diagnosis, expected);
    let missing = bench.folder.path().join("absent.csv");
    let diagnosis = bench.examine(|config| config.referential.services = missing).await;
    expect(&diagnosis, at("referentiel", "chargement", "introuvable", "[referential]"));
    let silent = file("muet.csv", &format!("{headings}350054680;EG;;Nom;;;;ouvert\n"));
    let services = file("services.csv", "finess;code;libelle;nature;etat;cadence\n350054680;SSR38888;SSR;;ouvert;\n");
    let change = |config: &mut Config| {
        config.referential.etablissements = silent;
        config.referential.services = services;
    };
    let diagnosis = bench.examine(change).await;
    expect(&diagnosis, at("referentiel", "expéditeurs", "rejetés (M01)", "« expediteurs »"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_client_certificate_is_named() {
    let bench = Bench::start().await;
    let pki = bench.folder.path().join("pki");
    let files = |certificate: &str, key: &str| {
        Identity::Pem(PemFiles { certificate: pki.join(certificate), key: pki.join(key) })
    };
    let foreign_key = |config: &mut Config| config.ror.api.identity = files("client.pem", "serveur.key");
    let diagnosis = bench.examine(foreign_key).await;
    expect(&diagnosis, at("certificat_client", "clé", "ne correspond pas au certificat", "la clé est celle"));
    expect(&diagnosis, at("jeton", "réglages", "certificat", "la rubrique des certificats"));
    let server = |config: &mut Config| config.ror.api.identity = files("serveur.pem", "serveur.key");
    let diagnosis = bench.examine(server).await;
    expect(&diagnosis, at("certificat_client", "usage", "pas fait pour une authentification cliente", "ORG AUTH_CLI"));
    let missing = |config: &mut Config| config.ror.api.identity = files("absent.pem", "client.key");
    let diagnosis = bench.examine(missing).await;
    expect(&diagnosis, at("certificat_client", "lecture", "absent.pem est illisible", "vérifiez le chemin"));
    for (days, cause) in [(900, "a expiré le "), (800, "expire bientôt"), (-30, "ne vaut qu’à partir du ")] {
        let then = Clock::System.now().checked_add(SignedDuration::from_hours(24 * days)).unwrap();
        let diagnosis = diagnose(&bench.config, None, &Clock::manual(then)).await;
        expect(&diagnosis, at("certificat_client", "validité", cause, ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_maildir_is_named() {
    let bench = Bench::start().await;
    let maildir = bench.folder.path().join("nulle-part");
    let set = |path: &Path| {
        let path = path.to_owned();
        move |config: &mut Config| main(config).maildir.as_mut().unwrap().path = path
    };
    let expected = at("boite", "dossier", "n’existe pas", "mailbox.maildir.path");
    bench.check(set(&maildir), expected).await;
    fs::create_dir_all(maildir.join("new")).unwrap();
    fs::create_dir_all(maildir.join("cur")).unwrap();
    bench.check(set(&maildir), at("boite", "dossier", "tmp n’existe pas", "un Maildir contient")).await;
    let same = |config: &mut Config| main(config).folders.rejets = main(config).folders.traites.clone();
    bench.check(same, at("boite", "réglages", "employé deux fois", "[mailbox.folders]")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_several_mailboxes_is_tried_and_named() {
    let bench = Bench::start().await;
    let path = bench.folder.path().join("nulle-part");
    let further = |config: &mut Config| {
        let mut section = main(config).clone();
        section.maildir.as_mut().unwrap().path = path;
        config.mailboxes.insert("brest".to_owned().try_into().unwrap(), section);
    };
    let diagnosis = bench.examine(further).await;
    expect(&diagnosis, at("boite", "dossier", "n’existe pas", "mailboxes.brest.maildir.path"));
    let tried: Vec<_> = diagnosis.sections.iter().filter(|section| section.name == "boite").collect();
    let names: Vec<Option<&str>> = tried.iter().map(|section| section.boite.as_deref()).collect();
    assert_eq!(names, [None, Some("brest")]);
    assert!(tried[1].title.starts_with("Boîte aux lettres brest ("), "{}", tried[1].title);
    assert_eq!(diagnosis.failures().count(), 1, "the first is in order");
    assert_eq!(detail(&diagnosis, "configuration", "lecture"), "qualification, 2 boîtes Maildir, réponses en Maildir");
}
