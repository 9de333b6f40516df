//! Why TLS with a server failed, and what its operator or ours must do.

use std::io;

use jiff::Timestamp;
use rustls::{AlertDescription, CertificateError, Error};
use rustls_pki_types::UnixTime;

use super::certificate::told_chain;
use super::handshake::Endpoint;
use super::step::Failure;
use super::words::{day, reason};

/// Failures of the connections to one server.
#[derive(Debug)]
pub(super) struct Refusals<'a> {
    pub(super) endpoint: &'a Endpoint,
    /// The subject of the certificate that we show, if we show one.
    pub(super) presented: Option<String>,
}

impl Refusals<'_> {
    /// A handshake that failed, with the chain that the server showed.
    pub(super) fn of_handshake(&self, error: &io::Error, seen: &[Vec<u8>]) -> Failure {
        let failure = match tls_error(error) {
            Some(Error::InvalidCertificate(why)) => self.of_certificate(why),
            Some(Error::AlertReceived(alert)) => return self.of_alert(*alert),
            Some(Error::InvalidMessage(_)) => return self.not_tls(),
            Some(other) => Failure::new(format!("la négociation TLS échoue ({other})"), self.ask_operator()),
            None => return self.cut(error),
        };
        if seen.is_empty() {
            return failure;
        }
        let chain = told_chain(seen.iter().map(Vec::as_slice));
        Failure::new(format!("{} ; certificat vu : {chain}", failure.cause), failure.remedy)
    }

    /// An established connection that failed: in TLS 1.3 the refusal of our certificate comes then.
    pub(super) fn of_connection(&self, error: &io::Error) -> Failure {
        match tls_error(error) {
            Some(Error::AlertReceived(alert)) => self.of_alert(*alert),
            _ => self.cut(error),
        }
    }

    /// The server does not want our certificate, or wants one.
    pub(super) fn of_our_certificate(&self, said: &str) -> Failure {
        let section = &self.endpoint.section;
        match &self.presented {
            Some(subject) => Failure::new(
                format!("le serveur refuse notre certificat client ({said})"),
                format!(
                    "déclarez à l’opérateur ce DN : « {subject} » ; vérifiez aussi que {section}.identity est bien le certificat IGC-Santé ORG AUTH_CLI de cet environnement, suivi de sa chaîne"
                ),
            ),
            None => Failure::new(
                format!("le serveur exige un certificat client, et aucun n’est présenté ({said})"),
                format!("ajoutez {section}.identity (certificat IGC-Santé ORG AUTH_CLI et sa clé)"),
            ),
        }
    }

    fn of_certificate(&self, why: &CertificateError) -> Failure {
        let host = &self.endpoint.target.host;
        match why {
            CertificateError::UnknownIssuer => self.unknown_issuer(),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Failure::new(
                format!("le certificat du serveur n’est pas au nom de « {host} »{}", names(why)),
                format!("écrivez dans {} le nom qui figure dans le certificat", self.endpoint.target.key),
            ),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Failure::new(
                format!("le certificat du serveur a expiré{}", date(why, "le")),
                "prévenez l’exploitant de ce serveur ; vérifiez aussi l’heure de cette machine (« timedatectl »)",
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Failure::new(
                format!("le certificat du serveur n’est pas encore valable{}", date(why, "avant le")),
                "vérifiez l’heure de cette machine (« timedatectl ») ; si elle est juste, prévenez l’exploitant de ce serveur",
            ),
            CertificateError::Revoked => Failure::new(
                "le certificat du serveur est révoqué",
                "ne confiez rien à ce serveur et prévenez son exploitant",
            ),
            CertificateError::UnknownRevocationStatus
            | CertificateError::ExpiredRevocationList
            | CertificateError::ExpiredRevocationListContext { .. } => Failure::new(
                format!("on ne peut savoir si le certificat du serveur est révoqué ({why})"),
                "vérifiez les listes de révocation configurées et leur téléchargement",
            ),
            other => Failure::new(format!("le certificat du serveur est inacceptable ({other})"), self.ask_operator()),
        }
    }

    fn unknown_issuer(&self) -> Failure {
        let known = match &self.endpoint.ca {
            Some(path) => format!("le fichier {}", path.display()),
            None => "les autorités de cette machine".to_owned(),
        };
        Failure::new(
            format!(
                "le certificat du serveur ne vient d’aucune autorité connue : {known} n’en contient pas l’émetteur"
            ),
            format!(
                "mettez dans {}.ca le fichier PEM des autorités de ce serveur (pour MSSanté : la racine IGC-Santé Élémentaire et l’autorité Organisations de cet environnement) ; si l’émetteur vu est inconnu de l’opérateur, quelqu’un s’interpose",
                self.endpoint.section
            ),
        )
    }

    fn of_alert(&self, alert: AlertDescription) -> Failure {
        if is_about_certificate(alert) {
            return self.of_our_certificate(&format!("alerte TLS {alert:?}"));
        }
        Failure::new(
            format!("le serveur interrompt la négociation (alerte TLS {alert:?})"),
            "le serveur doit offrir TLS 1.2 ou 1.3 avec une suite ECDHE et AEAD ; demandez à son exploitant ce qu’il attend",
        )
    }

    fn not_tls(&self) -> Failure {
        Failure::new(
            "ce port ne parle pas TLS dès l’ouverture",
            if self.endpoint.section == "ror.api" {
                format!("vérifiez le port de {}", self.endpoint.target.key)
            } else {
                format!(
                    "écrivez {}.security = \"starttls\", ou donnez le port chiffré dès l’ouverture (993 pour IMAP, 465 pour l’envoi)",
                    self.endpoint.section
                )
            },
        )
    }

    fn cut(&self, error: &io::Error) -> Failure {
        Failure::new(
            format!("le serveur coupe la connexion pendant l’échange ({})", reason(error)),
            format!(
                "vérifiez que le port de {} est le bon ; certains serveurs coupent ainsi les clients sans certificat ou inconnus d’eux",
                self.endpoint.target.key
            ),
        )
    }

    fn ask_operator(&self) -> String {
        format!("montrez cette ligne à l’exploitant de {}", self.endpoint.target.host)
    }
}

/// The TLS error that an I/O error wraps.
fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn names(why: &CertificateError) -> String {
    match why {
        CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            let names: Vec<String> = presented.iter().map(|name| crate::defect::excerpt(name)).collect();
            format!(", mais de {}", names.join(", "))
        }
        _ => String::new(),
    }
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

fn is_about_certificate(alert: AlertDescription) -> bool {
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
