//! Wrong configurations: `config check`, `doctor` and `run` refuse the same ones, by the same key. One row each.

use std::fs;
use std::path::Path;

use super::{program, ran};

/// Everything that a configuration can name, all of it right; `{d}` is the folder of the trial.
const RIGHT: &str = include_str!("right.toml");

/// What is changed, into what, and the key that must be named.
const WRONG: &[(&str, &str, &str)] = &[
    ("environnement = \"qualification\"", "environnement = \"essai\"", "environnement"),
    ("environnement = \"qualification\"", "environnement = \"production\"", "environnement"),
    ("poll = \"60s\"", "pol = \"60s\"", "mailbox.pol"),
    ("[mailbox.imap]", "[mailbox.maildir]\npath = \"x\"\n[mailbox.imap]", "mailbox"),
    ("host = \"127.0.0.1\" # imap", "host = \"un nom\"", "mailbox"),
    ("user = \"boite\" # imap", "user = \"\"", "mailbox"),
    ("auth = \"plain\" # imap", "auth = \"external\"", "mailbox"),
    ("timeout = \"5s\" # imap", "timeout = \"0s\"", "mailbox"),
    ("rejets = \"Rejets\"", "rejets = \"Traites\"", "mailbox"),
    ("{d}/secrets/imap\"", "{d}/secrets/absent\"", "mailbox.imap.password"),
    ("{d}/secrets/imap\"", "{d}/secrets/vide\"", "mailbox.imap.password"),
    ("{d}/secrets/imap\"", "{d}/pki\"", "mailbox.imap.password"),
    ("{d}/pki/ca.pem\" # imap", "{d}/absent.pem\"", "mailbox.imap.ca"),
    ("{d}/pki/ca.pem\" # imap", "{d}/secrets/imap\"", "mailbox.imap.ca"),
    (
        "{d}/pki/client.pem\", key = \"{d}/pki/client.key\" } # imap",
        "{d}/absent.pem\", key = \"{d}/pki/client.key\" }",
        "mailbox.imap.identity",
    ),
    (
        "{d}/pki/client.pem\", key = \"{d}/pki/client.key\" } # imap",
        "{d}/pki/client.pem\", key = \"{d}/absent.key\" }",
        "mailbox.imap.identity",
    ),
    (
        "{d}/pki/client.pem\", key = \"{d}/pki/client.key\" } # imap",
        "{d}/pki/client.pem\", key = \"{d}/pki/server.key\" }",
        "mailbox.imap.identity",
    ),
    (
        "certificate = \"{d}/pki/client.pem\", key = \"{d}/pki/client.key\" } # imap",
        "pkcs12 = \"{d}/secrets/imap\", password = \"x\" }",
        "mailbox.imap.identity",
    ),
    (
        "certificate = \"{d}/pki/client.pem\", key = \"{d}/pki/client.key\" } # imap",
        "pkcs12 = \"{d}/secrets/imap\", password = { file = \"{d}/absent\" } }",
        "mailbox.imap.identity",
    ),
    (
        "certificate = \"{d}/pki/client.pem\", key = \"{d}/pki/client.key\" } # imap",
        "pkcs12 = \"{d}/secrets/imap\", password = { command = [\"x\"] } }",
        "mailbox.imap.identity",
    ),
    ("{d}/etablissements.csv", "{d}/absent.csv", "referential.etablissements"),
    ("{d}/services.csv", "{d}/absent.csv", "referential.services"),
    ("{d}/services.csv", "{d}/etablissements.csv", "referential"),
    ("plafond = 2000", "plafond = 2000\nindicateurs = \"{d}/absent.toml\"", "validation.indicateurs"),
    ("plafond = 2000", "plafond = 2000\nindicateurs = \"{d}/services.csv\"", "validation.indicateurs"),
    ("base_url = \"https:", "base_url = \"http:", "ror.api.base_url"),
    ("token_url = \"https:", "token_url = \"http:", "ror.api.token_url"),
    ("client_id = \"dispolits\" # ror", "client_id = \" \"", "ror.api.client_id"),
    (
        "{d}/pki/client.pem\", key = \"{d}/pki/client.key\" } # ror",
        "{d}/absent.pem\", key = \"{d}/pki/client.key\" }",
        "ror.api.identity",
    ),
    ("{d}/pki/ca.pem\" # ror", "{d}/absent.pem\"", "ror.api.ca"),
    ("token_margin = \"30s\"", "token_ca = \"{d}/absent.pem\"", "ror.api.token_ca"),
    (
        "token_margin = \"30s\"",
        "api_identity = { certificate = \"{d}/absent.pem\", key = \"{d}/absent.key\" }",
        "ror.api.api_identity",
    ),
    ("{d}/secrets/lecture", "{d}/secrets/absent", "ror.api.reader.secret"),
    ("client_id = \"lecteur\"", "", "ror.api.reader.secret"),
    ("url = \"sqlite://{d}/lits.db\"", "url = \"mysql://base/lits\"", "store.url"),
    ("url = \"sqlite://{d}/lits.db\"", "url = \"sqlite://{d}/absent/lits.db\"", "store.url"),
    ("url = \"sqlite://{d}/lits.db\"", "url = \"postgres://lits:secret@127.0.0.1/lits\"", "store.url"),
    (
        "url = \"sqlite://{d}/lits.db\"",
        "url = \"postgres://lits@127.0.0.1/lits\"\npassword = { file = \"{d}/absent\" }",
        "store.password",
    ),
    ("url = \"sqlite://{d}/lits.db\"", "url = \"postgres://lits@127.0.0.1/lits\"\nca = \"{d}/absent.pem\"", "store.ca"),
    ("url = \"sqlite://{d}/lits.db\"", "url = \"postgres://lits@127.0.0.1/lits\"\nlease = \"5s\"", "store.lease"),
    ("transport = \"smtp\"", "transport = \"maildir\"", "reply.maildir"),
    ("host = \"127.0.0.1\" # smtp", "host = \"un nom\"", "smtp.host"),
    ("auth = \"plain\" # smtp", "auth = \"none\"", "smtp.auth"),
    ("{d}/secrets/smtp\"", "{d}/secrets/absent\"", "smtp.password"),
    ("{d}/pki/ca.pem\" # smtp", "{d}/absent.pem\"", "smtp.ca"),
    (
        "timeout = \"5s\" # smtp",
        "identity = { certificate = \"{d}/pki/client.pem\", key = \"{d}/absent.key\" }",
        "smtp.identity",
    ),
    ("urls = [\"http://127.0.0.1:1/liste.crl\"]", "urls = []", "revocation"),
    ("urls = [\"http://127.0.0.1:1/liste.crl\"]", "urls = [\"ftp://127.0.0.1/liste.crl\"]", "revocation"),
    ("files = []", "files = [\"{d}/absent.crl\"]", "revocation.files"),
    ("files = []", "files = [\"{d}/services.csv\"]", "revocation.files"),
    ("journal = \"180d\"", "journal = \"1d\"", "retention"),
    ("listen = \"127.0.0.1:9\" # health", "listen = \"0.0.0.0:9\"", "health.listen"),
    ("listen = \"127.0.0.1:9\" # health", "listen = \"127.0.0.1:7\"", "web.listen"),
    ("public_url = \"https://lits.example\"", "public_url = \"https://lits.example/page\"", "web.public_url"),
    ("{d}/secrets/factor", "{d}/secrets/absent", "web.local.factor_key"),
    ("{ file = \"{d}/secrets/factor\" }", "\"trop-courte\"", "web.local.factor_key"),
    ("issuer = \"https:", "issuer = \"http://ailleurs.example/", "web.openid.issuer"),
    ("{d}/secrets/openid", "{d}/secrets/absent", "web.openid.client_secret"),
    ("{d}/pki/ca.pem\" # openid", "{d}/absent.pem\"", "web.openid.ca"),
    (
        "{d}/pki/ca.pem\" # openid",
        "{d}/pki/ca.pem\"\nidentity = { certificate = \"{d}/absent.pem\", key = \"{d}/absent.key\" }",
        "web.openid.identity",
    ),
    (
        "trusted = [\"127.0.0.1\"]",
        "trusted = [\"127.0.0.1\"]\ncertificate_required = true",
        "web.proxy.certificate_required",
    ),
    ("url = \"https://127.0.0.1:1/hook\"", "url = \"http://ailleurs.example/hook\"", "alerts.webhook.url"),
    ("{d}/secrets/jeton", "{d}/secrets/absent", "alerts.webhook.bearer"),
    ("{d}/secrets/signature", "{d}/secrets/absent", "alerts.webhook.hmac_key"),
    ("{d}/pki/ca.pem\" # webhook", "{d}/absent.pem\"", "alerts.webhook.ca"),
    ("disk_percent = 10", "disk_percent = 101", "alerts.disk_percent"),
];

/// The folder of a trial, with everything that the right configuration names.
fn furnish(folder: &Path) {
    let world = campaign::cahier::world().unwrap();
    fs::write(folder.join("etablissements.csv"), world.etablissements_csv).unwrap();
    fs::write(folder.join("services.csv"), world.services_csv).unwrap();
    let pki = dispolits::sandbox::pki::make(&folder.join("pki"), base::clock::Clock::System.now()).unwrap();
    let as_named = [
        (&pki.ca, "ca.pem"),
        (&pki.client.certificate, "client.pem"),
        (&pki.client.key, "client.key"),
        (&pki.server.key, "server.key"),
    ];
    for (from, name) in as_named {
        let to = folder.join("pki").join(name);
        if *from != to {
            fs::copy(from, to).unwrap();
        }
    }
    fs::create_dir(folder.join("secrets")).unwrap();
    for name in ["imap", "smtp", "lecture", "openid", "jeton", "signature", "factor"] {
        write_private(&folder.join("secrets").join(name), &format!("motdepasse-{name}-assez-long-pour-une-cle\n"));
    }
    write_private(&folder.join("secrets/vide"), "");
}

fn write_private(file: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// What each of the three says and ends with.
fn asked(folder: &Path, text: &str) -> [(i32, String); 3] {
    let file = folder.join("config.toml");
    fs::write(&file, text.replace("{d}", folder.to_str().unwrap())).unwrap();
    [["config", "check"].as_slice(), &["doctor"], &["run"]].map(|command| {
        let ran = ran(&program().args(command).arg("--config").arg(&file).output().unwrap());
        (ran.code, format!("{}{}", ran.out, ran.err))
    })
}

#[test]
fn the_three_refuse_the_same_configurations_by_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let mut faults = Vec::new();
    for (from, to, key) in WRONG {
        assert_eq!(RIGHT.matches(from).count(), 1, "{from}");
        let [check, doctor, run] = asked(folder.path(), &RIGHT.replacen(from, to, 1));
        if (check.0, run.0) != (2, 2) || !(1..=2).contains(&doctor.0) {
            faults.push(format!("{key}: {to}: exit codes {}, {}, {}\n{}", check.0, doctor.0, run.0, run.1));
        }
        let silent = [("check", &check.1), ("doctor", &doctor.1), ("run", &run.1)];
        let silent = silent.into_iter().filter(|(_, said)| !names(said, key));
        faults.extend(silent.map(|(who, said)| format!("{who} does not name {key}: {to}:\n{said}")));
        let is_same = |fault: &str| doctor.0 == 2 || doctor.1.contains(fault.trim());
        let told = check.1.trim_start_matches("erreur : ").lines().next().unwrap_or_default();
        if !is_same(told) {
            faults.push(format!("doctor says otherwise: {told}\n{}", doctor.1));
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    assert!(WRONG.len() >= 40);
}

/// Whether the key stands there, not as a part of a longer one.
fn names(said: &str, key: &str) -> bool {
    let goes_on = |rest: &str| rest.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
    said.match_indices(key).any(|(at, _)| !said.get(at + key.len()..).is_some_and(goes_on))
}

/// The right one is refused by none: else every row above would pass.
#[test]
fn the_right_configuration_is_right() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let file = folder.path().join("config.toml");
    fs::write(&file, RIGHT.replace("{d}", folder.path().to_str().unwrap())).unwrap();
    let check = ran(&program().args(["config", "check", "--config"]).arg(&file).output().unwrap());
    assert_eq!((check.code, check.err.as_str()), (0, ""), "{}", check.out);
    let doctor = ran(&program().args(["doctor", "--config"]).arg(&file).output().unwrap());
    assert!(doctor.out.contains("✔ fichiers : tout ce que nomme la configuration se lit"), "{}", doctor.out);
    // Nobody answers at these addresses, and that is told of the webhook and the provider as well.
    for section in ["\nAlertes\n", "\nOpenID Connect ("] {
        let rest = doctor.out.split_once(section).unwrap_or_else(|| panic!("{section}: {}", doctor.out)).1;
        assert!(rest.split("\n\n").next().unwrap().contains("✘"), "{section}: {}", doctor.out);
    }
}

/// Who else may read a key or a secret is said by all three, with the file and its mode.
#[test]
fn loose_modes_are_told_by_their_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let told = |file: &str, mode: u32, key: &str, expected: bool| {
        let path = folder.path().join(file);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        // `run` gets no further than its database.
        let text = RIGHT.replace("sqlite://{d}/lits.db", "sqlite://{d}/secrets");
        let sentence =
            format!("{key} : d’autres que le service peuvent lire ou changer {} (droits {mode:04o})", path.display());
        for (_, said) in asked(folder.path(), &text) {
            assert_eq!(said.contains(&sentence), expected, "{sentence}\n{said}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    for (file, key) in [
        ("secrets/imap", "mailbox.imap.password"),
        ("pki/client.key", "mailbox.imap.identity"),
        ("secrets/signature", "alerts.webhook.hmac_key"),
        ("secrets/openid", "web.openid.client_secret"),
    ] {
        told(file, 0o644, key, true);
        told(file, 0o604, key, true);
        told(file, 0o620, key, true);
        told(file, 0o600, key, false);
        told(file, 0o400, key, false);
    }
}
