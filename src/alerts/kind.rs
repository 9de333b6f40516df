//! The kinds of incidents.

use std::fmt;
use std::str::FromStr;

use super::UnknownWord;
use super::catalogue::{Article, article};

/// What an incident is about. Its word is a public contract: webhooks, metrics and the store bear it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// No complete sweep of a mailbox for too long.
    Unswept,
    /// A mail waits for its judgement.
    Unjudged,
    /// The ROR does not answer as it must: requests are suspended.
    RorDown,
    /// The ROR refuses our rights on a location (R04).
    RorRights,
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

impl Kind {
    /// Every kind, the gravest first.
    pub const ALL: [Self; 19] = [
        Self::StoreSilent,
        Self::Balance,
        Self::Stuck,
        Self::Disk,
        Self::Unswept,
        Self::Unjudged,
        Self::RorDown,
        Self::RorRights,
        Self::LateDeliveries,
        Self::CredentialRefused,
        Self::Certificate,
        Self::PatientDocument,
        Self::SilentEstablishment,
        Self::SilentService,
        Self::Rejections,
        Self::Undelivered,
        Self::ToRead,
        Self::RepliesWaiting,
        Self::Referential,
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
            Self::Undelivered | Self::ToRead | Self::PatientDocument => Some(
                "Se clôt quelques minutes après que le courriel est marqué comme traité, ou d’elle-même au bout de `alerts.event_window`.",
            ),
            _ => None,
        }
    }

    /// Whether it happened once, rather than lasts: such an incident opens at first sight.
    pub fn is_event(self) -> bool {
        matches!(self, Self::PatientDocument | Self::Undelivered | Self::ToRead | Self::Certificate | Self::Referential)
    }

    fn article(self) -> &'static Article {
        article(self)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Kind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.word() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}
