//! Why certificates or keys cannot be used.

use std::io;
use std::path::PathBuf;

use super::igc_environment::Mixed;
use super::revocation::NoList;
use crate::config_values::SecretError;

/// Certificates or keys that cannot be used: an operator must mend it.
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
    /// A file cannot be read.
    #[error("le fichier {} est illisible", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A PKCS#12 file is no usable identity.
    #[error("le fichier PKCS#12 {} est inutilisable : {fault}", path.display())]
    Pkcs12 {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: Pkcs12Fault,
    },
    /// The password of a PKCS#12 file cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The password of a PKCS#12 file is to come from a command.
    #[error("le mot de passe de {} ne peut venir d’une commande : écrivez-le dans un fichier", .0.display())]
    Command(PathBuf),
    /// The certificate and the key do not fit, or an authority is unusable.
    #[error("certificat ou clé inutilisable")]
    Rustls(#[from] rustls::Error),
    /// The authorities and the revocation lists make no verifier.
    #[error("autorités ou listes de révocation inutilisables")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
    /// One file holds certificates for tests beside real ones.
    #[error(transparent)]
    Mixed(#[from] Mixed),
    /// Nobody can say whether a server's certificate is revoked. The one case that may pass by itself.
    #[error(transparent)]
    Revocation(#[from] NoList),
}

/// What is wrong with a PKCS#12 file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Pkcs12Fault {
    /// Its integrity code does not fit the password.
    #[error("le mot de passe n’est pas le bon, ou le fichier est abîmé")]
    Password,
    /// Its encryption is none that we read.
    #[error("son chiffrement n’est pas pris en charge (pris en charge : PBES2 AES, 3DES, RC2-40)")]
    Encryption,
    /// It is no PKCS#12 at all.
    #[error("ce n’est pas un fichier PKCS#12")]
    Format,
    /// More keys than one, so that nobody can say which is meant.
    #[error("il contient {0} clés privées au lieu d’une")]
    Keys(usize),
    /// No certificate of it is that of its key.
    #[error("aucun de ses certificats ne correspond à sa clé privée")]
    NoCertificate,
}
