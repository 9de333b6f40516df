//! Reading documents: encodings, well-formedness, limits, the native format.

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod defects;
#[cfg(test)]
mod encodings;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod sniffing;
#[cfg(test)]
mod well_formed;
#[cfg(test)]
mod xmllint;

use reading::report::{DocumentLimits, ReportReading, read};

/// A good document of two establishments, three services and six counts, on which cases are built
/// by replacing a part.
pub(crate) const GOOD: &str = include_str!("good.xml");

pub(crate) fn read_text(text: &str) -> ReportReading {
    read("a.xml", text.as_bytes(), &DocumentLimits::default())
}

/// The good document with every `from` replaced, which must be there.
pub(crate) fn mutated(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "« {from} » is not in the good document");
    GOOD.replacen(from, to, 1)
}

/// The codes in document order, separated by blanks.
pub(crate) fn codes(reading: &ReportReading) -> String {
    reading.defects.iter().map(|defect| defect.code().as_str()).collect::<Vec<_>>().join(" ")
}

/// How many counts stand under nothing rejected.
pub(crate) fn accepted(reading: &ReportReading) -> usize {
    let services = reading.etablissements.iter().filter(|etablissement| !etablissement.rejected);
    services
        .flat_map(|etablissement| &etablissement.services)
        .filter(|service| !service.rejected)
        .map(|service| service.counts.len())
        .sum()
}
