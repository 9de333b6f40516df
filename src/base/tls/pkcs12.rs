//! PKCS#12 files (RFC 7292), as portals deliver certificates: encrypted by 3DES or RC2-40 with an
//! HMAC-SHA1 (the older ones), or by PBES2 with AES and an HMAC-SHA2.

use std::path::Path;

use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::parse_x509_certificate;

use super::error::Pkcs12Fault;
use super::identity::Credentials;
use super::{TlsError, provider};

/// Its one key, the certificate of that key, and the chain above it.
pub(super) fn read(path: &Path, password: &str) -> Result<Credentials, TlsError> {
    let bytes = std::fs::read(path).map_err(|source| TlsError::File { path: path.to_owned(), source })?;
    open(&bytes, password).map_err(|fault| TlsError::Pkcs12 { path: path.to_owned(), fault })
}

fn open(bytes: &[u8], password: &str) -> Result<Credentials, Pkcs12Fault> {
    let archive = Pkcs12Archive::from_pkcs12(bytes, password).map_err(|error| fault(&error))?;
    let [bag] = archive.keys.as_slice() else { return Err(Pkcs12Fault::Keys(archive.keys.len())) };
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(bag.key.as_der().to_vec()));
    let all: Vec<CertificateDer<'static>> =
        archive.certs.iter().map(|bag| CertificateDer::from(bag.cert.as_der().to_vec())).collect();
    let own = all.iter().find(|one| belongs(one, &key)).ok_or(Pkcs12Fault::NoCertificate)?;
    Ok(Credentials { chain: chain(own, &all), key })
}

/// Whether the key is that of the certificate: the names and identifiers of the bags may lie.
fn belongs(certificate: &CertificateDer<'static>, key: &PrivateKeyDer<'static>) -> bool {
    CertifiedKey::from_der(vec![certificate.clone()], key.clone_key(), &provider()).is_ok()
}

/// From the certificate upwards, as far as the file goes. The root is left out: whoever verifies has it.
fn chain(own: &CertificateDer<'static>, all: &[CertificateDer<'static>]) -> Vec<CertificateDer<'static>> {
    let mut chain = vec![own.clone()];
    while let Some(next) = chain.last().and_then(|last| issuer(last, all)) {
        if chain.contains(next) {
            break;
        }
        chain.push(next.clone());
    }
    chain
}

fn issuer<'a>(of: &CertificateDer<'_>, all: &'a [CertificateDer<'static>]) -> Option<&'a CertificateDer<'static>> {
    let (_, certificate) = parse_x509_certificate(of).ok()?;
    all.iter().find(|candidate| {
        parse_x509_certificate(candidate).is_ok_and(|(_, above)| {
            above.subject().as_raw() == certificate.issuer().as_raw() && above.subject() != above.issuer()
        })
    })
}

fn fault(error: &Error) -> Pkcs12Fault {
    match error {
        Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => Pkcs12Fault::Password,
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm | Error::InvalidParameters => {
            Pkcs12Fault::Encryption
        }
        _ => Pkcs12Fault::Format,
    }
}
