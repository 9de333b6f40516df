//! `dispolits config`: what is right, what is wrong and why, secrets hidden.

use std::fs;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};

use super::{Ran, dispolits};

const EXAMPLE: &str = include_str!("../../../deploy/config.example.toml");

/// The commented example with a Maildir, the fictitious referential and certificates that exist.
fn usable(folder: &Path) -> String {
    let world = campaign::cahier::world().unwrap();
    fs::write(folder.join("etablissements.csv"), world.etablissements_csv).unwrap();
    fs::write(folder.join("services.csv"), world.services_csv).unwrap();
    let pki = dispolits::sandbox::pki::make(&folder.join("pki"), base::clock::Clock::System.now()).unwrap();
    let secrets = folder.join("secrets");
    fs::create_dir(&secrets).unwrap();
    fs::write(secrets.join("imap"), "motdepasse-imap\n").unwrap();
    fs::write(secrets.join("smtp"), "motdepasse-smtp\n").unwrap();
    fs::write(secrets.join("webhook"), "motdepasse-webhook\n").unwrap();
    fs::write(secrets.join("webhook-hmac"), "motdepasse-signature\n").unwrap();
    for file in ["imap", "smtp", "webhook", "webhook-hmac"] {
        private(&secrets.join(file));
    }
    fs::copy(&pki.ca, folder.join("autorite-interne.pem")).unwrap();
    let path = |path: &Path| path.display().to_string();
    EXAMPLE
        .replace("/etc/dispolits/igc-sante.pem", &path(&pki.ca))
        .replace("/etc/dispolits/client.pem", &path(&pki.client.certificate))
        .replace("/etc/dispolits/client.key", &path(&pki.client.key))
        .replace("/etc/dispolits/ror.pem", &path(&pki.client.certificate))
        .replace("/etc/dispolits/ror.key", &path(&pki.client.key))
        .replace("/etc/dispolits/", &format!("{}/", folder.display()))
}

/// Readable by its owner alone.
fn private(file: &Path) {
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

fn config(command: &str, change: impl FnOnce(String) -> String) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let text = change(usable(folder.path()));
    let file = folder.path().join("config.toml");
    fs::write(&file, text).unwrap();
    let mut ran = dispolits(&["config", command, "--config", file.to_str().unwrap()]);
    ran.err = ran.err.replace(folder.path().to_str().unwrap(), "DOSSIER");
    ran
}

#[test]
fn a_right_configuration_is_said_to_be_right() {
    let ran = config("check", |text| text);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.starts_with("Configuration correcte. Au référentiel : établissements 8, "), "{}", ran.out);
    let unchecked = "Avertissement : la révocation du certificat du serveur n’est pas vérifiée pour ";
    assert!(ran.out.ends_with(&format!("{unchecked}ror.api ([revocation] ne la nomme pas).\n")), "{}", ran.out);
    let without =
        config("check", |text| text.replace("\nca = ", "\n# ca = ").replace("\"/var/lib/dispolits/crl\"", "\"crl\""));
    for section in ["mailbox.imap", "smtp"] {
        let sentence = format!("{unchecked}{section} (sans clé « ca », ce sont les autorités de la machine).\n");
        assert!(without.out.contains(&sentence), "{}", without.out);
    }
}

/// Puts certificates that say TEST nowhere in the place of those that a configuration names.
fn leave_the_test_hierarchy(text: &str) {
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::default().self_signed(&key).unwrap();
    let files = || text.split('"').map(Path::new).filter(|part| part.is_file());
    let is = |file: &Path, kind: &str| file.extension().is_some_and(|extension| extension == kind);
    for certificate in files().filter(|file| is(file, "pem")) {
        fs::write(certificate, own.pem()).unwrap();
    }
    for private in files().filter(|file| is(file, "key")) {
        fs::write(private, key.serialize_pem()).unwrap();
    }
}

/// MSSanté référentiel #2, ECO.2.4.3: X-MSS-NIL on all mails.
#[test]
fn a_production_without_its_nil_is_warned_of() {
    let production = |text: String| {
        leave_the_test_hierarchy(&text);
        let text = text.replace("environnement = \"qualification\"", "environnement = \"production\"");
        text.replace("bas-api-fhir.qualif.ror", "api-fhir.ror").replace("bas-auth-api.qualif.ror", "auth-api.ror")
    };
    let ran = config("check", production);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("\nAvertissement : reply.nil manque"), "{}", ran.out);
    let ran = config("check", |text| production(text).replace("# nil = \"…\"", "nil = \"NIL-2026\""));
    assert_eq!((ran.code, ran.out.contains("reply.nil")), (0, false), "{}", ran.out);
}

#[test]
fn a_journal_that_others_could_overhear_is_warned_of() {
    let check = |listen: &str, proxy: &str, expected: [bool; 2]| {
        let ran = config("check", |text| {
            let rest = text.split("\n[web]\n").next().unwrap().to_owned();
            format!("{rest}\n[web]\nlisten = \"{listen}\"\npublic_url = \"https://lits.region.example\"\n{proxy}")
        });
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        let said = ["web.listen écoute en clair", "[web.proxy] manque"].map(|what| ran.out.contains(what));
        assert_eq!(said, expected, "{listen} {proxy}: {}", ran.out);
    };
    let proxy = "[web.proxy]\ntrusted = [\"10.0.0.1\"]\n";
    check("0.0.0.0:8080", "", [true, true]);
    check("[::]:8080", proxy, [true, false]);
    check("10.0.0.2:8080", proxy, [false, false]);
    check("127.0.0.1:8080", "", [false, true]);
}

#[test]
fn what_is_wrong_is_told_in_french_by_the_name_of_its_key() {
    let check = |from: &str, to: &str, sentence: &str| {
        let ran = config("check", |text| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{from} → {to}");
        assert_eq!(ran.err, format!("erreur : {sentence}\n"), "{from} → {to}");
    };
    check(
        "plafond = 2000",
        "plafon = 2000",
        "configuration : validation.plafon : clé inconnue ; clés admises : policy, plafond, gravite_c03, gravite_c04, avance_maximale, age_maximal, archives_par_heure, indicateurs",
    );
    check(
        "plafond = 2000",
        "plafond = \"beaucoup\"",
        "configuration : validation.plafond : trouvé le texte « beaucoup », attendu un nombre entier",
    );
    check(
        "poll = \"60s\"",
        "poll = \"bientôt\"",
        "configuration : mailbox.poll : « bientôt » n’est pas une durée ; exemples : 90s, 15min, 2h, 7d",
    );
    check(
        "environnement = \"qualification\"",
        "environnement = \"essai\"",
        "configuration : environnement : « essai » n’est pas admis ; valeurs admises : qualification, production",
    );
    let short = "configuration : retention : le journal se garde au moins aussi longtemps que le contenu, et plus que validation.age_maximal";
    check("\njournal = \"180d\"", "\njournal = \"29d\"", short);
    check("rejected_journal = \"730d\"", "rejected_journal = \"89d\"", short);
    check("environnement = \"qualification\"", "", "configuration : la clé « environnement » manque");
    check("client_id = \"a-remplacer\"", "", "configuration : ror.api : la clé « client_id » manque");
}

/// On a shared database a request must not outlive the lease under which it left; a file has one worker.
#[test]
fn a_lease_is_longer_than_a_request() {
    let check = |url: &str, lease: &str, code: i32| {
        let ran = config("check", |text| {
            let text = text.replace("sqlite:///var/lib/dispolits/dispolits.db", url);
            text.replace("lease = \"30s\"", &format!("lease = \"{lease}\""))
        });
        assert_eq!((ran.code, ran.err.contains("store.lease")), (code, code == 2), "{url} {lease}: {}", ran.err);
    };
    check("postgres://lits@base.test/lits", "20s", 2);
    check("postgres://lits@base.test/lits", "21s", 0);
    check("sqlite:///var/lib/lits.db", "20s", 0);
}

#[test]
fn a_file_that_is_missing_is_told() {
    let ran = dispolits(&["config", "check", "--config", "absent.toml"]);
    assert_eq!(ran.err, "erreur : fichier de configuration absent.toml : fichier ou dossier introuvable\n");
    let ran = config("check", |text| text.replace("services.csv", "absent.csv"));
    assert_eq!(ran.err, "erreur : referential.services : le fichier DOSSIER/absent.csv est illisible : introuvable\n");
    let ran = config("check", |text| text.replace("[mailbox]", "[mailbox"));
    assert!(ran.code == 2 && ran.err.starts_with("erreur : configuration : "), "{}", ran.err);
}

#[test]
fn what_applies_is_shown_without_secrets() {
    let ran = config("show", |text| text.replace("client_id = \"a-remplacer\"", "client_id = \"fournisseur\""));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let shown: toml::Table = ran.out.parse().unwrap();
    assert_eq!(shown["ror"]["api"]["client_id"].as_str(), Some("fournisseur"));
    assert!(!ran.out.contains("motdepasse"), "{}", ran.out);
}

/// A password in an address, and the path of a webhook, which its other side takes for a password.
#[test]
fn no_address_shows_its_secret() {
    let check = |url: &str, expected: &str| {
        let ran = config("show", |text| {
            let text = text.replace("sqlite:///var/lib/dispolits/dispolits.db", url);
            text.replace("/hooks/dispolits", "/hooks/motdepasse?cle=motdepasse")
        });
        assert_eq!(ran.code, 0, "{}", ran.err);
        let shown: toml::Table = ran.out.parse().unwrap();
        assert_eq!(shown["store"]["url"].as_str(), Some(expected));
        assert_eq!(shown["alerts"]["webhook"]["url"].as_str(), Some("https://discussion.region.example/***"));
        assert!(!ran.out.contains("motdepasse"), "{}", ran.out);
    };
    check("postgres://lits:motdepasse@base.test/lits", "postgres://lits:***@base.test/lits");
    check("postgres://lits:mot@motdepasse@base.test/lits", "postgres://lits:***@base.test/lits");
    check("postgres://lits@base.test/lits?password=motdepasse", "postgres://lits@base.test/lits?***");
    check("postgres://lits@base.test/lits?sslmode=require", "postgres://lits@base.test/lits?sslmode=require");
    check("sqlite:///var/lib/lits.db", "sqlite:///var/lib/lits.db");
}

#[test]
fn the_schema_is_that_of_the_repository() {
    let ran = dispolits(&["config", "schema"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, include_str!("../../../schemas/config.schema.json")));
}
