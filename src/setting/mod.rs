//! Value types of the configuration that several edges share.

mod identity;
mod login;
mod secret;

use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use identity::{Identity, IdentityError, PemFiles, Pkcs12File};
pub use login::{LoginKey, Need, login_fault};
pub use secret::{Secret, SecretError};

/// A length of time written as people write it: `90s`, `15min`, `2h`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Span(Duration);

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » n’est pas une durée ; exemples : 90s, 15min, 2h, 7d")]
pub struct SpanError(String);

impl Span {
    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// So many milliseconds.
    pub const fn millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// As the standard library's duration.
    pub const fn get(self) -> Duration {
        self.0
    }

    /// As a signed duration, to add to an instant.
    pub fn signed(self) -> jiff::SignedDuration {
        jiff::SignedDuration::try_from(self.0).unwrap_or(jiff::SignedDuration::MAX)
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || SpanError(text.to_owned());
        let hours = text.strip_suffix('d').map(|days| days.trim().parse::<u32>());
        let signed = match hours {
            Some(Ok(days)) => jiff::SignedDuration::from_hours(i64::from(days) * 24),
            _ => text.parse::<jiff::SignedDuration>().map_err(|_| error())?,
        };
        Duration::try_from(signed).map(Self).map_err(|_| error())
    }
}

impl TryFrom<String> for Span {
    type Error = SpanError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        format!("{:#}", span.signed())
    }
}
