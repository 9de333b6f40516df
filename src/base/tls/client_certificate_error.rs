//! When a server refuses our certificate: how it is recognised, and what the operator must declare.

use std::error::Error;
use std::io;

use rustls::AlertDescription;

use super::identity::presented;
use crate::config_values::Identity;

/// What our certificate is called.
pub(super) const OURS: &str = "notre certificat client";

/// The TLS alert by which a server says that our certificate is missing or unfit. In TLS 1.3 it
/// arrives after the handshake looks finished to us, so it must be looked for in every error.
pub fn certificate_alert(error: &(dyn Error + 'static)) -> Option<AlertDescription> {
    match tls_error(error)? {
        rustls::Error::AlertReceived(alert) if is_about_certificate(*alert) => Some(*alert),
        _ => None,
    }
}

/// The TLS error among an error and its causes, also one that an I/O error wraps without showing
/// it as its source.
pub fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| error.source());
    }
    None
}

/// Whether a refusal in words blames our certificate: a server's own, in French or in English, or
/// ours for an alert.
pub fn blames_our_certificate(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains(OURS) || text.contains("certificat") && !text.contains("certificat du serveur")
}

/// What we show to a server, for whoever must declare it: the DN that the operator asks for.
pub fn what_we_present(identity: Option<&Identity>) -> String {
    match identity.map(|identity| (identity, presented(identity))) {
        None => "aucun certificat client n’est présenté".to_owned(),
        Some((identity, None)) => format!("le certificat de {} est illisible", identity.file().display()),
        Some((_, Some(certificate))) => {
            format!("certificat présenté : {} ; l’opérateur doit connaître ce DN", certificate.names())
        }
    }
}

pub(super) fn is_about_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::CertificateRequired
    )
}
