//! What can go wrong on our side of the mailbox. None of it is ever a verdict on a mail.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::settings::{Auth, ImapSettings};
use base::config_values::SecretError;
use base::tls;
use base::tls::TlsError;

/// A configuration that no mailbox can be opened with.
#[derive(Debug, thiserror::Error)]
pub enum MailboxSetupError {
    /// The name of the server is neither a domain name nor an address.
    #[error("« {0} » n’est pas un nom de serveur")]
    Host(String),
    /// The user, the password or the token is empty, or holds a character that SASL cannot carry.
    #[error("l’identifiant, le mot de passe ou le jeton de la boîte est vide ou contient un caractère de contrôle")]
    Credential,
    /// A way to log in without the keys it needs, or with some that it never uses.
    #[error("imap.auth = \"{auth}\" : {fault}")]
    Login {
        /// The way.
        auth: Auth,
        /// What is to be added or removed.
        fault: String,
    },
    /// A folder's name would be misread by a server or a disk.
    #[error("« {0} » ne peut pas être le nom d’un dossier de la boîte")]
    FolderName(String),
    /// Two folders of the configuration are one.
    #[error("le dossier « {0} » est employé deux fois ; chaque classement veut le sien, distinct du dossier relevé")]
    FolderTwice(String),
    /// No server answers in no time.
    #[error("le délai du serveur de messagerie ne peut pas être nul")]
    Timeout,
    /// Certificates or keys cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The file of the password cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// Why a step with the mailbox did not succeed. The session it happened in is gone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailboxError {
    /// No connection to the server.
    #[error("le serveur de messagerie est injoignable")]
    Unreachable(#[source] io::Error),
    /// The server refuses our client certificate, or wants one.
    #[error("le serveur de messagerie refuse notre certificat client ({said}) ; {presented}")]
    CertificateRefused {
        /// The TLS alert, or the server's own words.
        said: String,
        /// What we present, with the DN that its operator must know.
        presented: String,
    },
    /// The server could not prove who it is.
    #[error("la connexion TLS au serveur de messagerie a échoué : {0}")]
    Tls(String),
    /// The server refuses the credentials; the text is its own.
    #[error("le serveur de messagerie refuse l’identification : {0}")]
    CredentialRefused(String),
    /// The folder to read is not there.
    #[error(
        "le dossier « {folder} » n’existe pas ou ne peut pas être créé : {text} (certains serveurs veulent un préfixe devant le nom, par exemple « INBOX. »)"
    )]
    FolderMissing {
        /// Its name in the configuration.
        folder: String,
        /// The server's answer.
        text: String,
    },
    /// The folder can be read but nothing can be moved out of it.
    #[error("le dossier « {0} » est en lecture seule")]
    ReadOnly(String),
    /// The server lacks what we cannot do without.
    #[error("le serveur de messagerie n’offre pas {0}")]
    Unsupported(&'static str),
    /// The server answered NO or BAD.
    #[error("le serveur de messagerie refuse ({step}) : {text}")]
    Refused {
        /// What we asked.
        step: MailboxStep,
        /// Its answer.
        text: String,
    },
    /// The connection ended in the middle.
    #[error("la connexion au serveur de messagerie est rompue ({0})")]
    Broken(MailboxStep),
    /// The server said what no server may say; its words are kept out of the logs.
    #[error("réponse IMAP inattendue ({step}) : {what}")]
    Protocol {
        /// What we were doing.
        step: MailboxStep,
        /// What is wrong with the answer.
        what: &'static str,
    },
    /// The server lists fewer mails than it announces.
    #[error("la boîte n’énumère pas tous ses courriels : {announced} annoncés, {listed} énumérés")]
    Incomplete {
        /// By EXISTS, less those that went in between.
        announced: u64,
        /// By FETCH.
        listed: u64,
    },
    /// Without UIDVALIDITY nothing can be said to be the same mail twice (RFC 3501, section 2.3.1.1).
    #[error("le serveur de messagerie ne donne pas d’UIDVALIDITY")]
    UidValidityMissing,
    /// The server renumbered all mails since the last list of this session.
    #[error("le serveur de messagerie a renuméroté la boîte (UIDVALIDITY)")]
    UidValidityChanged,
    /// A file or directory of the Maildir.
    #[error("{} est inaccessible", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The step took longer than its deadline.
    #[error("délai dépassé ({0})")]
    Timeout(MailboxStep),
    /// The previous session of this mailbox is still in use: two would see every mail twice.
    #[error("la boîte est déjà ouverte")]
    AlreadyOpen,
    /// A file of the configuration has become unusable since the start.
    #[error(transparent)]
    Setup(#[from] MailboxSetupError),
}

/// What was being done when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxStep {
    /// Reaching the server.
    Connect,
    /// TLS.
    Handshake,
    /// The server's first line.
    Greeting,
    /// What the server can do.
    Capability,
    /// Asking for TLS on an open connection.
    Starttls,
    /// Who we are.
    Login,
    /// Our name and version.
    Identify,
    /// Finding or making the folders to file in.
    Folders,
    /// Opening the folder to read.
    Select,
    /// Which mails wait.
    List,
    /// Whole mails.
    Fetch,
    /// The header of one mail.
    Header,
    /// Filing judged mails.
    File,
    /// Waiting for mails.
    Wait,
    /// Taking leave.
    Leave,
}

impl MailboxError {
    /// With what we present, if it is our certificate that the server refuses: its TLS says so, or
    /// its words do, or nothing else identifies us.
    pub(super) fn naming(self, settings: &ImapSettings) -> Self {
        let presented = || tls::what_we_present(settings.identity.as_ref());
        match self {
            Self::CertificateRefused { said, .. } => Self::CertificateRefused { said, presented: presented() },
            // Before the login a proxy speaks, which knows nothing of us but what we present.
            Self::Refused { step: MailboxStep::Greeting | MailboxStep::Capability, text }
                if tls::blames_our_certificate(&text) =>
            {
                Self::CertificateRefused { said: text, presented: presented() }
            }
            Self::CredentialRefused(said) if settings.auth == Auth::External || tls::blames_our_certificate(&said) => {
                Self::CertificateRefused { said, presented: presented() }
            }
            other => other,
        }
    }

    /// An end of the connection before the first word, where the server asked for a certificate and got none: a proxy
    /// of TLS alone has no other way to say it.
    pub(super) fn without_certificate(self) -> Self {
        match self {
            Self::Broken(_) => {
                let said = "il en demande un, puis ferme la connexion sans un mot".to_owned();
                Self::CertificateRefused { said, presented: String::new() }
            }
            other => other,
        }
    }

    /// Whether the session ended while mails were being filed: their folder may be the cause.
    pub fn is_of_filing(&self) -> bool {
        matches!(
            self,
            Self::Broken(MailboxStep::File)
                | Self::Timeout(MailboxStep::File)
                | Self::Refused { step: MailboxStep::File, .. }
                | Self::Protocol { step: MailboxStep::File, .. }
        )
    }

    /// Whether the same step may succeed later with nobody doing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_)
            | Self::Refused { .. }
            | Self::Broken(_)
            | Self::Protocol { .. }
            | Self::Incomplete { .. }
            | Self::UidValidityChanged
            | Self::Timeout(_)
            | Self::AlreadyOpen
            | Self::Setup(MailboxSetupError::Tls(TlsError::Revocation(_))) => true,
            Self::Io { source, .. } => {
                !matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
            }
            Self::Tls(_)
            | Self::CertificateRefused { .. }
            | Self::CredentialRefused(_)
            | Self::FolderMissing { .. }
            | Self::ReadOnly(_)
            | Self::Unsupported(_)
            | Self::UidValidityMissing
            | Self::Setup(_) => false,
        }
    }
}

impl fmt::Display for MailboxStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connexion",
            Self::Handshake => "négociation TLS",
            Self::Greeting => "accueil",
            Self::Capability => "capacités du serveur",
            Self::Starttls => "passage en TLS",
            Self::Login => "identification",
            Self::Identify => "présentation",
            Self::Folders => "dossiers de classement",
            Self::Select => "ouverture du dossier",
            Self::List => "énumération des courriels",
            Self::Fetch => "lecture des courriels",
            Self::Header => "lecture d’un en-tête",
            Self::File => "classement des courriels",
            Self::Wait => "attente de courriels",
            Self::Leave => "déconnexion",
        })
    }
}
