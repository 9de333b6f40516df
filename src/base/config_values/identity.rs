//! Who we are to a server: a certificate and its key, in the forms that portals deliver.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::Secret;

/// Un certificat client et sa clé (IGC-Santé ORG AUTH_CLI) : deux fichiers PEM, ou un fichier PKCS#12.
// Read by its keys, for a better refusal than « no variant fits ».
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Identity {
    /// Deux fichiers PEM.
    Pem(PemFiles),
    /// Un fichier PKCS#12 (`.p12`, `.pfx`).
    Pkcs12(Pkcs12File),
}

/// Un certificat et sa clé en deux fichiers PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PemFiles {
    /// Le certificat, suivi de sa chaîne.
    pub certificate: PathBuf,
    /// La clé privée, non chiffrée.
    pub key: PathBuf,
}

/// Un certificat, sa chaîne et sa clé dans un fichier PKCS#12.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pkcs12File {
    /// Le fichier, tel que le portail IGC-Santé le délivre.
    pub pkcs12: PathBuf,
    /// Son mot de passe, écrit ici ou lu dans un fichier ; une commande n’est pas admise.
    pub password: Secret,
}

/// The keys as they are written, before it is known which form they make.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityKeys {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    pkcs12: Option<PathBuf>,
    password: Option<Secret>,
}

/// Keys that make no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("donnez soit « certificate » et « key » (fichiers PEM), soit « pkcs12 » et « password »")]
pub struct IdentityError;

impl Identity {
    /// The file that holds the certificate: what an operator recognises it by.
    pub fn file(&self) -> &Path {
        match self {
            Self::Pem(files) => &files.certificate,
            Self::Pkcs12(file) => &file.pkcs12,
        }
    }
}

impl From<PemFiles> for Identity {
    fn from(files: PemFiles) -> Self {
        Self::Pem(files)
    }
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IdentityKeys::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

impl TryFrom<IdentityKeys> for Identity {
    type Error = IdentityError;

    fn try_from(keys: IdentityKeys) -> Result<Self, IdentityError> {
        match (keys.certificate, keys.key, keys.pkcs12, keys.password) {
            (Some(certificate), Some(key), None, None) => Ok(Self::Pem(PemFiles { certificate, key })),
            (None, None, Some(pkcs12), Some(password)) => Ok(Self::Pkcs12(Pkcs12File { pkcs12, password })),
            _ => Err(IdentityError),
        }
    }
}
