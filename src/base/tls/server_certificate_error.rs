//! Why the certificate of a server is not trusted, in words for an operator.

use jiff::Timestamp;
use rustls::{CertificateError, Error};
use rustls_pki_types::UnixTime;

use super::certificate::day;
use super::client_certificate_error::{OURS, is_about_certificate};

/// How many of the names of a certificate are told.
const MOST_NAMES: usize = 5;
/// How much of each, in characters.
const LONGEST_NAME: usize = 80;

/// A TLS failure in a sentence: in French where it is about a certificate.
pub fn told(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(why) => distrust(why),
        Error::AlertReceived(alert) if is_about_certificate(*alert) => {
            format!("le serveur refuse {OURS} (alerte TLS {alert:?})")
        }
        other => other.to_string(),
    }
}

/// Why the server's certificate is not trusted.
pub fn distrust(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => "le certificat du serveur ne vient d’aucune autorité connue".to_owned(),
        CertificateError::NotValidForName => "le certificat du serveur n’est pas au nom demandé".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            format!("le certificat du serveur n’est pas au nom de « {} »{}", expected.to_str(), names(presented))
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("le certificat du serveur a expiré{}", date(why, "le"))
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("le certificat du serveur n’est pas encore valable{}", date(why, "avant le"))
        }
        CertificateError::Revoked => "le certificat du serveur est révoqué".to_owned(),
        CertificateError::UnknownRevocationStatus => {
            "rien ne dit si le certificat du serveur est révoqué : la liste de son autorité manque".to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "le certificat du serveur n’est pas fait pour un serveur (usage serverAuth absent)".to_owned()
        }
        CertificateError::BadSignature => {
            "le certificat du serveur est faux : sa signature n’est pas celle de l’autorité qu’il nomme".to_owned()
        }
        other => format!("le certificat du serveur est inacceptable ({other})"),
    }
}

fn names(presented: &[String]) -> String {
    // Each is written as `DnsName("a.test")`.
    let bare = |name: &'_ str| name.split('"').nth(1).unwrap_or(name).to_owned();
    let shown = |name: &String| bare(name).chars().take(LONGEST_NAME).flat_map(char::escape_debug).collect::<String>();
    let names: Vec<String> = presented.iter().take(MOST_NAMES).map(shown).collect();
    if names.is_empty() { String::new() } else { format!(", mais de {}", names.join(", ")) }
}

fn date(why: &CertificateError, word: &str) -> String {
    let instant = match why {
        CertificateError::ExpiredContext { not_after, .. } => *not_after,
        CertificateError::NotValidYetContext { not_before, .. } => *not_before,
        _ => return String::new(),
    };
    read(instant).map(|instant| format!(" {word} {}", day(instant))).unwrap_or_default()
}

fn read(instant: UnixTime) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(instant.as_secs()).ok()?).ok()
}
