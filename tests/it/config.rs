//! The configuration: the commented example is whole and right, unknown keys are errors.

use std::process::Command;

use base::clock::Clock;
use rcgen::{CertificateParams, DnType, KeyPair};
use service::config::Config;

pub(crate) const EXAMPLE: &str = include_str!("../../deploy/config.example.toml");

pub(crate) fn load(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(&path).map_err(|error| error.to_string())
}

#[test]
fn the_example_is_right() {
    let config = load(EXAMPLE).unwrap();
    assert_eq!(config.ror.delivery.concurrency, 8);
}

/// Every key of the schema stands in the example, commented out or not, with a comment before it.
#[test]
fn the_example_names_every_key() {
    let schema = serde_json::to_value(Config::schema()).unwrap();
    let mut missing = Vec::new();
    let mut keys = std::collections::BTreeSet::new();
    collect_keys(&schema, &mut keys);
    for key in keys {
        let named = EXAMPLE.lines().any(|line| {
            let line = line.trim_start_matches(['#', ' ']);
            line.starts_with(&format!("{key} ="))
                || line.starts_with('[') && line.contains(key.as_str())
                || line.contains(&format!("{key} ="))
                || line.contains(&format!(" {key} "))
        });
        if !named {
            missing.push(key);
        }
    }
    assert!(missing.is_empty(), "absent from deploy/config.example.toml: {missing:?}");
}

fn collect_keys(schema: &serde_json::Value, keys: &mut std::collections::BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(object) => {
            if let Some(serde_json::Value::Object(properties)) = object.get("properties") {
                keys.extend(properties.keys().cloned());
            }
            object.values().for_each(|value| collect_keys(value, keys));
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect_keys(value, keys)),
        _ => {}
    }
}

#[test]
fn the_environment_overrides_a_key() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/config.example.toml");
    let shown = Command::new(env!("CARGO_BIN_EXE_dispolits"))
        .args(["config", "show", "--config", example])
        .env("DISPOLITS__ROR__API__CLIENT_ID", "autre")
        .env("DISPOLITS__MAILBOX__POLL", "5s")
        .env("DISPOLITS__ROR__API__GENRE_INDIFFERENCIE", "03")
        .env("DISPOLITS__MAILBOX__IMAP__PASSWORD", "0123")
        .env("DISPOLITS__MAILBOX__IMAP__PORT", "993")
        .env("DISPOLITS__ROR__DELIVERY__RETRY", "[\"1s\", \"2s\"]")
        .env("DISPOLITS__REPLY__NULL_RETURN_PATH", "false")
        .output()
        .unwrap();
    let config: toml::Table = toml::from_str(&String::from_utf8(shown.stdout).unwrap()).unwrap();
    assert_eq!(config["ror"]["api"]["client_id"].as_str(), Some("autre"));
    assert_eq!(config["mailbox"]["poll"].as_str(), Some("5s"));
    assert_eq!(config["ror"]["api"]["genre_indifferencie"].as_str(), Some("03"));
    assert_eq!(config["mailbox"]["imap"]["port"].as_integer(), Some(993));
    assert_eq!(config["ror"]["delivery"]["retry"].as_array().map(Vec::len), Some(2));
    assert_eq!(config["reply"]["null_return_path"].as_bool(), Some(false));
}

/// The example with further mailboxes.
fn with(sections: &str) -> String {
    format!("{EXAMPLE}\n{sections}")
}

const BREST: &str = "[mailboxes.brest]\nfrom = \"brest@region.example\"\n[mailboxes.brest.imap]\n\
     host = \"imap.operateur.example\"\nport = 143\nuser = \"brest@region.example\"\npassword = \"x\"\n";

#[test]
fn further_mailboxes_stand_beside_the_first() {
    let config = load(&with(BREST)).unwrap();
    let all: Vec<(&str, String, String)> = config
        .all_mailboxes()
        .map(|named| (named.name, named.key(), named.from(&config.reply).as_str().to_owned()))
        .collect();
    let named = |name, key: &str, from: &str| (name, key.to_owned(), from.to_owned());
    let expected = [
        named("principale", "mailbox", "disponibilites@region.example"),
        named("brest", "mailboxes.brest", "brest@region.example"),
    ];
    assert_eq!(all, expected);
    let account = config.all_mailboxes().nth(1).unwrap().settings().unwrap().account();
    assert_eq!(account, "imap:brest@region.example@imap.operateur.example/INBOX");
}

#[test]
fn a_mailbox_may_be_named_from_the_first_on() {
    let text = EXAMPLE.replace("[mailbox]", "[mailboxes.rennes]").replace("[mailbox.", "[mailboxes.rennes.");
    let config = load(&text).unwrap();
    assert_eq!(config.all_mailboxes().map(|named| named.name).collect::<Vec<_>>(), ["rennes"]);
}

#[test]
fn the_environment_reaches_into_a_named_mailbox() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, with(&BREST.replace("port = 143\n", ""))).unwrap();
    let shown = Command::new(env!("CARGO_BIN_EXE_dispolits"))
        .args(["config", "show", "--config"])
        .arg(&path)
        .env("DISPOLITS__MAILBOXES__BREST__IMAP__PORT", "993")
        .env("DISPOLITS__MAILBOXES__BREST__IMAP__PASSWORD", "0123")
        .env("DISPOLITS__MAILBOXES__BREST__FOLDERS__REJETS", "Refus")
        .env("DISPOLITS__MAILBOXES__VANNES__MAILDIR__PATH", "/var/mail/vannes")
        .output()
        .unwrap();
    let config: toml::Table = toml::from_str(&String::from_utf8(shown.stdout).unwrap()).unwrap();
    let brest = &config["mailboxes"]["brest"];
    assert_eq!(brest["imap"]["port"].as_integer(), Some(993));
    assert_eq!(brest["imap"]["password"].as_str(), Some("***"));
    assert_eq!(brest["folders"]["rejets"].as_str(), Some("Refus"));
    assert_eq!(config["mailboxes"]["vannes"]["maildir"]["path"].as_str(), Some("/var/mail/vannes"));
}

#[test]
fn mailboxes_that_cannot_be_told_apart_are_refused() {
    let check = |sections: &str, fragment: &str| {
        let error = load(&with(sections)).unwrap_err();
        assert!(error.contains(fragment), "« {error} » should say « {fragment} »");
    };
    let twice = BREST.replace("user = \"brest@", "user = \"Disponibilites@");
    check(&twice, "les sections [mailbox] et [mailboxes.brest] désignent la même boîte");
    check(&twice.replace("port = 143", "port = 993\nfolder = \"Brest\""), "désignent la même boîte");
    for name in ["Brest", "1er", "a__b", "principale", "\"\""] {
        check(&BREST.replace("brest]", &format!("{name}]")).replace("brest.imap", &format!("{name}.imap")), "boîte");
    }
    let both = format!("{BREST}[mailboxes.brest.maildir]\npath = \"x\"\n");
    check(&both, "soit [mailboxes.brest.maildir], soit [mailboxes.brest.imap]");
    check(&BREST.replace("from =", "adresse ="), "adresse");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let maildir = |name: &str, path: &str| format!("[mailboxes.{name}.maildir]\npath = \"{path}\"\n");
    check(&[maildir("a", &format!("{path}")), maildir("b", &format!("{path}/./"))].concat(), "même boîte");
}

#[test]
fn a_configuration_without_mailbox_is_refused() {
    let (before, rest) = EXAMPLE.split_once("\n[mailbox]\n").unwrap();
    let (_, after) = rest.split_once("\n[referential]\n").unwrap();
    let error = load(&format!("{before}\n[referential]\n{after}")).unwrap_err();
    assert!(error.contains("aucune boîte à relever"), "{error}");
}

fn check_refused(from: &str, to: &str, fragment: &str) {
    assert!(EXAMPLE.contains(from), "the example has « {from} »");
    let error = load(&EXAMPLE.replacen(from, to, 1)).unwrap_err();
    assert!(error.contains(fragment), "« {error} » should say « {fragment} »");
}

#[test]
fn what_cannot_be_right_is_refused_by_name() {
    check_refused("poll = \"60s\"", "pol = \"60s\"", "pol");
    check_refused("poll = \"60s\"", "poll = \"bientôt\"", "bientôt");
    check_refused("plafond = 2000", "plafon = 2000", "plafon");
    check_refused("genre_indifferencie = \"04\"", "genre_indifferencie = \"05\"", "genre_indifferencie");
    check_refused("environnement = \"qualification\"", "environnement = \"essai\"", "essai");
    check_refused("environnement = \"qualification\"", "environnement = \"production\"", "bac à sable");
    check_refused("bas-api-fhir.qualif.ror", "api-fhir.ror", "ROR de production");
    check_refused("level = \"info\"", "level = \"inf\"", "inf");
    check_refused("port = 143", "port = 143\nverification = false", "verification");
    check_refused("[mailbox.imap]", "[mailbox.maildir]\npath = \"x\"\n[mailbox.imap]", "soit [mailbox.maildir]");
    check_refused("transport = \"smtp\"", "transport = \"maildir\"", "reply.maildir");
    check_refused("retry = [\"5s\", \"30s\", \"2min\", \"5min\", \"15min\", \"30min\", \"1h\"]", "retry = []", "vide");
}

#[test]
fn what_is_wrong_is_said_in_french_and_without_what_is_written() {
    check_refused("listen = \"127.0.0.1:9464\"", "listen = \"ici\"", "attendu une adresse IP et un port");
    for (text, expected) in [
        ("environnement = \"qualification\"\npassword = \"secret", "ligne 2, colonne "),
        ("a = 1\na = 2", "cette clé est donnée deux fois"),
    ] {
        let error = load(text).unwrap_err();
        assert!(error.contains(expected) && !error.contains("secret") && !error.contains("TOML parse"), "{error}");
    }
}

#[test]
fn a_folder_of_a_mailbox_has_the_name_of_the_configuration() {
    let config = load(EXAMPLE).unwrap();
    let account = config.all_mailboxes().next().unwrap().settings().unwrap().account();
    assert_eq!(config.folder_name(&account, "traites"), "Traites");
    assert_eq!(config.folder_name("autre", "traites"), "traites");
}

/// A configuration of this environment, every client certificate being the one of that file.
fn check_certificate(environnement: &str, certificate: &std::path::Path, refused: Option<&str>) {
    let text = EXAMPLE
        .replace("\"qualification\"", &format!("\"{environnement}\""))
        .replace("/etc/dispolits/client.pem", &certificate.display().to_string())
        .replace("/etc/dispolits/ror.pem", &certificate.display().to_string());
    assert!(text.matches(certificate.to_str().unwrap()).count() >= 2, "{text}");
    let text =
        if environnement == "production" { text.replace(".qualif.ror.", ".ror.").replace("bas-", "") } else { text };
    match refused {
        None => load(&text).unwrap().check_certificates().unwrap(),
        Some(part) => {
            let error = load(&text).unwrap().check_certificates().unwrap_err().to_string();
            assert!(error.contains(part), "« {part} » is missing in: {error}");
        }
    }
}

#[test]
fn a_certificate_of_the_other_environment_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pki = dispolits::sandbox::pki::make(folder.path(), Clock::System.now()).unwrap();
    let write = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::OrganizationalUnitName, name);
        let path = folder.path().join("autre.pem");
        std::fs::write(&path, params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()).unwrap();
        path
    };
    check_certificate("qualification", &pki.client.certificate, None);
    check_certificate(
        "production",
        &pki.client.certificate,
        Some("mailbox.imap.identity, un certificat de l’IGC-Santé de test"),
    );
    check_certificate(
        "production",
        &write("IGC-SANTE TEST"),
        Some("mailbox.imap.identity, un certificat de l’IGC-Santé de test"),
    );
    check_certificate("production", &write("IGC-SANTE"), None);
    check_certificate(
        "qualification",
        &write("IGC-SANTE"),
        Some("ror.api.identity, un certificat de l’IGC-Santé de production"),
    );
    for environnement in ["qualification", "production"] {
        check_certificate(environnement, &write("Autorité locale"), None);
        check_certificate(environnement, &folder.path().join("absent.pem"), None);
    }
}

#[test]
fn secrets_are_never_shown() {
    let text = EXAMPLE.replace("{ file = \"/etc/dispolits/secrets/imap\" }", "\"motdepasse\"");
    let config = load(&text).unwrap();
    let shown = toml::to_string(&config).unwrap();
    assert!(!shown.contains("motdepasse") && !format!("{config:?}").contains("motdepasse"));
    assert!(shown.contains("password = \"***\""));
}

/// `schemas/config.schema.json` is the schema of this version; DISPOLITS_UPDATE=1 rewrites it.
#[test]
fn the_schema_file_is_the_schema_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/config.schema.json");
    let schema = format!("{}\n", serde_json::to_string_pretty(&Config::schema()).unwrap());
    if std::env::var_os("DISPOLITS_UPDATE").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), schema, "run with DISPOLITS_UPDATE=1");
}
