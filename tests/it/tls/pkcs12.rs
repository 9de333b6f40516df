//! PKCS#12 files as the openssl command makes them, in the forms that portals deliver.

use std::path::{Path, PathBuf};
use std::process::Command;

use base::config_values::{Identity, PemFiles, Pkcs12File, Secret};
use base::tls;
use base::tls::revocation::Revocation;
use base::tls::{Pkcs12Fault, TlsError};

use super::forge::Forge;

const PASSWORD: &str = "mot de passe é\"\\";

/// The ways of openssl to make one: the older portals' (RC2-40 and 3DES, HMAC-SHA1), 3DES alone, its
/// own of today (PBES2, AES-256), lighter and plainer ones.
const FORMS: &[&[&str]] = &[
    &["-legacy"],
    &["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"],
    &[],
    &["-certpbe", "AES-128-CBC", "-keypbe", "AES-192-CBC", "-macalg", "sha512", "-iter", "5000"],
    &["-certpbe", "NONE", "-name", "Dispolits, essai"],
    &["-nomac"],
];

struct Bench {
    forge: Forge,
    files: PemFiles,
    authority: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let forge = Forge::new();
        let authority = forge.authority("TEST AC ORG");
        let files = forge.leaf(&authority, |_| {});
        Self { forge, files, authority: authority.ca }
    }

    /// What openssl makes of the certificate, the key and more options.
    fn export(&self, certificate: &Path, key: &Path, options: &[&str]) -> PathBuf {
        let out = self.forge.path(&format!("{}.p12", fastrand::u64(..)));
        let made = Command::new("openssl")
            .args(["pkcs12", "-export", "-passout"])
            .arg(format!("pass:{PASSWORD}"))
            .arg("-in")
            .arg(certificate)
            .arg("-inkey")
            .arg(key)
            .arg("-out")
            .arg(&out)
            .args(options)
            .output()
            .expect("these tests need the package openssl");
        assert!(made.status.success(), "{options:?}: {}", String::from_utf8_lossy(&made.stderr));
        out
    }

    fn identity(&self, options: &[&str]) -> Identity {
        identity(self.export(&self.files.certificate, &self.files.key, options), PASSWORD)
    }
}

fn fault(identity: &Identity) -> Pkcs12Fault {
    match tls::credentials(identity).unwrap_err() {
        TlsError::Pkcs12 { path, fault } if path == identity.file() => fault,
        other => panic!("{other}"),
    }
}

fn identity(pkcs12: PathBuf, password: &str) -> Identity {
    Identity::Pkcs12(Pkcs12File { pkcs12, password: Secret::Inline(password.into()) })
}

#[test]
fn every_form_holds_what_the_pem_files_hold() {
    let bench = Bench::new();
    let pem = tls::credentials(&bench.files.clone().into()).unwrap();
    for form in FORMS {
        let read = tls::credentials(&bench.identity(form)).unwrap_or_else(|error| panic!("{form:?}: {error}"));
        assert_eq!(read.chain, pem.chain, "{form:?}");
        assert_eq!(read.key.secret_der(), pem.key.secret_der(), "{form:?}");
        let config = tls::client_config(Some(&bench.authority), Some(&bench.identity(form)), &Revocation::default());
        assert!(config.unwrap().client_auth_cert_resolver.has_certs());
    }
}

#[test]
fn an_rsa_key_of_the_older_form_is_read() {
    let bench = Bench::new();
    let (key, certificate) = (bench.forge.path("rsa.key"), bench.forge.path("rsa.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "9", "-subj", "/CN=essai", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success());
    for form in [&["-legacy"][..], &[]] {
        let identity = identity(bench.export(&certificate, &key, form), PASSWORD);
        assert!(tls::client_config(None, Some(&identity), &Revocation::default()).is_ok(), "{form:?}");
    }
}

#[test]
fn the_chain_goes_up_to_the_root_but_not_with_it_whatever_the_order() {
    let forge = Forge::new();
    let root = forge.authority("TEST AC RACINE");
    let middle = forge.intermediate(&root, "TEST AC ORG");
    let files = forge.leaf(&middle, |_| {});
    let bench = Bench { files, authority: root.ca.clone(), forge };
    let stranger = bench.forge.authority("TEST AC AUTRE");
    let text = |path: &Path| std::fs::read_to_string(path).unwrap();
    let others = bench.forge.path("autres.pem");
    std::fs::write(&others, text(&stranger.ca) + &text(&root.ca) + &text(&middle.ca)).unwrap();
    for form in [&["-legacy"][..], &[]] {
        let options = [form, &["-certfile", others.to_str().unwrap()]].concat();
        let read = tls::credentials(&bench.identity(&options)).unwrap();
        let subjects: Vec<String> =
            read.chain.iter().map(|der| tls::Certificate::read(der).unwrap().subject.to_string()).collect();
        assert_eq!(subjects, ["CN=localhost", "CN=TEST AC ORG"], "{form:?}");
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    let bench = Bench::new();
    for form in FORMS.iter().filter(|form| !form.contains(&"-nomac")) {
        let Identity::Pkcs12(file) = bench.identity(form) else { panic!() };
        assert_eq!(fault(&identity(file.pkcs12, "autre")), Pkcs12Fault::Password, "{form:?}");
    }
    let unsupported = bench.identity(&["-legacy", "-certpbe", "PBE-SHA1-RC4-128", "-keypbe", "PBE-SHA1-RC4-128"]);
    assert_eq!(fault(&unsupported), Pkcs12Fault::Encryption);
    assert_eq!(fault(&identity(bench.files.certificate.clone(), PASSWORD)), Pkcs12Fault::Format);
    assert_eq!(fault(&bench.identity(&["-nokeys"])), Pkcs12Fault::Keys(0));
    let keyless = bench.export(&bench.files.certificate, &bench.files.key, &["-nocerts"]);
    assert_eq!(fault(&identity(keyless, PASSWORD)), Pkcs12Fault::NoCertificate);
    let absent = identity(bench.forge.path("absent.p12"), PASSWORD);
    let told = tls::credentials(&absent).unwrap_err().to_string();
    assert!(told.contains("absent.p12 est illisible"), "{told}");
    for length in [0, 1, 40, 400] {
        let Identity::Pkcs12(file) = bench.identity(&[]) else { panic!() };
        let bytes = std::fs::read(&file.pkcs12).unwrap();
        std::fs::write(&file.pkcs12, &bytes[..length]).unwrap();
        assert_eq!(fault(&Identity::Pkcs12(file)), Pkcs12Fault::Format, "{length}");
    }
}

#[test]
fn an_identity_has_one_form() {
    let read = |text: &str| toml::from_str::<Identity>(text).map_err(|error| error.to_string());
    assert!(matches!(read("certificate = \"c\"\nkey = \"k\""), Ok(Identity::Pem(_))));
    assert!(matches!(read("pkcs12 = \"p\"\npassword = \"x\""), Ok(Identity::Pkcs12(_))));
    assert!(matches!(read("pkcs12 = \"p\"\npassword = { file = \"x\" }"), Ok(Identity::Pkcs12(_))));
    for text in ["", "certificate = \"c\"", "pkcs12 = \"p\"", "certificate = \"c\"\nkey = \"k\"\npkcs12 = \"p\""] {
        let told = read(text).unwrap_err();
        assert!(told.contains("soit « pkcs12 » et « password »"), "{text}: {told}");
    }
    assert!(read("certificate = \"c\"\nkey = \"k\"\nkeys = \"l\"").unwrap_err().contains("keys"));
}

#[test]
fn the_password_is_shown_nowhere() {
    let identity: Identity = toml::from_str("pkcs12 = \"p\"\npassword = \"motdepasse\"").unwrap();
    let shown = format!("{identity:?}{}", toml::to_string(&identity).unwrap());
    assert!(!shown.contains("motdepasse") && shown.contains("password = \"***\""), "{shown}");
    let command: Identity = toml::from_str("pkcs12 = \"p\"\npassword = { command = [\"pass\", \"p12\"] }").unwrap();
    let told = tls::credentials(&command).unwrap_err().to_string();
    assert!(told.contains("ne peut venir d’une commande"), "{told}");
}
