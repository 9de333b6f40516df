//! What was recorded of a mail beside what today's judgement makes of it.

use std::collections::BTreeSet;

use domain::capacity::Update;
use domain::defect::Defect;
use domain::outcome::{Etat, Verdict};
use store::{JudgedDocument, JudgedMail, Prior, StoredRow};

/// The documents, by their rank, of which a count that went its way would not be accepted today.
pub(in crate::pipeline) fn kept(after: &JudgedMail, stored: &[StoredRow]) -> BTreeSet<usize> {
    let went = |row: &&StoredRow| row.line.etat != Some(Etat::Rejetee);
    stored.iter().filter(went).filter(|row| !is_accepted(after, row)).map(|row| row.rank).collect()
}

pub(in crate::pipeline) fn is_accepted(after: &JudgedMail, row: &StoredRow) -> bool {
    let document = after.documents.get(row.rank);
    document.is_some_and(|document| document.updates.iter().any(|update| is_same_key(row, update)))
}

pub(in crate::pipeline) fn is_same_key(row: &StoredRow, update: &Update) -> bool {
    let known = &row.line.update;
    known.location == update.location && known.count.indicator == update.count.indicator
}

/// The verdict of today, rows that wait being taken as accepted.
pub(in crate::pipeline) fn verdict(after: &JudgedMail) -> Verdict {
    let of_document = |document: &JudgedDocument| match document.prior {
        Prior::Duplicate(_) => Verdict::Doublon,
        Prior::New | Prior::Reused => {
            Verdict::of_rows(document.updates.len(), document.defects.iter().any(Defect::is_rejection))
        }
    };
    let documents: Vec<Verdict> = after.documents.iter().map(of_document).collect();
    after.verdict.unwrap_or_else(|| Verdict::combine(&documents))
}
