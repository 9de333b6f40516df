//! Second factors at rest: their secrets are sealed (AES-256-GCM) under a key that is not in the database, so that a copy
//! of it gives none of them away. Each is bound to its login: it opens under no other.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest, Sha256};

use super::Login;

/// What a sealed secret begins with: no base 32 does.
const SEALED: &str = "v1:";
/// The shortest text that may be a key, in characters: `openssl rand -base64 32` gives 44.
const SHORTEST: usize = 32;

/// The key under which second factors are sealed. Never printed.
pub struct FactorKey(LessSafeKey);

/// A text that cannot be a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("la clé des seconds facteurs a au moins {SHORTEST} caractères : « openssl rand -base64 32 » en donne une")]
pub struct KeyError;

/// A second factor that the key does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("le secret du second facteur a été chiffré avec une autre clé, ou pour un autre compte")]
pub struct SealError;

impl FactorKey {
    /// The key of a text, which must be random.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        if text.chars().count() < SHORTEST {
            return Err(KeyError);
        }
        let bytes = Sha256::new().chain_update(b"dispolits seconds facteurs\0").chain_update(text).finalize();
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| KeyError)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals the secret of a login. The nonce must be random, and used once.
    pub fn seal(&self, login: &Login, secret: &str, nonce: [u8; NONCE_LEN]) -> Result<String, SealError> {
        let mut sealed = secret.as_bytes().to_vec();
        let aad = Aad::from(login.as_str().as_bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| SealError)?;
        Ok(format!("{SEALED}{}", STANDARD_NO_PAD.encode([nonce.as_slice(), &sealed].concat())))
    }

    /// The secret of a login.
    pub fn open(&self, login: &Login, sealed: &str) -> Result<String, SealError> {
        let bytes = sealed.strip_prefix(SEALED).and_then(|text| STANDARD_NO_PAD.decode(text).ok()).ok_or(SealError)?;
        let (nonce, rest) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(SealError)?;
        let mut rest = rest.to_vec();
        let aad = Aad::from(login.as_str().as_bytes());
        let opened = self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut rest);
        String::from_utf8(opened.map_err(|_| SealError)?.to_vec()).map_err(|_| SealError)
    }
}

/// Whether a stored secret is sealed; one in clear is its base 32.
pub fn is_sealed(stored: &str) -> bool {
    stored.starts_with(SEALED)
}

impl fmt::Debug for FactorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactorKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_for_its_login_and_key_alone() {
        let key = |text: &str| FactorKey::new(text).unwrap();
        let login = |text: &str| text.parse::<Login>().unwrap();
        let (one, other) = (key(&"a".repeat(32)), key(&"b".repeat(44)));
        let sealed = one.seal(&login("anne"), "GEZDGNBV", [7; 12]).unwrap();
        assert!(is_sealed(&sealed) && !is_sealed("GEZDGNBV") && !sealed.contains("GEZDGNBV"));
        assert_eq!(one.open(&login("anne"), &sealed).unwrap(), "GEZDGNBV");
        assert_eq!(one.open(&login("paul"), &sealed), Err(SealError), "moved to another account");
        assert_eq!(other.open(&login("anne"), &sealed), Err(SealError));
        for wrong in ["", "v1:", "v1:AAAA", "GEZDGNBV", sealed.strip_suffix(|_| true).unwrap()] {
            assert_eq!(one.open(&login("anne"), wrong), Err(SealError), "{wrong}");
        }
        assert_eq!(FactorKey::new(&"a".repeat(31)).unwrap_err(), KeyError);
        assert_eq!(format!("{one:?}"), "FactorKey(***)");
    }
}
