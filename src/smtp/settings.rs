//! The submission server as the configuration writes it.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::setting::{Identity, Secret, SecretError, Span};
use crate::tls::TlsError;

/// Chiffrement de la connexion au serveur d’envoi.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Connexion chiffrée dès l’ouverture (port 465).
    Tls,
    /// Connexion chiffrée par la commande STARTTLS, obligatoire (port 587).
    #[default]
    Starttls,
}

/// Le serveur d’envoi de l’opérateur MSSanté.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Nom du serveur, tel qu’il figure dans son certificat.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Chiffrement : `starttls` ou `tls`, jamais en clair.
    #[serde(default)]
    pub security: Security,
    /// Compte, si le serveur en demande un.
    #[serde(default)]
    pub user: Option<String>,
    /// Mot de passe du compte.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Autorités de certification (PEM) ; celles de la machine par défaut.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Certificat client IGC-Santé, si le serveur en demande un.
    #[serde(default)]
    pub identity: Option<Identity>,
    /// Nom annoncé par EHLO.
    #[serde(default = "default_hello")]
    pub hello: String,
    /// Délai de chaque échange.
    #[serde(default = "default_timeout")]
    pub timeout: Span,
}

fn default_hello() -> String {
    "dispolits.localhost".to_owned()
}

fn default_timeout() -> Span {
    Span::seconds(30)
}

/// Settings that cannot work: an operator must mend them.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No server can have this name.
    #[error("smtp.host : « {0} » n’est pas un nom de serveur")]
    Host(String),
    /// The password cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A user without password, or the other way round.
    #[error("smtp.user et smtp.password vont ensemble")]
    HalfCredentials,
}

impl Settings {
    /// What can be said of the credentials without running a command.
    pub(super) fn check_credentials(&self) -> Result<(), SetupError> {
        match (&self.user, &self.password) {
            (Some(_), Some(password)) => password.stored().map(drop).map_err(SetupError::Secret),
            (None, None) => Ok(()),
            _ => Err(SetupError::HalfCredentials),
        }
    }

    /// User and password as they are now, if the server asks for them.
    pub(super) async fn credentials(&self) -> Result<Option<(String, String)>, SetupError> {
        match (&self.user, &self.password) {
            (Some(user), Some(password)) => Ok(Some((user.clone(), password.reveal().await?))),
            (None, None) => Ok(None),
            _ => Err(SetupError::HalfCredentials),
        }
    }
}
