//! The submission server as the configuration writes it.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use base::config_values::{Identity, LoginKey, Need, Secret, SecretError, Span, login_fault};
use base::tls::TlsError;

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

/// Comment Dispolits s’identifie au serveur d’envoi.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// Compte et mot de passe (AUTH PLAIN).
    Plain,
    /// Compte et jeton OAuth 2.0 (AUTH XOAUTH2).
    Xoauth2,
    /// Certificat client (AUTH EXTERNAL) ; `user`, s’il est donné, dit au nom de quel compte.
    External,
    /// Rien : le certificat client ou l’adresse de la machine suffit au serveur.
    None,
}

/// Le serveur d’envoi de l’opérateur MSSanté.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// Nom du serveur, tel qu’il figure dans son certificat.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Chiffrement : `starttls` ou `tls`, jamais en clair.
    #[serde(default)]
    pub security: Security,
    /// Identification : `plain`, `xoauth2`, `external` ou `none` ; par défaut `plain` si un compte est
    /// donné, `none` sinon.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// Compte, si le serveur en demande un.
    #[serde(default)]
    pub user: Option<String>,
    /// Mot de passe du compte, avec `auth = "plain"` et lui seul.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Jeton d’accès OAuth 2.0, avec `auth = "xoauth2"` et lui seul : un fichier ou un programme qui le renouvelle.
    #[serde(default)]
    pub token: Option<Secret>,
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
pub enum SmtpSetupError {
    /// A certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No server can have this name.
    #[error("smtp.host : « {0} » n’est pas un nom de serveur")]
    Host(String),
    /// The password or the token cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A way to log in without the keys it needs, or with some that it never uses.
    #[error("smtp.auth = \"{auth}\" : {fault}")]
    Login {
        /// The way.
        auth: Auth,
        /// What is to be added or removed.
        fault: String,
    },
}

impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Xoauth2 => "xoauth2",
            Self::External => "external",
            Self::None => "none",
        })
    }
}

impl SmtpSettings {
    /// How we identify ourselves: as configured, else by account and password if there are any.
    pub fn auth(&self) -> Auth {
        let has_account = self.user.is_some() || self.password.is_some();
        self.auth.unwrap_or(if has_account { Auth::Plain } else { Auth::None })
    }

    /// What proves that the account is ours, unless it is the certificate or nothing.
    pub(super) fn secret(&self) -> Option<&Secret> {
        match self.auth() {
            Auth::Plain => self.password.as_ref(),
            Auth::Xoauth2 => self.token.as_ref(),
            Auth::External | Auth::None => None,
        }
    }

    /// What can be said of the credentials without running a command.
    pub(super) fn check_credentials(&self) -> Result<(), SmtpSetupError> {
        if let Some(fault) = self.login_fault() {
            return Err(SmtpSetupError::Login { auth: self.auth(), fault });
        }
        Ok(self.secret().map(Secret::stored).transpose().map(drop)?)
    }

    fn login_fault(&self) -> Option<String> {
        let (user, password, token, identity) = match self.auth() {
            Auth::Plain => (Need::Needed, Need::Needed, Need::Useless, Need::Optional),
            Auth::Xoauth2 => (Need::Needed, Need::Useless, Need::Needed, Need::Optional),
            Auth::External => (Need::Optional, Need::Useless, Need::Useless, Need::Needed),
            Auth::None => (Need::Useless, Need::Useless, Need::Useless, Need::Optional),
        };
        login_fault(&[
            (LoginKey::User, user, self.user.is_some()),
            (LoginKey::Password, password, self.password.is_some()),
            (LoginKey::Token, token, self.token.is_some()),
            (LoginKey::Identity, identity, self.identity.is_some()),
        ])
    }
}
