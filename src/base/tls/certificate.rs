//! What a certificate says of itself: whose it is, who vouches for it, how long.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use x509_parser::certificate::X509Certificate;
use x509_parser::parse_x509_certificate;

use super::name::DistinguishedName;

const SECONDS_OF_A_DAY: i64 = 86_400;

/// A certificate, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is: the DN that an operator asks for.
    pub subject: DistinguishedName,
    /// Who signed it.
    pub issuer: DistinguishedName,
    /// The first instant of its validity.
    pub not_before: Timestamp,
    /// The last instant of its validity.
    pub not_after: Timestamp,
    /// Whether it may serve a client (RFC 5280, section 4.2.1.12).
    pub is_for_clients: bool,
}

impl Certificate {
    /// Reads a certificate in DER; `None` if it is none.
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = parse_x509_certificate(der).ok()?;
        let validity = certificate.validity();
        Some(Self {
            subject: DistinguishedName::new(certificate.subject()),
            issuer: DistinguishedName::new(certificate.issuer()),
            not_before: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
            not_after: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
            is_for_clients: is_for_clients(&certificate),
        })
    }

    /// Whole days until the end; negative when it has come.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        (self.not_after.as_second() - now.as_second()).div_euclid(SECONDS_OF_A_DAY)
    }

    /// Subject and issuer, as an operator must know them.
    pub fn names(&self) -> String {
        format!("« {} », émis par « {} »", self.subject, self.issuer)
    }

    /// Names and end of validity, for one line.
    pub fn told(&self) -> String {
        format!("{}, valable jusqu’au {}", self.names(), day(self.not_after))
    }
}

fn is_for_clients(certificate: &X509Certificate<'_>) -> bool {
    match certificate.extended_key_usage() {
        Ok(Some(usage)) => usage.value.client_auth || usage.value.any,
        Ok(None) => true,
        Err(_) => false,
    }
}

/// The day in Paris, as people write it; the zone is compiled in.
pub fn day(instant: Timestamp) -> String {
    let paris = TimeZoneDatabase::bundled().get("Europe/Paris").unwrap_or(TimeZone::UTC);
    instant.to_zoned_datetime(paris).strftime("%d/%m/%Y").to_string()
}
