//! How much of a mail a visitor may see.

use super::Visitor;
use crate::access::Right;
use crate::defect::{Code, Defect};
use crate::outcome::MailOutcome;

/// Whether a visitor sees what a mail holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// They do.
    Open,
    /// Their role shows no contents.
    Closed,
    /// It holds a patient's document, and they are no administrator.
    Patient,
}

impl Sight {
    /// That of a visitor on a mail.
    pub(super) fn of(visitor: &Visitor, outcome: &MailOutcome) -> Self {
        match (visitor.person.may(Right::Contenu), is_patients(outcome)) {
            (_, true) if !visitor.person.may(Right::Patient) => Self::Patient,
            (false, false) => Self::Closed,
            (true, _) | (false, true) => Self::Open,
        }
    }

    /// A defect as it may be shown.
    pub(super) fn defect(self, defect: &Defect) -> Defect {
        let defect = defect.clone();
        if self == Self::Open { defect } else { defect.without_values() }
    }

    /// The outcome as it may be shown.
    pub(super) fn on(self, outcome: MailOutcome) -> MailOutcome {
        if self == Self::Open { outcome } else { outcome.without_values() }
    }
}

/// Whether a patient's document came by mistake.
pub(super) fn is_patients(outcome: &MailOutcome) -> bool {
    outcome.all_defects().any(|defect| defect.code() == Code::M06)
}
