//! The service of an establishment and the ROR location it stands for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::finess::Finess;

/// The *code service*: the identifiant externe de synchro of the ROR location, given by the
/// establishment. 1 to 50 characters `[A-Za-z0-9._ -]`, kept as written (zeros are significant).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceCode(String);

/// A text that is no code service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "un code service compte de 1 à 50 caractères parmi les lettres sans accent, les chiffres, « . », « _ », « - » et l’espace"
)]
pub struct ServiceCodeError;

impl ServiceCode {
    /// The code as written by the establishment.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ServiceCode {
    /// Whether the two differ by nothing that people see or say: blanks, hyphens and the like, capitals, zeros in front
    /// of a number.
    pub fn is_like(&self, other: &Self) -> bool {
        self.bare() == other.bare()
    }

    fn bare(&self) -> String {
        let mut bare = String::new();
        for character in self.0.chars().filter(char::is_ascii_alphanumeric) {
            let in_front = !bare.ends_with(|last: char| last.is_ascii_digit());
            if character != '0' || !in_front {
                bare.push(character.to_ascii_uppercase());
            }
        }
        bare
    }
}

impl FromStr for ServiceCode {
    type Err = ServiceCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b' ' | b'-');
        if (1..=50).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ServiceCodeError)
        }
    }
}

impl TryFrom<String> for ServiceCode {
    type Error = ServiceCodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ServiceCode> for String {
    fn from(code: ServiceCode) -> Self {
        code.0
    }
}

impl fmt::Display for ServiceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One *lieu de réalisation de l'offre* of the ROR, named by establishment and code service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    finess: Finess,
    service: ServiceCode,
}

impl Location {
    /// The location of a service of an establishment (EG).
    pub fn new(finess: Finess, service: ServiceCode) -> Self {
        Self { finess, service }
    }

    /// The establishment.
    pub fn finess(&self) -> Finess {
        self.finess
    }

    /// The code service.
    pub fn service(&self) -> &ServiceCode {
        &self.service
    }

    /// The identifier the write service searches by: `1350054680/SSR38888`, not percent-encoded.
    pub fn ror_identifier(&self) -> String {
        format!("{}/{}", self.finess.id_nat_struct(), self.service)
    }
}
