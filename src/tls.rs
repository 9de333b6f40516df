//! TLS for every connection that Dispolits opens: private roots, client certificates, and a
//! verification of the server that nothing can switch off.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::setting::Identity;

/// Certificates or keys that cannot be used. Never transient: an operator must mend it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file is missing or malformed.
    #[error("le fichier PEM {} est illisible", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls_pki_types::pem::Error,
    },
    /// A PEM file holds no certificate.
    #[error("le fichier PEM {} ne contient aucun certificat", .0.display())]
    Empty(PathBuf),
    /// The certificate and the key do not fit, or an authority is unusable.
    #[error("certificat ou clé inutilisable")]
    Rustls(#[from] rustls::Error),
}

/// The one provider of cryptography of the program.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A client's side: the authorities of `ca` (PEM), or those of the machine without one, and a
/// client certificate if one is given. TLS 1.2 at least (MSSanté ECO.1.1.1).
pub fn client_config(ca: Option<&Path>, identity: Option<&Identity>) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = match ca {
        Some(path) => builder.with_root_certificates(roots(path)?),
        None => builder.with_platform_verifier()?,
    };
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => Ok(builder.with_client_auth_cert(chain(&identity.certificate)?, key(&identity.key)?)?),
    }
}

/// The authorities of a PEM file.
pub fn roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for certificate in chain(path)? {
        store.add(certificate)?;
    }
    Ok(store)
}

/// The certificates of a PEM file, at least one.
pub fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = |source| TlsError::Pem { path: path.to_owned(), source };
    let certificates: Vec<_> =
        CertificateDer::pem_file_iter(path).map_err(pem)?.collect::<Result<_, _>>().map_err(pem)?;
    if certificates.is_empty() { Err(TlsError::Empty(path.to_owned())) } else { Ok(certificates) }
}

/// The private key of a PEM file.
pub fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|source| TlsError::Pem { path: path.to_owned(), source })
}
