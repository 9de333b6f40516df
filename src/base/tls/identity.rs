//! What we show of ourselves: a certificate, its chain and its key.

use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::certificate::Certificate;
use super::{TlsError, pem, pkcs12};
use crate::config_values::Identity;

/// An identity, read.
#[derive(Debug)]
pub struct Credentials {
    /// Our certificate, followed by its chain; at least one.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key. `Debug` does not show it.
    pub key: PrivateKeyDer<'static>,
}

/// Reads the files of an identity, as they are now.
pub fn credentials(identity: &Identity) -> Result<Credentials, TlsError> {
    match identity {
        Identity::Pem(files) => Ok(Credentials { chain: pem::chain(&files.certificate)?, key: pem::key(&files.key)? }),
        Identity::Pkcs12(file) => {
            // A command takes its time, and certificates are read where nobody may wait.
            let password = file.password.stored()?.ok_or_else(|| TlsError::Command(file.pkcs12.clone()))?;
            pkcs12::read(&file.pkcs12, &password)
        }
    }
}

/// Whether the files of an identity can be read, and its key is that of its certificate.
pub fn usable(identity: &Identity) -> Result<(), TlsError> {
    let Credentials { chain, key } = credentials(identity)?;
    CertifiedKey::from_der(chain, key, &super::provider())?;
    Ok(())
}

/// The certificates of an identity, its own first. The key of a PEM identity is not read.
pub fn certificates(identity: &Identity) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    match identity {
        Identity::Pem(files) => pem::chain(&files.certificate),
        Identity::Pkcs12(_) => credentials(identity).map(|read| read.chain),
    }
}

/// What the own certificate of an identity says; `None` if it cannot be read.
pub fn presented(identity: &Identity) -> Option<Certificate> {
    Certificate::read(certificates(identity).ok()?.first()?)
}
