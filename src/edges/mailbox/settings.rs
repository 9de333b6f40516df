//! The mailbox as the configuration writes it.

use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Folder;
use base::config_values::{Identity, Secret, Span};

/// La boîte aux lettres que les établissements alimentent.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "backend", rename_all = "lowercase")]
pub enum MailboxSettings {
    /// Un dossier Maildir de cette machine.
    Maildir(MaildirSettings),
    /// Une boîte d’un serveur IMAP, toujours sous TLS.
    Imap(Box<ImapSettings>),
}

impl From<ImapSettings> for MailboxSettings {
    fn from(settings: ImapSettings) -> Self {
        Self::Imap(Box::new(settings))
    }
}

impl MailboxSettings {
    /// The stable name of the mailbox, part of the identity of its mails: `maildir:/path` or
    /// `imap:user@host/INBOX`.
    pub fn account(&self) -> String {
        match self {
            Self::Maildir(maildir) => maildir.account(),
            Self::Imap(imap) => imap.account(),
        }
    }

    /// Whether both lead to one mailbox, whatever folder of it is read: its folders to file in are the same.
    pub fn is_same_mailbox(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Maildir(one), Self::Maildir(other)) => resolved(&one.path) == resolved(&other.path),
            (Self::Imap(one), Self::Imap(other)) => {
                one.host.eq_ignore_ascii_case(&other.host) && one.user.eq_ignore_ascii_case(&other.user)
            }
            _ => false,
        }
    }
}

impl MaildirSettings {
    pub(super) fn account(&self) -> String {
        format!("maildir:{}", self.path.display())
    }
}

impl ImapSettings {
    pub(super) fn account(&self) -> String {
        format!("imap:{}@{}/{}", self.user, self.host, self.folder)
    }
}

/// The one path of a directory that may have several; as written, if it is not there.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

impl MailboxSettings {
    /// The account that acts on the mailbox, for its traces.
    pub fn user(&self) -> &str {
        match self {
            Self::Maildir(_) => "dispolits",
            Self::Imap(settings) => &settings.user,
        }
    }
}

/// Un dossier Maildir de cette machine.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaildirSettings {
    /// Le dossier qui contient `new`, `cur` et `tmp`.
    pub path: PathBuf,
}

/// Une boîte d’un serveur IMAP.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImapSettings {
    /// Le nom du serveur, tel qu’il figure dans son certificat.
    pub host: String,
    /// Le port : le plus souvent 143 avec `starttls`, 993 avec `tls`.
    pub port: u16,
    /// Comment la connexion est chiffrée ; elle ne l’est jamais en option.
    #[serde(default)]
    pub security: Security,
    /// Par quoi Dispolits s’identifie auprès du serveur.
    #[serde(default)]
    pub auth: Auth,
    /// L’identifiant de connexion, souvent l’adresse de la boîte. Avec `auth = "external"`, la boîte à
    /// laquelle le certificat donne accès.
    pub user: String,
    /// Le mot de passe, avec `auth = "plain"` et lui seul.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Le jeton d’accès OAuth 2.0, avec `auth = "xoauth2"` et lui seul : un fichier ou un programme qui le renouvelle.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Les autorités qui signent le certificat du serveur (PEM, IGC-Santé) ; par défaut celles de la machine.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Le certificat client à présenter au serveur (IGC-Santé ORG AUTH_CLI).
    #[serde(default)]
    pub identity: Option<Identity>,
    /// Le dossier relevé.
    #[serde(default = "inbox")]
    pub folder: String,
    /// Le silence maximal du serveur, et le délai de chaque commande ; une lecture longue y ajoute
    /// le temps de ses octets.
    #[serde(default = "sixty_seconds")]
    pub timeout: Span,
    /// L’écart minimal entre deux connexions à la boîte, après trois connexions rapprochées ; `0s`
    /// pour ne pas les limiter.
    #[serde(default = "sixty_seconds")]
    pub login_interval: Span,
}

/// Ce qui prouve au serveur IMAP que la boîte est la nôtre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// Un mot de passe (SASL PLAIN, ou à défaut LOGIN).
    #[default]
    Plain,
    /// Le certificat client de la connexion (SASL EXTERNAL) : la clé `identity` est alors obligatoire.
    External,
    /// Un jeton OAuth 2.0 (SASL XOAUTH2).
    Xoauth2,
}

impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::External => "external",
            Self::Xoauth2 => "xoauth2",
        })
    }
}

/// Le chiffrement de la connexion IMAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS dès la connexion.
    Tls,
    /// Connexion en clair aussitôt chiffrée par STARTTLS, ou abandonnée (MSSanté ECO.1.0.2).
    #[default]
    Starttls,
}

/// Les dossiers où les courriels jugés sont classés ; ils sont créés au besoin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Folders {
    /// Courriels dont au moins une capacité est exploitable.
    pub traites: String,
    /// Courriels entièrement rejetés.
    pub rejets: String,
    /// Courriels qui ne sont pas des comptes rendus : accusés, réponses automatiques.
    pub ignores: String,
    /// Courriels déjà reçus.
    pub doublons: String,
    /// Courriels que personne n’a pu juger.
    pub quarantaine: String,
}

impl Folders {
    /// What a folder is called.
    pub fn name(&self, folder: Folder) -> &str {
        match folder {
            Folder::Traites => &self.traites,
            Folder::Rejets => &self.rejets,
            Folder::Ignores => &self.ignores,
            Folder::Doublons => &self.doublons,
            Folder::Quarantaine => &self.quarantaine,
        }
    }
}

impl Default for Folders {
    fn default() -> Self {
        let name = str::to_owned;
        Self {
            traites: name("Traites"),
            rejets: name("Rejets"),
            ignores: name("Ignores"),
            doublons: name("Doublons"),
            quarantaine: name("Quarantaine"),
        }
    }
}

fn inbox() -> String {
    "INBOX".to_owned()
}

fn sixty_seconds() -> Span {
    Span::seconds(60)
}
