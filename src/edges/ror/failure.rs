//! Why a count did not reach the ROR, by what is to be done about it.

use std::time::Duration;

use base::tls::TlsError;
use domain::defect::Code;

/// Why one request did not end in a receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushFailure {
    /// The ROR itself refused the count, by an `OperationOutcome` of its table: the row is rejected.
    #[error("{0}")]
    Refused(RorRefusal),
    /// A server answered 408, 429, 5xx, or a 4xx that says it is asked too often: to be sent again.
    #[error("le serveur ne peut répondre pour l’instant (HTTP {status})")]
    Busy {
        /// The status.
        status: u16,
        /// How long the server asks to wait, not clamped.
        retry_after: Option<Duration>,
    },
    /// The ROR's application cannot take this request now, and may take the same one later: another write meets it, a
    /// lock, a hindrance that passes.
    #[error("le ROR ne peut appliquer cette demande pour l’instant (HTTP {status}) : {said}")]
    Postponed {
        /// The status, a 4xx.
        status: u16,
        /// The diagnostics of all issues, joined and shortened; safe to show.
        said: String,
        /// How long the server asks to wait with this request, not clamped.
        retry_after: Option<Duration>,
        /// Whether the request may nevertheless be applied.
        in_doubt: bool,
    },
    /// The request certainly did not reach the ROR: name, connection, TLS, or the token endpoint.
    #[error("{0}")]
    Unreachable(String),
    /// The request may have left and no answer came: it may be applied, even later.
    #[error("issue inconnue : {0}")]
    Unknown(String),
    /// Not sent: what was claimed is no longer surely ours.
    #[error("demande non envoyée : le bail de ce service sur ce lieu n’est plus sûr")]
    Withdrawn,
    /// Our configuration, our rights or something in between: rows wait and an operator must act.
    #[error("{0}")]
    OurSide(#[from] OurFault),
}

/// A refusal of the ROR that matches its table (ANS, page « patch-capacitaire »).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("refus du ROR {code} (HTTP {status}) : {diagnostics}")]
pub struct RorRefusal {
    /// R01 to R05.
    pub code: Code,
    /// The HTTP status.
    pub status: u16,
    /// The diagnostics of all issues, joined and shortened; safe to show.
    pub diagnostics: String,
}

/// What an operator of Dispolits must mend. Never shown as the sender's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OurFault {
    /// A 4xx that the ROR's application did not write.
    #[error(
        "réponse HTTP {status} sans OperationOutcome : une passerelle, un pare-feu ou une mauvaise adresse a répondu à la place du ROR ; vérifiez ror.api.base_url et les droits du client"
    )]
    NotFromTheRor {
        /// The HTTP status.
        status: u16,
    },
    /// The ROR's application, or one like it, does not know this address, this method or this form.
    #[error(
        "le serveur ne connaît pas ce service (HTTP {status} : {said}) : mauvaise adresse, ou ROR en cours de mise à jour ; vérifiez ror.api.base_url, puis l’état du service sur status.esante.gouv.fr"
    )]
    WrongAddress {
        /// The HTTP status.
        status: u16,
        /// The diagnostics of all issues, joined and shortened; safe to show.
        said: String,
    },
    /// The API refused a token made a moment before.
    #[error(
        "l’API refuse un jeton qui vient d’être délivré (HTTP 401 deux fois) ; vérifiez que ror.api.token_url et ror.api.base_url sont du même environnement, et l’heure de la machine"
    )]
    TokenNotAccepted,
    /// The token endpoint refused the client (RFC 6749, section 5.2).
    #[error(
        "le serveur de jetons refuse le client (HTTP {status}, {error}) ; vérifiez ror.api.client_id et le certificat ror.api.identity"
    )]
    TokenRefused {
        /// The HTTP status.
        status: u16,
        /// The `error` of the answer, or the beginning of the answer.
        error: String,
    },
    /// The secret of a client cannot be had.
    #[error("{0} ; vérifiez ror.api.reader.secret")]
    Secret(String),
    /// The client that reads, where it is another than the one that writes, gets no token.
    #[error("client de lecture [ror.api.reader] : {0}")]
    Reader(Box<OurFault>),
    /// The token endpoint answered something that is no token.
    #[error("le serveur de jetons ne rend pas de jeton utilisable ({0}) ; vérifiez ror.api.token_url")]
    TokenUnusable(String),
    /// The server refused our client certificate by a TLS alert.
    #[error(
        "le serveur refuse le certificat client (alerte TLS {alert}) ; {presented} ; vérifiez ror.api.identity, ror.api_identity et leur date d’expiration"
    )]
    CertificateRefused {
        /// The alert.
        alert: String,
        /// What we present, with the DN that its operator must know.
        presented: String,
    },
    /// The server wants us elsewhere; a redirect is never followed, it would give the token away.
    #[error(
        "le serveur renvoie vers une autre adresse (HTTP {status}), ce qui n’est jamais suivi ; vérifiez ror.api.base_url et ror.api.token_url"
    )]
    Redirected {
        /// The HTTP status.
        status: u16,
    },
    /// A success that does not look like the ROR's: the count may or may not be applied.
    #[error(
        "réponse HTTP {status} inattendue ({why}) : rien ne prouve que le ROR l’a écrite ; vérifiez ror.api.base_url et les relais intermédiaires"
    )]
    UnexpectedAnswer {
        /// The HTTP status.
        status: u16,
        /// What is odd in it.
        why: &'static str,
    },
    /// The read service does not let us read before we write.
    #[error(
        "la lecture avant écriture est refusée (HTTP {status}) ; demandez les droits de lecture, ou mettez ror.delivery.read_before_write = false ; vérifiez aussi le client et les valeurs de [ror.api.reader]"
    )]
    ReadRefused {
        /// The HTTP status.
        status: u16,
    },
    /// The request could not be made at all.
    #[error("la requête ne peut être construite ({0}) ; vérifiez la section [ror]")]
    NotARequest(String),
}

impl OurFault {
    fn is_refused_login(&self) -> bool {
        match self {
            Self::TokenNotAccepted | Self::TokenRefused { .. } | Self::CertificateRefused { .. } | Self::Secret(_) => {
                true
            }
            Self::Reader(fault) => fault.is_refused_login(),
            _ => false,
        }
    }
}

impl PushFailure {
    /// Whether the same request may succeed later without anyone acting.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Postponed { .. } | Self::Unreachable(_) | Self::Unknown(_) | Self::Withdrawn => {
                true
            }
            Self::Refused(_) | Self::OurSide(_) => false,
        }
    }

    /// Whether it is our client, our token or our certificate that is refused.
    pub fn is_refused_login(&self) -> bool {
        matches!(self, Self::OurSide(fault) if fault.is_refused_login())
    }

    /// How long the server asks to wait, not clamped.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } | Self::Postponed { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether it says nothing of the other requests: the ROR works, and names what it cannot take.
    pub fn is_of_one_request(&self) -> bool {
        matches!(self, Self::Postponed { .. })
    }

    /// Whether the count may nevertheless be applied, now or later.
    ///
    /// Certain not to be: 4xx that do not say `timeout` or the like; among them 408 (the request was not read to its end, RFC 9110 15.5.9), 429, 501 and
    /// 505 (refused before any work), and 503 with `Retry-After` (a server that names a time has
    /// decided not to serve, RFC 9110 15.6.4). A bare 503 is unknown, because gateways also say it
    /// when a server they had already passed the request to drops the connection. 500, 502, 504 and
    /// the rest are unknown: the application may have failed after its commit, or the gateway may
    /// have lost an answer only.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Busy { status, retry_after } => match status {
                503 => retry_after.is_none(),
                _ => !matches!(status, 400..=499 | 501 | 505),
            },
            Self::Postponed { in_doubt, .. } => *in_doubt,
            Self::Unknown(_) | Self::OurSide(OurFault::UnexpectedAnswer { .. }) => true,
            Self::Refused(_) | Self::Unreachable(_) | Self::Withdrawn | Self::OurSide(_) => false,
        }
    }
}

/// Settings from which no client can be made. Never transient: an operator must mend it.
#[derive(Debug, thiserror::Error)]
pub enum RorSetupError {
    /// An address that is not a plain https URL.
    #[error("{key} doit être une adresse https sans identifiant, sans paramètre et sans fragment")]
    Url {
        /// The setting, for example `ror.api.base_url`.
        key: &'static str,
    },
    /// The section of the client that reads contradicts itself.
    #[error("{0}")]
    Reader(&'static str),
    /// No client identifier.
    #[error("ror.api.client_id est vide")]
    ClientId,
    /// Certificates or keys that cannot be used.
    #[error("certificats de la section [ror] inutilisables : {0}")]
    Tls(#[from] TlsError),
    /// The HTTP library refused its settings.
    #[error("client HTTP impossible à construire")]
    Http(#[from] reqwest::Error),
}

impl RorSetupError {
    /// Whether waiting could help: never.
    pub fn is_transient(&self) -> bool {
        false
    }
}
