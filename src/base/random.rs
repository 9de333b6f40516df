//! What nobody can guess: salts, secrets of the second factor, session tokens.

use ring::rand::{SecureRandom, SystemRandom};

/// The system gave no random bytes: nothing may be signed or opened then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("le système ne fournit pas de nombres aléatoires")]
pub struct NoRandom;

/// So many bytes from the system's cryptographic generator.
pub fn bytes<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(bytes)
}
