//! Value types of the configuration that several edges share.

mod identity;
mod login;
mod secret;
mod told;
mod veil;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

pub use identity::{Identity, IdentityError, PemFiles, Pkcs12File};
pub use login::{LoginKey, Need, login_fault};
pub use secret::{Secret, SecretError};
pub use told::{reason, whole};
pub use veil::Veil;

/// A length of time written as people write it: `90s`, `15min`, `2h`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(into = "String")]
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
    pub fn signed(self) -> SignedDuration {
        signed(self.0)
    }

    /// Whether so long has passed since, as [`has_passed`] says.
    pub fn has_passed(self, since: Timestamp, now: Timestamp) -> bool {
        has_passed(self.signed(), since, now)
    }
}

/// A length of time, to add to an instant.
pub fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}

/// When to try again, after waiting so long.
pub fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(signed(wait)).unwrap_or(now)
}

/// Whether so long has passed since an instant that was noted. What was noted by a clock that has been set back since
/// lies ahead: as far ahead as the wait is long it has passed too, so that no wait is longer for the jump by more than
/// its own length. In a process, waits are better measured by time that only passes.
pub fn has_passed(span: SignedDuration, since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since).abs() >= span
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || SpanError(text.to_owned());
        let hours = text.strip_suffix('d').map(|days| days.trim().parse::<u32>());
        let signed = match hours {
            Some(Ok(days)) => SignedDuration::from_hours(i64::from(days) * 24),
            _ => text.parse::<SignedDuration>().map_err(|_| error())?,
        };
        Duration::try_from(signed).map(Self).map_err(|_| error())
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Written)
    }
}

/// A length of time as it is written in the configuration.
struct Written;

impl Visitor<'_> for Written {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("une durée entre guillemets, comme \"60s\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
        text.parse().map_err(E::custom)
    }
}

impl From<Span> for String {
    /// In the largest unit that says it whole.
    fn from(span: Span) -> Self {
        let millis = span.0.as_millis();
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms")];
        let whole = units.into_iter().find(|(unit, _)| millis.is_multiple_of(*unit) && millis >= *unit);
        whole.map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", millis / unit))
    }
}
