//! The test PKI: its files, their modes, and names that cannot pass for the real ones.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base::clock::Clock;
use base::config_values::PemFiles;
use base::tls;
use dispolits::sandbox::pki;

use super::bench::make_pki;

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn check_identity(identity: &PemFiles) {
    assert_eq!((mode(&identity.certificate), mode(&identity.key)), (0o644, 0o600));
    assert_eq!(tls::chain(&identity.certificate).unwrap().len(), 2);
    tls::key(&identity.key).unwrap();
}

fn contains(path: &Path, text: &str) -> bool {
    let der = &tls::chain(path).unwrap()[0];
    der.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn each_certificate_has_its_chain_and_a_private_key() {
    let (_folder, pki) = make_pki();
    for identity in [&pki.server, &pki.other_server, &pki.client, &pki.rogue] {
        check_identity(identity);
    }
    assert_eq!(tls::roots(&pki.ca).unwrap().len(), 2);
    assert_eq!(tls::roots(&pki.rogue_ca).unwrap().len(), 1);
}

#[test]
fn the_client_is_an_organisation_of_igc_sante_and_says_test() {
    let (_folder, pki) = make_pki();
    for part in ["Ille-et-Vilaine (35)", "TEST HOPITAL", "1350054680", "TEST dispolits.hopital.test"] {
        assert!(contains(&pki.client.certificate, part), "{part}");
    }
    for certificate in [&pki.ca, &pki.rogue_ca, &pki.server.certificate, &pki.rogue.certificate] {
        assert!(contains(certificate, "TEST "), "{}", certificate.display());
    }
}

#[test]
fn a_pki_made_again_replaces_the_first_and_narrows_its_keys() {
    let (folder, first) = make_pki();
    let before = std::fs::read(&first.client.key).unwrap();
    std::fs::set_permissions(&first.client.key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let second = pki::make(&folder.path().join("pki"), Clock::System.now()).unwrap();
    assert_eq!(second.client.key, first.client.key);
    assert_ne!(std::fs::read(&second.client.key).unwrap(), before);
    check_identity(&second.client);
}

#[test]
fn a_folder_that_cannot_be_made_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fichier");
    std::fs::write(&file, "").unwrap();
    let error = pki::make(&file.join("pki"), Clock::System.now()).unwrap_err();
    assert!(error.is_transient(), "{error}");
}
