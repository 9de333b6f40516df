//! The FINESS number: the national identifier of a health establishment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::defect::is_unprintable;

/// A FINESS number of an EG (entité géographique) or an EJ (entité juridique).
///
/// Always nine ASCII characters `[0-9][0-9AB][0-9]{7}` with a right check key. The number alone
/// does not tell an EG from an EJ: both share one number space.
///
/// The key is Luhn's over the nine characters with A read as 1 and B as 2 (Corsica: 2A, 2B), as
/// measured on the national extraction, where every number passes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Finess([u8; 9]);

/// Why a text is no FINESS number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FinessError {
    /// Not nine characters `[0-9][0-9AB][0-9]{7}`.
    #[error("un numéro FINESS compte neuf caractères : neuf chiffres, ou 2A ou 2B puis sept chiffres")]
    Format,
    /// The last digit is not the key of the eight before it.
    #[error("la clé de contrôle du numéro FINESS est fausse")]
    Key,
}

impl Finess {
    /// The identifiant national de structure of the establishment: `1` and the number
    /// (ROR modèle d'exposition 3.0.1, section 5.1).
    pub fn id_nat_struct(&self) -> String {
        format!("1{self}")
    }

    /// The number that somebody typed or pasted: without the blanks, dots, hyphens and invisible characters around
    /// and between its parts, in upper case.
    pub fn typed(text: &str) -> Result<Self, FinessError> {
        let is_between = |character: &char| {
            character.is_whitespace() || matches!(character, '.' | '-' | '\'') || is_unprintable(*character)
        };
        let number: String = text.chars().filter(|character| !is_between(character)).collect();
        number.to_ascii_uppercase().parse()
    }

    /// The number as text, nine characters.
    pub fn as_str(&self) -> &str {
        // Only ASCII is ever stored, so the conversion never takes the other branch.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Finess {
    type Err = FinessError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: [u8; 9] = text.as_bytes().try_into().map_err(|_| FinessError::Format)?;
        if !has_pattern(&number) {
            return Err(FinessError::Format);
        }
        if luhn_sum(&number).is_multiple_of(10) { Ok(Self(number)) } else { Err(FinessError::Key) }
    }
}

fn has_pattern(number: &[u8; 9]) -> bool {
    number.iter().enumerate().all(|(rank, character)| match rank {
        1 => matches!(character, b'0'..=b'9' | b'A' | b'B'),
        _ => character.is_ascii_digit(),
    })
}

fn luhn_sum(number: &[u8; 9]) -> u32 {
    number.iter().rev().enumerate().map(|(rank, character)| luhn_term(rank, digit(*character))).sum()
}

fn luhn_term(rank: usize, digit: u32) -> u32 {
    match (rank % 2, digit * 2) {
        (0, _) => digit,
        (_, doubled @ 0..=9) => doubled,
        (_, doubled) => doubled - 9,
    }
}

fn digit(character: u8) -> u32 {
    match character {
        b'A' => 1,
        b'B' => 2,
        other => u32::from(other.saturating_sub(b'0')),
    }
}

impl TryFrom<String> for Finess {
    type Error = FinessError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Finess> for String {
    fn from(finess: Finess) -> Self {
        finess.to_string()
    }
}

impl fmt::Display for Finess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Finess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finess({self})")
    }
}
