//! What a certificate says of itself: whose it is, who vouches for it, how long.

use jiff::Timestamp;
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::parse_x509_certificate;
use x509_parser::x509::X509Name;

use super::words::day;

const SECONDS_OF_A_DAY: i64 = 86_400;

/// A certificate, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
}

impl Certificate {
    /// Reads a certificate in DER; `None` if it is none.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = parse_x509_certificate(der).ok()?;
        let validity = certificate.validity();
        Some(Self {
            subject: distinguished_name(certificate.subject()),
            issuer: distinguished_name(certificate.issuer()),
            not_before: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
            not_after: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
        })
    }

    /// Whole days until the end; negative when it has come.
    pub(super) fn days_left(&self, now: Timestamp) -> i64 {
        (self.not_after.as_second() - now.as_second()).div_euclid(SECONDS_OF_A_DAY)
    }

    /// For a line of the diagnosis.
    pub(super) fn told(&self) -> String {
        format!("« {} », émis par « {} », valable jusqu’au {}", self.subject, self.issuer, day(self.not_after))
    }
}

/// The chain that a server presents, its own certificate first.
pub(super) fn told_chain<'a>(chain: impl IntoIterator<Item = &'a [u8]>) -> String {
    let read: Vec<Certificate> = chain.into_iter().filter_map(Certificate::read).collect();
    match read.split_first() {
        None => "aucun certificat lisible".to_owned(),
        Some((own, [])) => own.told(),
        Some((own, above)) => {
            let subjects: Vec<String> = above.iter().map(|one| format!("« {} »", one.subject)).collect();
            format!("{}, chaîne : {}", own.told(), subjects.join(" ← "))
        }
    }
}

/// In the order of RFC 2253, last element first: what operators' forms ask for.
fn distinguished_name(name: &X509Name<'_>) -> String {
    let attribute = |attribute: &x509_parser::x509::AttributeTypeAndValue<'_>| {
        let oid = attribute.attr_type();
        let keyword = oid2abbrev(oid, oid_registry()).map_or_else(|_| oid.to_id_string(), str::to_owned);
        format!("{keyword}={}", crate::defect::excerpt(attribute.as_str().unwrap_or("?")))
    };
    let mut elements: Vec<String> = name.iter_attributes().map(attribute).collect();
    elements.reverse();
    elements.join(",")
}
