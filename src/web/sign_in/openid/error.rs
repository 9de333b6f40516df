//! Why nobody was signed in.

use base::config_values::SecretError;
use base::tls::TlsError;

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenIdError {
    /// The return was not asked for by this browser, or too long ago.
    #[error("retour inattendu : autre navigateur, ou demande trop ancienne")]
    NotAsked,
    /// The person or the provider said no.
    #[error("le fournisseur a refusé")]
    Refused,
    /// A server did not answer as it should.
    #[error("{what} : {why}")]
    Server {
        /// Which request.
        what: &'static str,
        /// What came instead.
        why: String,
    },
    /// Our side of TLS.
    #[error("TLS vers le fournisseur : {0}")]
    Tls(#[from] TlsError),
    /// Our secret cannot be read.
    #[error("web.openid.client_secret : {0}")]
    Secret(#[from] SecretError),
    /// The token is signed by a key that is not known (yet).
    #[error("jeton signé par une clé inconnue")]
    UnknownKey,
    /// The token does not say what it must.
    #[error("jeton refusé : {0}")]
    Token(&'static str),
    /// The claims name nobody.
    #[error("le fournisseur ne donne pas l’identifiant de la personne")]
    NoSubject,
    /// The person has no business here.
    #[error("aucune valeur de web.openid.roles ne donne de rôle à cette personne")]
    NoRole,
}

impl OpenIdError {
    /// What the person can do.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::NotAsked => "La demande de connexion a expiré, ou vient d’un autre navigateur : recommencez.",
            Self::Refused => "La connexion a été refusée ou abandonnée.",
            Self::NoRole => {
                "Vous êtes reconnu, mais aucun rôle ne vous est donné ici : demandez-le à l’administrateur."
            }
            Self::Server { .. } => "Le fournisseur d’identité ne répond pas comme prévu ; réessayez dans un instant.",
            Self::Tls(_) | Self::Secret(_) | Self::UnknownKey | Self::Token(_) | Self::NoSubject => {
                "Le fournisseur d’identité et Dispolits ne s’accordent pas : prévenez l’administrateur."
            }
        }
    }
}
