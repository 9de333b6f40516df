//! One certificate revocation list (RFC 5280, section 5), accepted only if an authority that we
//! know has signed it.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::parse_x509_certificate;
use x509_parser::parse_x509_crl;
use x509_parser::revocation_list::CertificateRevocationList;

use super::super::certificate::day;
use super::super::name::DistinguishedName;
use super::super::provider;

/// How far the clock of whoever signs may be ahead of ours.
const DRIFT: SignedDuration = SignedDuration::from_mins(5);

/// A revocation list whose signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationList {
    /// The authority that signed it.
    pub issuer: DistinguishedName,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next one is due at the latest.
    pub next_update: Timestamp,
    /// How many certificates it revokes.
    pub revoked: usize,
    der: CertificateRevocationListDer<'static>,
}

/// Why a list is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListFault {
    /// No list at all, or a form of it that cannot be used: a delta, or without an end.
    #[error("ce n’est pas une liste de révocation complète et datée (CRL version 2)")]
    Form,
    /// Signed by an authority that no `ca` file holds.
    #[error("elle est signée par « {0} », qui n’est dans aucun des fichiers « ca »")]
    Stranger(String),
    /// The signature is not that of the authority it names.
    #[error("sa signature n’est pas celle de « {0} »")]
    Forged(String),
    /// Dated later than now.
    #[error("elle est datée du {}, dans le futur", day(*.0))]
    Future(Timestamp),
    /// Made before the list that is already there.
    #[error("elle est plus ancienne que celle déjà connue")]
    Older,
}

impl RevocationList {
    /// Reads a list in DER or PEM and verifies that one of the authorities has signed it.
    pub(super) fn accept(
        bytes: &[u8],
        authorities: &[CertificateDer<'static>],
        now: Timestamp,
    ) -> Result<Self, ListFault> {
        let der = der(bytes)?;
        let (rest, parsed) = parse_x509_crl(&der).map_err(|_| ListFault::Form)?;
        let end = parsed.next_update().filter(|_| rest.is_empty()).ok_or(ListFault::Form)?;
        let issuer = DistinguishedName::new(parsed.issuer());
        let signer = signer(&parsed, &issuer, authorities)?;
        let list = Self {
            this_update: instant(parsed.last_update().timestamp())?,
            next_update: instant(end.timestamp())?,
            revoked: parsed.iter_revoked_certificates().count(),
            issuer,
            der: CertificateRevocationListDer::from(der.to_vec()),
        };
        if list.this_update > now.saturating_add(DRIFT).unwrap_or(now) {
            return Err(ListFault::Future(list.this_update));
        }
        list.usable(signer)
    }

    /// Whether it revokes the certificate: of its authority, and listed by its serial number.
    pub(super) fn revokes(&self, certificate: &CertificateDer<'_>) -> bool {
        let Ok((_, certificate)) = parse_x509_certificate(certificate) else { return false };
        let Ok((_, list)) = parse_x509_crl(&self.der) else { return false };
        let is_of_it = list.issuer().as_raw() == certificate.issuer().as_raw();
        // One that names itself as its authority is not revoked by anybody (RFC 5280, section 6.1).
        let is_root = certificate.issuer().as_raw() == certificate.subject().as_raw();
        is_of_it && !is_root && list.iter_revoked_certificates().any(|one| one.raw_serial() == certificate.raw_serial())
    }

    pub(super) fn der(&self) -> &CertificateRevocationListDer<'static> {
        &self.der
    }

    /// Whether the verifier of connections can use it: it reads no deltas and no lists of others.
    fn usable(self, signer: CertificateDer<'static>) -> Result<Self, ListFault> {
        let mut roots = RootCertStore::empty();
        roots.add(signer).map_err(|_| ListFault::Form)?;
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
        builder.with_crls([self.der.clone()]).build().map_err(|_| ListFault::Form)?;
        Ok(self)
    }
}

fn der(bytes: &[u8]) -> Result<Cow<'_, [u8]>, ListFault> {
    if !bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
        return Ok(Cow::Borrowed(bytes));
    }
    let list = CertificateRevocationListDer::from_pem_slice(bytes).map_err(|_| ListFault::Form)?;
    Ok(Cow::Owned(list.to_vec()))
}

/// The authority that signed the list. Several may bear the name: an authority that was renewed.
fn signer(
    list: &CertificateRevocationList<'_>,
    issuer: &DistinguishedName,
    authorities: &[CertificateDer<'static>],
) -> Result<CertificateDer<'static>, ListFault> {
    let mut named = false;
    for der in authorities {
        let Ok((_, authority)) = parse_x509_certificate(der) else { continue };
        if authority.subject().as_raw() == list.issuer().as_raw() && may_sign(&authority) {
            named = true;
            if list.verify_signature(authority.public_key()).is_ok() {
                return Ok(der.clone());
            }
        }
    }
    let issuer = issuer.to_string();
    Err(if named { ListFault::Forged(issuer) } else { ListFault::Stranger(issuer) })
}

/// Whether the authority may sign lists (RFC 5280, section 4.2.1.3).
fn may_sign(authority: &X509Certificate<'_>) -> bool {
    match authority.key_usage() {
        Ok(Some(usage)) => usage.value.crl_sign(),
        Ok(None) => true,
        Err(_) => false,
    }
}

fn instant(seconds: i64) -> Result<Timestamp, ListFault> {
    Timestamp::from_second(seconds).map_err(|_| ListFault::Form)
}
