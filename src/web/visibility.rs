//! How much of a mail a visitor may see.

use crate::Visitor;
use domain::access::Right;
use domain::capacity::ServiceCode;
use domain::defect::{Code, Defect};
use domain::finess::Finess;
use domain::outcome::MailOutcome;
use judging::referential::Referential;
use store::search::{JournalEntry, PlaceNamed};

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

/// A line of the journal as a visitor may see it: a code service is the sender's word, unless the referential knows it.
pub(super) fn line(visitor: &Visitor, referential: &Referential, mut entry: JournalEntry) -> JournalEntry {
    if !visitor.person.may(Right::Contenu) {
        entry.lieux.iter_mut().for_each(|place| leave_known(place, referential));
    }
    entry
}

fn leave_known(place: &mut PlaceNamed, referential: &Referential) {
    let finess = place.finess.parse::<Finess>().ok();
    let is_known = |code: &String| {
        let named = finess.zip(code.parse::<ServiceCode>().ok());
        named.is_some_and(|(finess, code)| referential.service(finess, &code).is_some())
    };
    place.services.retain(is_known);
}

/// Whether a patient's document came by mistake.
pub(super) fn is_patients(outcome: &MailOutcome) -> bool {
    outcome.all_defects().any(|defect| defect.code() == Code::M06)
}
