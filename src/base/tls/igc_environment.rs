//! Which IGC-Santé a certificate is of: the real one, or the one for tests.
//!
//! The test hierarchy bears names that begin with `TEST ` and `OU=IGC-SANTE TEST`; the real one
//! `OU=IGC-SANTE` (ANS, politique de certification IGC-Santé). An organisation of the real hierarchy
//! may be called « TEST9962 », or a server `test-igc`: only the mark with its blank counts.

use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;

use super::certificate::Certificate;
use super::name::DistinguishedName;
use super::{TlsError, certificates, chain};
use crate::config_values::Identity;

/// A hierarchy of IGC-Santé.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hierarchy {
    /// For tests: anyone may have such a certificate.
    Test,
    /// The real one.
    Production,
}

/// Certificates of both hierarchies in one file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} mêle l’IGC-Santé de test (« {test} ») et celle de production (« {production} ») ; gardez-y l’une des deux",
    path.display()
)]
pub struct Mixed {
    path: PathBuf,
    test: String,
    production: String,
}

/// The hierarchy of the authorities in a PEM file, `None` if they are of neither.
pub fn of_authorities(path: &Path) -> Result<Option<Hierarchy>, TlsError> {
    of_all(path, &chain(path)?)
}

/// The hierarchy of an identity, its own certificate and its chain; `None` if it is of neither.
pub fn of_identity(identity: &Identity) -> Result<Option<Hierarchy>, TlsError> {
    of_all(identity.file(), &certificates(identity)?)
}

fn of_all(path: &Path, all: &[CertificateDer<'_>]) -> Result<Option<Hierarchy>, TlsError> {
    let (mut test, mut production) = (None, None);
    for one in all.iter().filter_map(|der| Certificate::read(der)) {
        match of(&one) {
            Some(Hierarchy::Test) => test = Some(one.subject),
            Some(Hierarchy::Production) => production = Some(one.subject),
            None => {}
        }
    }
    match (test, production) {
        (Some(test), Some(production)) => {
            let (test, production) = (test.to_string(), production.to_string());
            Err(Mixed { path: path.to_owned(), test, production }.into())
        }
        (Some(_), None) => Ok(Some(Hierarchy::Test)),
        (None, Some(_)) => Ok(Some(Hierarchy::Production)),
        (None, None) => Ok(None),
    }
}

/// The hierarchy of one certificate, by its subject and its issuer.
pub fn of(certificate: &Certificate) -> Option<Hierarchy> {
    let named = [&certificate.subject, &certificate.issuer];
    if named.iter().any(|name| is_test(name)) {
        Some(Hierarchy::Test)
    } else {
        named.iter().any(|name| is_real(name)).then_some(Hierarchy::Production)
    }
}

fn is_test(name: &DistinguishedName) -> bool {
    name.values("CN").any(|value| value.starts_with("TEST "))
        || name.values("OU").any(|value| value.eq_ignore_ascii_case("IGC-SANTE TEST"))
}

fn is_real(name: &DistinguishedName) -> bool {
    name.values("OU").any(|value| value.eq_ignore_ascii_case("IGC-SANTE"))
        || name.values("CN").any(|value| value.starts_with("AC ") && value.contains("IGC-SANTE "))
}
