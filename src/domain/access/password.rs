//! Passwords of local accounts: argon2id in PHC strings, with the parameters that OWASP's password storage sheet gives
//! as its first choice for machines with little memory (19 MiB, 2 passes, 1 lane).
//!
//! A verification takes 19 MiB and tens of milliseconds: callers bound how many run at once.

use std::fmt;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};

/// The shortest, in characters (ANSSI, « Recommandations relatives à l’authentification multifacteur », R23: with a
/// lockout, 9 to 11 is of medium strength and 12 on is high).
const SHORTEST: usize = 12;
/// The longest, in bytes: a limit on work, far beyond what people type.
const LONGEST: usize = 1024;
/// With fewer distinct characters a password is a pattern.
const DISTINCT: usize = 5;

/// A password fit to be chosen. Never printed.
#[derive(Clone)]
pub struct Password(String);

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too few characters.
    #[error("un mot de passe a au moins {SHORTEST} caractères")]
    Short,
    /// Too many bytes.
    #[error("un mot de passe a au plus {LONGEST} octets")]
    Long,
    /// The same few characters again and again.
    #[error("ce mot de passe répète trop peu de caractères différents")]
    Monotonous,
    /// The login is in it.
    #[error("un mot de passe ne contient pas l’identifiant de connexion")]
    HoldsLogin,
    /// The library refused: not the password's fault.
    #[error("le mot de passe n’a pas pu être traité")]
    Unhashable,
}

/// What is kept of a password: a PHC string. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl Password {
    /// A password for the account of this login.
    pub fn new(text: &str, login: &str) -> Result<Self, PasswordError> {
        let distinct: std::collections::BTreeSet<char> = text.chars().collect();
        if text.len() > LONGEST {
            return Err(PasswordError::Long);
        }
        if text.chars().count() < SHORTEST {
            return Err(PasswordError::Short);
        }
        if distinct.len() < DISTINCT {
            return Err(PasswordError::Monotonous);
        }
        let holds_login = !login.is_empty() && text.to_lowercase().contains(&login.to_lowercase());
        if holds_login { Err(PasswordError::HoldsLogin) } else { Ok(Self(text.to_owned())) }
    }

    /// What to keep of it. The salt must be random and used once.
    pub fn hash(&self, salt: &[u8; 16]) -> Result<PasswordHash, PasswordError> {
        let hashed = Argon2::default().hash_password_with_salt(self.0.as_bytes(), salt);
        hashed.map(|hash| PasswordHash(hash.to_string())).map_err(|_| PasswordError::Unhashable)
    }
}

impl PasswordHash {
    /// A PHC string of the store; one that is none matches no password.
    pub fn stored(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string, for the store alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether an attempt is the password. Without a hash, since nobody has that login, it is refused after the same work,
/// so that the time says nothing.
pub fn matches(hash: Option<&PasswordHash>, attempt: &str) -> bool {
    if attempt.len() > LONGEST {
        return false;
    }
    let Some(hash) = hash else {
        let worked = Argon2::default().hash_password_with_salt(attempt.as_bytes(), &[0; 16]);
        std::hint::black_box(worked.is_ok());
        return false;
    };
    Argon2::default().verify_password(attempt.as_bytes(), hash.0.as_str()).is_ok()
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "quatre chevaux verts";

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let password = Password::new(GOOD, "anne").unwrap();
        let (one, other) = (password.hash(&[1; 16]).unwrap(), password.hash(&[2; 16]).unwrap());
        assert!(one.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.as_str());
        assert_ne!(one, other);
        let stored = PasswordHash::stored(one.as_str().to_owned());
        assert!(matches(Some(&stored), GOOD));
        assert!(!matches(Some(&stored), "quatre chevaux verts "));
        assert!(!matches(None, GOOD));
        assert!(!matches(Some(&PasswordHash::stored("illisible".to_owned())), GOOD));
        assert!(!matches(Some(&stored), &"a".repeat(LONGEST + 1)));
        assert_eq!(format!("{password:?} {one:?}"), "Password(***) PasswordHash(***)");
    }

    #[test]
    fn weak_passwords_may_not_be_chosen() {
        let refusal = |text: &str| Password::new(text, "anne").err();
        assert_eq!(refusal(GOOD), None);
        assert_eq!(refusal("onze lettre"), Some(PasswordError::Short));
        assert_eq!(refusal("abababababab"), Some(PasswordError::Monotonous));
        assert_eq!(refusal("je suis Anne Martin"), Some(PasswordError::HoldsLogin));
        assert_eq!(refusal(&"abcdefgh".repeat(200)), Some(PasswordError::Long));
    }
}
