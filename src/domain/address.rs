//! Mail addresses as the rules of who may send for whom compare them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A mail address `local@domain`, lower-cased: MSSanté addresses are compared without case.
///
/// Guarantees: exactly one `@`, both sides non-empty, ASCII without blanks, control characters or
/// angle brackets, 254 characters at most (RFC 5321, section 4.5.3.1), so that it can stand in a
/// header as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

/// A text for the logs: every word that looks like a mail address is masked in it.
pub fn mask_all(text: &str) -> String {
    let mask = |word: &str| {
        let bare = word.trim_matches(|character: char| !character.is_ascii_alphanumeric());
        match bare.parse::<Address>() {
            Ok(address) => word.replace(bare, &address.masked()),
            Err(_) => word.to_owned(),
        }
    };
    text.split(' ').map(mask).collect::<Vec<_>>().join(" ")
}

/// A text that is no mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » n’est pas une adresse de messagerie")]
pub struct AddressError(String);

impl Address {
    /// The address, lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }

    /// For logs: `f***@c***.test`, enough to recognise, not enough to identify.
    pub fn masked(&self) -> String {
        let first = |text: &str| text.chars().next().unwrap_or('?');
        let top = self.domain().rsplit('.').next().unwrap_or("");
        format!("{}***@{}***.{top}", first(self.local()), first(self.domain()))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase();
        let legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b',' | b';' | b'"' | b'\\');
        match text.split_once('@') {
            Some((local, domain))
                if text.len() <= 254
                    && !local.is_empty()
                    && !domain.is_empty()
                    && !domain.contains('@')
                    && text.bytes().all(legal) =>
            {
                Ok(Self(text))
            }
            _ => Err(AddressError(crate::defect::excerpt(&text))),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
