//! What went wrong with a submission server, at which step: the service makes of it what becomes of a mail, a diagnosis
//! what an operator must do.

use std::fmt;
use std::io;

use super::answer::SmtpAnswer;
use super::settings::SmtpSetupError;
use base::tls;
use domain::defect::excerpt;

/// How far a conversation had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SmtpStep {
    /// From the name to a socket.
    Connection,
    /// The words in clear until STARTTLS is granted.
    Starttls,
    /// The TLS handshake.
    Encryption,
    /// The server's first words.
    Greeting,
    /// `EHLO`.
    Hello,
    /// `AUTH`.
    Login,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA` and what follows.
    Content,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum SmtpFault {
    /// No answer within the deadline.
    #[error("pas de réponse dans le délai")]
    Silent,
    /// The connection failed.
    #[error("{}", in_words(.0))]
    Cut(#[from] io::Error),
    /// The connection ended without a word once it was encrypted: what a server, or the TLS front end before it, does to
    /// a client whose certificate is missing, but not only then.
    #[error("le serveur coupe la connexion sitôt le chiffrement établi, sans un mot")]
    CutAtFirstWord(io::Error),
    /// The answer is a refusal.
    #[error("{0}")]
    Refused(SmtpAnswer),
    /// What was said is no answer.
    #[error("réponse incompréhensible : « {0} »")]
    Garbled(String),
    /// STARTTLS is not offered.
    #[error("le serveur ne le propose pas")]
    NoStarttls,
    /// Our mechanism of login is not offered.
    #[error("le serveur ne propose pas AUTH {0}")]
    NoMechanism(&'static str),
    /// More came in clear than was asked for.
    #[error("le serveur a parlé avant le chiffrement")]
    Meddled,
    /// The login does not come to its end.
    #[error("trop de questions du serveur")]
    Questions,
    /// The settings of TLS or of the login cannot be used.
    #[error("{0}")]
    Settings(SmtpSetupError),
    /// The mail is larger than what the server takes, or not coded as it takes it.
    #[error("{0}")]
    Unfit(String),
    /// An address cannot be written in an envelope.
    #[error("adresse impossible à écrire dans une enveloppe")]
    Unwritable,
}

/// A fault and the step in which it came.
#[derive(Debug, thiserror::Error)]
#[error("{step} : {fault}{}", .reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default())]
pub struct Problem {
    /// The step.
    pub step: SmtpStep,
    /// What went wrong.
    pub fault: SmtpFault,
    /// What the server said of a refused login in a challenge before it, safe to show.
    pub reason: Option<String>,
}

impl Problem {
    pub(super) fn new(step: SmtpStep, fault: SmtpFault) -> Self {
        Self { step, fault, reason: None }
    }

    /// The same at a step that stands for several.
    pub(super) fn at(self, step: SmtpStep) -> Self {
        Self { step, ..self }
    }

    /// The same of the first exchange on an encrypted connection.
    pub(super) fn at_first_word(self) -> Self {
        let fault = match self.fault {
            SmtpFault::Cut(error) if tls::tls_error(&error).is_none() => SmtpFault::CutAtFirstWord(error),
            other => other,
        };
        Self { fault, ..self }
    }

    /// Whether it may be that our certificate is missing or not admitted: TLS says so, or the first word after encryption
    /// does, or that word is wanting.
    pub fn is_of_our_certificate(&self) -> bool {
        match &self.fault {
            SmtpFault::Cut(error) => tls::certificate_alert(error).is_some(),
            SmtpFault::CutAtFirstWord(_) => true,
            SmtpFault::Refused(answer) => {
                matches!(self.step, SmtpStep::Greeting | SmtpStep::Hello) && answer.turns_us_away()
            }
            _ => false,
        }
    }
}

impl SmtpFault {
    /// Whether nothing can be said any more.
    pub(super) fn ends(&self) -> bool {
        match self {
            Self::Refused(answer) => answer.is_closing(),
            Self::Silent | Self::Cut(_) | Self::CutAtFirstWord(_) | Self::Garbled(_) | Self::Meddled => true,
            Self::NoStarttls
            | Self::NoMechanism(_)
            | Self::Questions
            | Self::Settings(_)
            | Self::Unfit(_)
            | Self::Unwritable => false,
        }
    }
}

impl fmt::Display for SmtpStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection => "connexion",
            Self::Starttls => "STARTTLS",
            Self::Encryption => "chiffrement",
            Self::Greeting => "accueil",
            Self::Hello => "EHLO",
            Self::Login => "authentification",
            Self::Sender => "expéditeur d’enveloppe",
            Self::Recipient => "destinataire",
            Self::Content => "contenu",
        })
    }
}

/// In French where TLS says why.
fn in_words(error: &io::Error) -> String {
    match tls::tls_error(error) {
        Some(fault) => tls::told(fault),
        None if error.kind() == io::ErrorKind::UnexpectedEof => "connexion coupée".to_owned(),
        None => excerpt(&error.to_string()),
    }
}
