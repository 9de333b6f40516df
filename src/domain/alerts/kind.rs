//! The kinds of incidents.

use std::fmt;
use std::str::FromStr;

use super::UnknownWord;
use super::catalogue::{Article, article};

/// What an incident is about. Its word is a public contract: webhooks, metrics and the store bear it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IncidentKind {
    /// No complete sweep of a mailbox for too long.
    Unswept,
    /// A mail waits for its judgement.
    Unjudged,
    /// A folder refuses judged mails: they stay where they came.
    FilingRefused,
    /// Mails stay in the mailbox and could not be taken.
    Unread,
    /// Judged mails stay in the mailbox, since its server cannot move them.
    Unmoved,
    /// The ROR does not answer as it must: requests are suspended.
    RorDown,
    /// The ROR refuses our rights on a location (R04).
    RorRights,
    /// The ROR refused counts for good (R01, R02, R03, R05).
    RorRefusals,
    /// An indicator stands in the ROR under both codes of the undifferentiated genre.
    Twin,
    /// A server refuses our login, our certificate or our client.
    CredentialRefused,
    /// A certificate of ours comes to its end.
    Certificate,
    /// An establishment sends nothing any more.
    SilentEstablishment,
    /// A service is no longer in what its establishment sends.
    SilentService,
    /// More rejections than usual.
    Rejections,
    /// A reply did not reach its sender.
    Undelivered,
    /// Somebody answered one of our mails, and no machine answers that.
    ToRead,
    /// Replies wait: the submission server takes none.
    RepliesWaiting,
    /// Mails received have no outcome and are not in progress.
    Balance,
    /// The disk of the store is nearly full.
    Disk,
    /// A patient document came by mistake (M06).
    PatientDocument,
    /// The store cannot be read.
    StoreSilent,
    /// Counts wait for the ROR for too long.
    LateDeliveries,
    /// New files of the referential were refused.
    Referential,
    /// A task of the service gives no sign.
    Stuck,
}

impl IncidentKind {
    /// Every kind, the gravest first.
    pub const ALL: [Self; 24] = [
        Self::StoreSilent,
        Self::Balance,
        Self::Stuck,
        Self::Disk,
        Self::Unswept,
        Self::Unread,
        Self::Unjudged,
        Self::RorDown,
        Self::RorRights,
        Self::LateDeliveries,
        Self::RorRefusals,
        Self::Twin,
        Self::CredentialRefused,
        Self::Certificate,
        Self::PatientDocument,
        Self::FilingRefused,
        Self::SilentEstablishment,
        Self::SilentService,
        Self::Rejections,
        Self::Undelivered,
        Self::ToRead,
        Self::RepliesWaiting,
        Self::Referential,
        Self::Unmoved,
    ];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        self.article().word
    }

    /// A few words, for a title or a line.
    pub fn title(self) -> &'static str {
        self.article().title
    }

    /// What it means, for an operator.
    pub fn meaning(self) -> &'static str {
        self.article().meaning
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        self.article().remedy
    }

    /// When it closes, where that is more than « once its cause is gone ».
    pub fn ending(self) -> Option<&'static str> {
        match self {
            Self::Rejections => Some(
                "Se clôt d’elle-même quand les rejets de la dernière heure reviennent à l’habitude ; marquer des courriels comme traités n’y change rien.",
            ),
            Self::RorRefusals => Some(
                "Se clôt quelques minutes après que les courriels sont marqués comme traités, ou d’elle-même quand le ROR n’a plus rien refusé sous ce code depuis `alerts.event_window`.",
            ),
            Self::Undelivered | Self::ToRead | Self::PatientDocument => Some(
                "Se clôt quelques minutes après que le courriel est marqué comme traité, ou d’elle-même au bout de `alerts.event_window`.",
            ),
            Self::Unread => Some(
                "Se clôt d’elle-même quand le courriel est lu, quitte la boîte, ou est mis à l’écart par `dispolits journal left set-aside`.",
            ),
            Self::Unmoved => Some("Se clôt d’elle-même quand ces courriels ont quitté la boîte."),
            _ => None,
        }
    }

    /// Whether it is seen only once it lasts: then it opens at first sight.
    pub fn is_measured(self) -> bool {
        matches!(self, Self::Unread)
    }

    /// Whether it happened once, rather than lasts: such an incident opens at first sight.
    pub fn is_event(self) -> bool {
        matches!(
            self,
            Self::PatientDocument
                | Self::Undelivered
                | Self::ToRead
                | Self::RorRefusals
                | Self::Certificate
                | Self::Referential
        )
    }

    fn article(self) -> &'static Article {
        article(self)
    }
}

impl fmt::Display for IncidentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for IncidentKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.word() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}
