//! Why TLS with a server failed, and what its operator or ours must do.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

use super::handshake::Endpoint;
use super::phrases::{reason, told_chain};
use super::step::StepFailure;
use base::tls::{Certificate, blames_our_certificate, certificate_alert, distrust, tls_error};

/// Failures of the connections to one server.
#[derive(Debug)]
pub(super) struct TlsRefusals<'a> {
    pub(super) endpoint: &'a Endpoint,
    /// The certificate that we show, if we show one.
    pub(super) presented: Option<Certificate>,
}

impl TlsRefusals<'_> {
    /// A handshake that failed, with the chain that the server showed.
    pub(super) fn of_handshake(&self, error: &io::Error, seen: &[Vec<u8>]) -> StepFailure {
        let failure = match tls_error(error) {
            Some(Error::InvalidCertificate(why)) => self.of_certificate(why),
            Some(Error::AlertReceived(alert)) => return self.of_alert(*alert),
            Some(Error::InvalidMessage(_)) => return self.not_tls(),
            Some(other) => StepFailure::new(format!("la négociation TLS échoue ({other})"), self.ask_operator()),
            None => return self.cut(error),
        };
        if seen.is_empty() {
            return failure;
        }
        let chain = told_chain(seen.iter().map(Vec::as_slice));
        StepFailure::new(format!("{} ; certificat vu : {chain}", failure.cause), failure.remedy)
    }

    /// An established connection that failed: in TLS 1.3 the refusal of our certificate comes then.
    pub(super) fn of_connection(&self, error: &io::Error) -> StepFailure {
        match tls_error(error) {
            Some(Error::AlertReceived(alert)) => self.of_alert(*alert),
            _ => self.cut(error),
        }
    }

    /// The server does not want our certificate, or wants one.
    pub(super) fn of_our_certificate(&self, said: &str) -> StepFailure {
        let section = &self.endpoint.section;
        match &self.presented {
            Some(own) => StepFailure::new(
                format!("le serveur refuse notre certificat client ({said})"),
                format!(
                    "déclarez à l’opérateur ce DN : {} ; vérifiez aussi que {section}.identity est bien le certificat IGC-Santé ORG AUTH_CLI de cet environnement, suivi de sa chaîne",
                    own.names()
                ),
            ),
            None => StepFailure::new(
                format!("le serveur exige un certificat client, et aucun n’est présenté ({said})"),
                format!("ajoutez {section}.identity (certificat IGC-Santé ORG AUTH_CLI et sa clé)"),
            ),
        }
    }

    /// A login that the server refuses, with its words: it may be for our certificate.
    pub(super) fn of_login(&self, said: &str, cause: String, remedy: impl Into<String>) -> StepFailure {
        if blames_our_certificate(said) {
            return self.of_our_certificate(said);
        }
        let declare = |own: &Certificate| {
            format!(" ; si le compte est lié au certificat, l’opérateur doit connaître ce DN : {}", own.names())
        };
        let declare = self.presented.as_ref().map(declare).unwrap_or_default();
        StepFailure::new(cause, format!("{}{declare}", remedy.into()))
    }

    /// A server's certificate that is not trusted.
    pub(super) fn of_certificate(&self, why: &CertificateError) -> StepFailure {
        let remedy = match why {
            CertificateError::UnknownIssuer => return self.unknown_issuer(),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("écrivez dans {} le nom qui figure dans le certificat", self.endpoint.target.key)
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "prévenez l’exploitant de ce serveur ; vérifiez aussi l’heure de cette machine (« timedatectl »)".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "vérifiez l’heure de cette machine (« timedatectl ») ; si elle est juste, prévenez l’exploitant de ce serveur".to_owned()
            }
            CertificateError::Revoked => "ne confiez rien à ce serveur et prévenez son exploitant".to_owned(),
            CertificateError::UnknownRevocationStatus => {
                "ajoutez à [revocation] la liste de l’autorité qui a émis ce certificat (son adresse y figure : « CRL Distribution Points »)".to_owned()
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                "demandez à l’exploitant de ce serveur un certificat de serveur (IGC-Santé ORG SERV SSL)".to_owned()
            }
            CertificateError::BadSignature => {
                "quelqu’un s’interpose peut-être : ne confiez rien à ce serveur et prévenez son exploitant".to_owned()
            }
            _ => self.ask_operator(),
        };
        StepFailure::new(distrust(why), remedy)
    }

    fn unknown_issuer(&self) -> StepFailure {
        let known = match &self.endpoint.ca {
            Some(path) => format!("le fichier {} n’en contient pas l’émetteur", path.display()),
            None => "les autorités de cette machine n’en contiennent pas l’émetteur".to_owned(),
        };
        StepFailure::new(
            format!("le certificat du serveur ne vient d’aucune autorité connue : {known}"),
            format!(
                "mettez dans {}.ca le fichier PEM des autorités de ce serveur (pour MSSanté : la racine IGC-Santé Élémentaire et l’autorité Organisations de cet environnement) ; si l’émetteur vu est inconnu de l’opérateur, quelqu’un s’interpose",
                self.endpoint.section
            ),
        )
    }

    fn of_alert(&self, alert: AlertDescription) -> StepFailure {
        if let Some(alert) = certificate_alert(&Error::AlertReceived(alert)) {
            return self.of_our_certificate(&format!("alerte TLS {alert:?}"));
        }
        StepFailure::new(
            format!("le serveur interrompt la négociation (alerte TLS {alert:?})"),
            "le serveur doit offrir TLS 1.2 ou 1.3 avec une suite ECDHE et AEAD ; demandez à son exploitant ce qu’il attend",
        )
    }

    fn not_tls(&self) -> StepFailure {
        StepFailure::new(
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

    /// A connection that ended without a word once it was encrypted: a TLS front end does so to whoever shows no
    /// certificate that it admits.
    pub(super) fn of_a_silent_cut(&self, error: &io::Error) -> StepFailure {
        let (section, why) = (&self.endpoint.section, reason(error));
        let (cause, remedy) = match &self.presented {
            Some(own) => (
                format!(
                    "le serveur coupe la connexion sitôt le chiffrement établi, sans un mot ({why}) : il n’admet sans doute pas notre certificat client"
                ),
                format!("déclarez à l’opérateur ce DN : {}", own.names()),
            ),
            None => (
                format!(
                    "le serveur coupe la connexion sitôt le chiffrement établi, sans un mot ({why}) : il exige sans doute un certificat client, et aucun n’est présenté"
                ),
                format!("ajoutez {section}.identity (certificat IGC-Santé ORG AUTH_CLI et sa clé)"),
            ),
        };
        StepFailure::new(
            cause,
            format!("{remedy} ; sinon vérifiez que le port de {} est le bon", self.endpoint.target.key),
        )
    }

    fn cut(&self, error: &io::Error) -> StepFailure {
        StepFailure::new(
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
