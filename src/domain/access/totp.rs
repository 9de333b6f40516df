//! The second factor: time-based one-time passwords (RFC 6238, HMAC-SHA-1, 30 s, 6 digits, as every telephone
//! application knows them). A code of the step before or after is accepted (section 5.2), none twice.

use std::fmt;

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Builder, Secret, Totp as Codes};

/// The secret shared with somebody's telephone: 160 bits. Never printed.
#[derive(Clone)]
pub struct Totp {
    secret: Secret,
    codes: Codes,
}

/// A text that is no such secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("secret du second facteur illisible")]
pub struct TotpError;

impl Totp {
    /// How many steps apart two codes can be that are both accepted at one moment.
    pub const AHEAD: i64 = 2;

    /// A secret of these bytes, which must be random.
    pub fn new(bytes: [u8; 20]) -> Result<Self, TotpError> {
        Self::of(Secret::from(bytes))
    }

    /// The secret of the store, in base 32.
    pub fn stored(base32: &str) -> Result<Self, TotpError> {
        Self::of(Secret::try_from_base32(base32).map_err(|_| TotpError)?)
    }

    fn of(secret: Secret) -> Result<Self, TotpError> {
        let codes = Builder::new().with_secret(secret.clone()).build().map_err(|_| TotpError)?;
        Ok(Self { secret, codes })
    }

    /// The secret in base 32: for the store, and for people who type it.
    pub fn secret(&self) -> String {
        self.secret.to_base32()
    }

    /// The URI that a telephone reads from a QR code: shown once, at enrolment.
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let (issuer, account) = (encoded(issuer), encoded(account));
        format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", self.secret())
    }

    /// The step whose code this is, if it is one of now and later than the last step used: keep it. One used so
    /// far ahead is none of now: the clock was set back since. Blanks are left out of the code.
    pub fn accepts(&self, code: &str, now: Timestamp, last: Option<i64>) -> Option<i64> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).take(7).collect();
        let step = self.codes.check(&digits, seconds(now))?;
        let step = i64::try_from(step).ok()?;
        last.is_none_or(|last| step > last || last > step.saturating_add(Self::AHEAD)).then_some(step)
    }

    /// The code of an instant.
    pub fn code(&self, at: Timestamp) -> String {
        self.codes.generate(seconds(at)).to_string()
    }
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or_default()
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Totp(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn totp() -> Totp {
        Totp::new(*b"12345678901234567890").unwrap()
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, SHA-1, its last six digits.
        for (second, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            assert_eq!(totp().code(at(second)), code);
        }
        assert_eq!(totp().secret(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(Totp::stored("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap().code(at(59)), "287082");
        assert!(Totp::stored("1").is_err());
    }

    #[test]
    fn a_code_is_accepted_once_and_near_its_time() {
        let (totp, now) = (totp(), at(1_234_567_890));
        let step = totp.accepts("005 924", now, None).unwrap();
        assert_eq!(step, 1_234_567_890 / 30);
        assert_eq!(totp.accepts("005924", now, Some(step)), None, "replayed");
        assert_eq!(totp.accepts("005924", now, Some(step - 1)), Some(step));
        assert_eq!(totp.accepts("005924", now, Some(step + 2)), None, "a later one");
        assert_eq!(totp.accepts("005924", now, Some(step + 5760)), Some(step), "the clock was set back by two days");
        assert_eq!(totp.accepts("005924", at(1_234_567_890 + 30), None), Some(step), "a step late");
        assert_eq!(totp.accepts("005924", at(1_234_567_890 + 90), None), None, "three steps late");
        for wrong in ["", "5924", "0059240", "00592x", "005925"] {
            assert_eq!(totp.accepts(wrong, now, None), None, "{wrong}");
        }
    }

    #[test]
    fn the_uri_holds_what_a_telephone_needs() {
        let uri = totp().uri("Dispolits & fils", "anne@region.test");
        assert_eq!(
            uri,
            "otpauth://totp/Dispolits%20%26%20fils:anne%40region%2Etest?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Dispolits%20%26%20fils"
        );
    }
}
