//! The name under which somebody signs in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest, in characters.
const LONGEST: usize = 64;

/// The login of a local account: lower-cased, 1 to 64 of `a-z 0-9 . _ - @`, so that it can stand in a log, a URL and
/// an otpauth URI as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Login(String);

/// A text that is no login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("un identifiant de connexion a de 1 à {LONGEST} caractères parmi a-z, 0-9, . _ - @")]
pub struct LoginError;

impl Login {
    /// The login, lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Login {
    type Err = LoginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let login = text.trim().to_ascii_lowercase();
        let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ['.', '_', '-', '@'].contains(&c);
        let fits = (1..=LONGEST).contains(&login.len()) && login.chars().all(is_fit);
        fits.then_some(Self(login)).ok_or(LoginError)
    }
}

impl TryFrom<String> for Login {
    type Error = LoginError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Login> for String {
    fn from(login: Login) -> Self {
        login.0
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[test]
fn logins_are_few_characters_of_one_case() {
    assert_eq!("  Anne.Martin@Region.test ".parse::<Login>().unwrap().as_str(), "anne.martin@region.test");
    for text in ["", "a b", "é", "a\nb", "<b>", "a/b", &"a".repeat(65)] {
        assert_eq!(text.parse::<Login>(), Err(LoginError), "{text}");
    }
}
