//! What a signed-in browser holds, and for how long.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use base::config_values::Span;

/// The secret of a session: 256 bits. The cookie holds it, the store its digest only. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken([u8; 32]);

/// A cookie that holds no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("jeton de session illisible")]
pub struct TokenError;

impl SessionToken {
    /// A token of these bytes, which must be random.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What the cookie holds.
    pub fn cookie(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What the store keeps: who reads the store cannot take a session over.
    pub fn digest(&self) -> String {
        base16ct::lower::encode_string(&Sha256::digest(self.0))
    }

    /// What every form of the session must bring back (synchroniser token against forged requests): a page that leaks
    /// it does not give the session away.
    pub fn form_token(&self) -> String {
        let digest = Sha256::new().chain_update(b"dispolits formulaire\0").chain_update(self.0).finalize();
        URL_SAFE_NO_PAD.encode(digest)
    }

    /// Whether a form brought the token of this session, in constant time.
    pub fn is_form_token(&self, brought: &str) -> bool {
        let expected = self.form_token();
        let same = expected.bytes().zip(brought.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
        same == 0 && expected.len() == brought.len()
    }
}

impl FromStr for SessionToken {
    type Err = TokenError;

    fn from_str(cookie: &str) -> Result<Self, Self::Err> {
        if cookie.len() > 64 {
            return Err(TokenError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(cookie).map_err(|_| TokenError)?;
        bytes.try_into().map(Self).map_err(|_| TokenError)
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(***)")
    }
}

/// La durée des sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lifetimes {
    /// Sans aucune requête pendant ce temps, la session se ferme.
    #[serde(default = "default_idle")]
    pub idle: Span,
    /// Au bout de ce temps, la session se ferme, quoi qu’il arrive.
    #[serde(default = "default_absolute")]
    pub absolute: Span,
}

fn default_idle() -> Span {
    Span::seconds(30 * 60)
}

fn default_absolute() -> Span {
    Span::seconds(10 * 3600)
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { idle: default_idle(), absolute: default_absolute() }
    }
}

impl Lifetimes {
    /// Whether a session that was opened and last seen then is still open. A clock that goes back by less than a length
    /// closes none; by more it does, since nobody knows how old the session is.
    pub fn hold(&self, opened: Timestamp, seen: Timestamp, now: Timestamp) -> bool {
        let within = |since: Timestamp, span: Span| !span.has_passed(since, now);
        within(opened, self.absolute) && within(seen, self.idle)
    }

    /// How often it is worth writing down that a session was seen.
    pub fn step(&self) -> SignedDuration {
        (self.idle.signed() / 20).min(SignedDuration::from_mins(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_cookie_and_nothing_else_gives_it() {
        let token = SessionToken::new([7; 32]);
        assert_eq!(token.cookie().parse::<SessionToken>().unwrap(), token);
        assert_eq!(token.cookie().len(), 43);
        assert!(!token.digest().contains(&token.cookie()));
        for cookie in ["", "abc", &"a".repeat(44), &"a".repeat(1000), "é"] {
            assert!(cookie.parse::<SessionToken>().is_err(), "{cookie}");
        }
        assert_eq!(format!("{token:?}"), "SessionToken(***)");
    }

    #[test]
    fn a_form_token_is_of_one_session() {
        let (one, other) = (SessionToken::new([1; 32]), SessionToken::new([2; 32]));
        assert!(one.is_form_token(&one.form_token()));
        assert!(!one.is_form_token(&other.form_token()));
        let longer = format!("{}a", one.form_token());
        for brought in ["", "a", one.cookie().as_str(), longer.as_str()] {
            assert!(!one.is_form_token(brought), "{brought}");
        }
    }

    #[test]
    fn a_session_ends_when_idle_and_when_old() {
        let opened = Timestamp::UNIX_EPOCH;
        let after = |minutes| opened + SignedDuration::from_mins(minutes);
        let lifetimes = Lifetimes::default();
        assert!(lifetimes.hold(opened, after(100), after(129)));
        assert!(!lifetimes.hold(opened, after(100), after(130)));
        assert!(lifetimes.hold(opened, after(590), after(599)));
        assert!(!lifetimes.hold(opened, after(599), after(600)));
        assert!(lifetimes.hold(opened, after(10), after(-5)));
        assert!(!lifetimes.hold(opened, after(10), after(-48 * 60)), "the clock was set back");
    }
}
