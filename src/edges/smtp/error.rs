//! What follows from a problem with the server: for all mails, or for one recipient of one mail.

use super::fault::{Problem, SmtpFault, SmtpStep};
use super::settings::{Auth, SmtpSettings};
use base::tls;

/// No mail can leave now. It says nothing about any mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("serveur d’envoi indisponible : {cause}")]
pub struct SendError {
    /// What is in the way.
    pub obstacle: Obstacle,
    /// Why, in French, with the server's words.
    pub cause: String,
}

/// What is in the way of every mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The server is out of reach, is not the right one, or has no time.
    Server,
    /// The server does not admit our account or our certificate.
    Login,
    /// The server does not take mails from this envelope sender, or no more of them for now.
    Sender,
}

/// What came of a mail for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// The server took it over.
    Taken,
    /// Not this time: the same mail may be taken later.
    Later(String),
    /// What the mail holds was refused: a lighter one may pass.
    Unwanted(String),
    /// Refused for good.
    Refused(String),
}

impl SendError {
    /// A problem before any mail was at stake.
    pub(super) fn of_opening(problem: &Problem, settings: &SmtpSettings) -> Self {
        let is_ours = problem.is_of_our_certificate() || problem.step == SmtpStep::Login && !is_lost(problem);
        let is_told = is_ours && !matches!(problem.fault, SmtpFault::CutAtFirstWord(_));
        let obstacle = if is_told { Obstacle::Login } else { Obstacle::Server };
        let presented = is_ours.then(|| format!(" ; {}", tls::what_we_present(settings.identity.as_ref())));
        Self { obstacle, cause: format!("{problem}{}", presented.unwrap_or_default()) }
    }

    /// What follows from a refusal of the sender for every mail; `None` if it is about the mail to come.
    pub(super) fn of_sender(problem: &Problem) -> Option<Self> {
        let obstacle = match &problem.fault {
            SmtpFault::Unfit(_) => return None,
            SmtpFault::Refused(answer) if answer.refuses_mail_to_come() => return None,
            SmtpFault::Refused(answer) if answer.wants_login() => Obstacle::Login,
            SmtpFault::Refused(answer) if answer.is_closing() && !answer.turns_us_away() => Obstacle::Server,
            SmtpFault::Refused(_) | SmtpFault::Unwritable => Obstacle::Sender,
            _ => Obstacle::Server,
        };
        Some(Self { obstacle, cause: problem.to_string() })
    }

    /// The same of a recipient: only a login that the server wants.
    pub(super) fn of_recipient(problem: &Problem) -> Option<Self> {
        let wants_login = matches!(&problem.fault, SmtpFault::Refused(answer) if answer.wants_login());
        wants_login.then(|| Self { obstacle: Obstacle::Login, cause: problem.to_string() })
    }
}

impl Handed {
    /// Whether the server took it over.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Taken)
    }

    /// Why not; empty if it was taken.
    pub fn cause(&self) -> &str {
        match self {
            Self::Taken => "",
            Self::Later(cause) | Self::Unwanted(cause) | Self::Refused(cause) => cause,
        }
    }

    /// A problem with the content, or with the mail as the envelope announces it.
    pub(super) fn of_content(problem: &Problem) -> Self {
        let told = problem.to_string();
        match &problem.fault {
            SmtpFault::Unfit(_) => Self::Unwanted(told),
            SmtpFault::Refused(answer) if answer.wants_login() => Self::Later(told),
            SmtpFault::Refused(answer) if answer.refuses_content() => Self::Unwanted(told),
            SmtpFault::Refused(answer) if answer.is_permanent() => Self::Refused(told),
            _ => Self::Later(told),
        }
    }

    /// A problem with a recipient. What a right that we lack explains, an operator can mend; who has no account is known by
    /// the certificate.
    pub(super) fn of_recipient(problem: &Problem, settings: &SmtpSettings) -> Self {
        let told = problem.to_string();
        match &problem.fault {
            SmtpFault::Refused(answer) if answer.is_too_large() => Self::Unwanted(told),
            SmtpFault::Refused(answer) if answer.forbids() && settings.auth() == Auth::None => {
                Self::Later(format!("{told} ; {}", tls::what_we_present(settings.identity.as_ref())))
            }
            SmtpFault::Refused(answer) if answer.is_permanent() && !answer.forbids() => Self::Refused(told),
            SmtpFault::Unwritable => Self::Refused(told),
            _ => Self::Later(told),
        }
    }
}

/// Whether the connection failed, as opposed to an answer.
fn is_lost(problem: &Problem) -> bool {
    problem.fault.ends()
}
