//! Why a mail did not leave, and what follows for it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use lettre::transport::smtp;
use tokio::time::timeout;

use crate::defect::excerpt;
use crate::setting::Identity;
use crate::tls;

/// The step in which we say who we are.
pub(super) const LOGIN: &str = "authentification";
pub(super) const SILENT: &str = "pas de réponse dans le délai";

/// A mail that did not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No mail can leave now: the server is out of reach, is not the right one, or refuses our account. It says
    /// nothing about this mail.
    #[error("serveur d’envoi indisponible : {0}")]
    Unavailable(String),
    /// This mail was not taken over this time.
    #[error("envoi remis à plus tard : {0}")]
    Deferred(String),
    /// This mail has more bytes than the server takes: a smaller one may pass.
    #[error("courriel trop volumineux : {0}")]
    TooLarge(String),
    /// This mail was refused for good.
    #[error("envoi refusé par le serveur : {0}")]
    Refused(String),
}

/// What of a mail is being submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA` and what follows.
    Content,
}

impl SendError {
    /// Whether the same mail may be taken later.
    pub fn is_transient(&self) -> bool {
        !matches!(self, Self::Refused(_) | Self::TooLarge(_))
    }

    /// Why, without what follows for the mail.
    pub fn cause(&self) -> &str {
        let (Self::Unavailable(cause) | Self::Deferred(cause) | Self::TooLarge(cause) | Self::Refused(cause)) = self;
        cause
    }

    /// Whether the server refuses our login.
    pub fn is_refused_login(&self) -> bool {
        matches!(self, Self::Unavailable(words) if words.starts_with(LOGIN))
    }

    /// With what we present, if it may be our certificate that the server does not admit: its TLS or
    /// its words say so, or it refuses the login.
    pub(super) fn naming(self, identity: Option<&Identity>) -> Self {
        match self {
            Self::Unavailable(words) if words.starts_with(LOGIN) || tls::blames_our_certificate(&words) => {
                Self::Unavailable(format!("{words} ; {}", tls::what_we_present(identity)))
            }
            other => other,
        }
    }

    /// The failure of a step of one mail: for good only if the server says so of this mail.
    pub(super) fn of_mail(step: Step, error: &smtp::Error) -> Self {
        if is_too_large(step, error) {
            return Self::TooLarge(format!("{step} : {}", words(error)));
        }
        let is_final = match step {
            Step::Sender => false,
            Step::Recipient => error.is_permanent() && !is_policy(error),
            Step::Content => error.is_permanent(),
        };
        let sentence = format!("{step} : {}", words(error));
        if is_final { Self::Refused(sentence) } else { Self::Deferred(sentence) }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sender => "expéditeur d’enveloppe",
            Self::Recipient => "destinataire",
            Self::Content => "contenu",
        })
    }
}

/// A login or a right is missing, which an operator can mend: 530 (RFC 4954, section 6) or 5.7.x (RFC 3463, section
/// 3.8).
fn is_policy(error: &smtp::Error) -> bool {
    error.status().map(u16::from) == Some(530) || innermost(error).to_string().starts_with("5.7.")
}

/// RFC 1870, section 6; 5.3.4 and 5.2.3 of RFC 3463. Of a recipient, 552 alone may as well be a mailbox that is full.
fn is_too_large(step: Step, error: &smtp::Error) -> bool {
    let text = innermost(error).to_string();
    let is_told = text.starts_with("5.3.4") || text.starts_with("5.2.3");
    let is_552 = error.status().map(u16::from) == Some(552) && !text.starts_with("5.");
    error.is_permanent() && (is_told || is_552 && step != Step::Recipient)
}

/// One step of the opening of a session, no longer than the deadline; a failure says nothing about any mail.
pub(super) async fn within<T>(
    limit: Duration,
    step: &str,
    work: impl Future<Output = Result<T, String>>,
) -> Result<T, SendError> {
    let done = timeout(limit, work).await.unwrap_or_else(|_| Err(SILENT.to_owned()));
    done.map_err(|words| SendError::Unavailable(format!("{step} : {words}")))
}

/// The server's own words with its code, or the innermost cause: what an operator can look up.
pub(super) fn words(error: &smtp::Error) -> String {
    if let Some(fault) = tls::tls_error(error) {
        return tls::told(fault);
    }
    let code = error.status().map(|code| format!("{code} ")).unwrap_or_default();
    format!("{code}{}", excerpt(&innermost(error).to_string()))
}

fn innermost(error: &smtp::Error) -> &dyn Error {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}
