//! Test certificates and real ones never stand beside each other.

use std::path::PathBuf;

use base::config_values::{Identity, PemFiles};
use edges::mailbox::ImapSettings;
use rcgen::{CertificateParams, DistinguishedName, DnType};
use service::config::{Config, Environnement};

use super::forge::{Authority, Forge};

const EXAMPLE: &str = include_str!("../../../deploy/config.example.toml");
/// The sandbox of the ANS, and its production.
const URLS: [&str; 2] = ["qualif.ror.esante.gouv.fr", "ror.esante.gouv.fr"];

/// Both hierarchies, named as IGC-Santé names them.
struct Bench {
    forge: Forge,
    test: Side,
    real: Side,
}

struct Side {
    ca: PathBuf,
    own: Identity,
}

fn named(params: &mut CertificateParams, unit: &str, name: &str) {
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationalUnitName, unit);
    params.distinguished_name.push(DnType::CommonName, name);
}

impl Bench {
    fn new() -> Self {
        let forge = Forge::new();
        let side = |unit: &str, prefix: &str| {
            let name = format!("{prefix}AC IGC-SANTE ELEMENTAIRE ORGANISATIONS");
            let authority = forge.authority_with("", |params| named(params, unit, &name));
            let own = |authority: &Authority| {
                // A name of the real white list that is no test certificate's mark.
                forge.leaf(authority, |params| named(params, "318751275100020", "TEST9962.hopital.test"))
            };
            Side { own: own(&authority).into(), ca: authority.ca }
        };
        let (test, real) = (side("IGC-SANTE TEST", "TEST "), side("IGC-SANTE", ""));
        Self { forge, test, real }
    }

    /// Everything of this side; in production also the production of the ROR.
    fn config(&self, environment: Environnement, side: &Side) -> Config {
        let mut text = EXAMPLE.to_owned();
        if environment == Environnement::Production {
            text = text.replace("\"qualification\"", "\"production\"");
            text = text.replace("bas-api-fhir.qualif", "api-fhir").replace("bas-auth-api.qualif", "auth-api");
        }
        let file = self.forge.path("config.toml");
        std::fs::write(&file, text).unwrap();
        let mut config = Config::load(&file).unwrap();
        let smtp = config.smtp.as_mut().unwrap();
        let imap = config.mailbox.as_mut().unwrap().imap.as_mut().unwrap();
        (imap.ca, smtp.ca) = (Some(side.ca.clone()), Some(side.ca.clone()));
        (imap.identity, smtp.identity) = (Some(side.own.clone()), Some(side.own.clone()));
        config.ror.api.identity = side.own.clone();
        assert!(URLS.iter().any(|url| config.ror.api.token_url.contains(url)));
        config
    }
}

fn imap(config: &mut Config) -> &mut ImapSettings {
    config.mailbox.as_mut().unwrap().imap.as_mut().unwrap()
}

fn refused(config: &Config, words: &str) {
    let told = config.check_certificates().unwrap_err().to_string();
    assert!(told.contains(words), "« {words} » is not in « {told} »");
}

#[test]
fn each_environment_takes_its_own() {
    let bench = Bench::new();
    bench.config(Environnement::Production, &bench.real).check_certificates().unwrap();
    bench.config(Environnement::Qualification, &bench.test).check_certificates().unwrap();
}

#[test]
fn production_takes_nothing_of_the_test_hierarchy() {
    let bench = Bench::new();
    let production = || bench.config(Environnement::Production, &bench.real);
    let mut config = production();
    imap(&mut config).ca = Some(bench.test.ca.clone());
    refused(&config, "mailbox.imap.ca, qui contient des autorités de l’IGC-Santé de test");
    let mut config = production();
    config.smtp.as_mut().unwrap().identity = Some(bench.test.own.clone());
    refused(&config, "smtp.identity, un certificat de l’IGC-Santé de test");
    let mut config = production();
    config.ror.api.identity = bench.test.own.clone();
    refused(&config, "ror.api.identity, un certificat");
    let mut config = production();
    config.ror.api.api_identity = Some(bench.test.own.clone());
    refused(&config, "ror.api.api_identity, un certificat");
}

#[test]
fn qualification_may_read_a_real_mailbox_but_shows_nothing_real_to_tests() {
    let bench = Bench::new();
    let qualification = || bench.config(Environnement::Qualification, &bench.test);
    let mut config = qualification();
    let settings = imap(&mut config);
    (settings.ca, settings.identity) = (Some(bench.real.ca.clone()), Some(bench.real.own.clone()));
    config.check_certificates().unwrap();
    imap(&mut config).identity = Some(bench.test.own.clone());
    refused(&config, "mailbox.imap.ca et mailbox.imap.identity ne sont pas de la même IGC-Santé");
    let mut config = qualification();
    config.smtp.as_mut().unwrap().identity = Some(bench.real.own.clone());
    refused(&config, "smtp.ca et smtp.identity ne sont pas de la même IGC-Santé");
    let mut config = qualification();
    config.ror.api.identity = bench.real.own.clone();
    refused(&config, "le bac à sable du ROR en veut un de test");
}

#[test]
fn no_file_holds_both() {
    let bench = Bench::new();
    let both = bench.forge.path("les-deux.pem");
    let text = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
    std::fs::write(&both, text(&bench.real.ca) + &text(&bench.test.ca)).unwrap();
    for (environment, side) in [(Environnement::Production, &bench.real), (Environnement::Qualification, &bench.test)] {
        let mut config = bench.config(environment, side);
        config.smtp.as_mut().unwrap().ca = Some(both.clone());
        refused(&config, "mêle l’IGC-Santé de test (« CN=TEST AC");
    }
}

#[test]
fn an_unreadable_file_is_told_by_others() {
    let bench = Bench::new();
    let mut config = bench.config(Environnement::Production, &bench.real);
    let absent = bench.forge.path("absent");
    imap(&mut config).ca = Some(absent.clone());
    config.ror.api.identity = PemFiles { certificate: absent.clone(), key: absent }.into();
    config.check_certificates().unwrap();
    assert!(config.expiring(base::clock::Clock::System.now()).is_empty());
}
