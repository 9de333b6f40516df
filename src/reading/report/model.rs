//! What every format is read into, with the place of each item so that later checks can point.

use std::collections::BTreeSet;

use jiff::Timestamp;

use domain::capacity::{Count, Indicator, Mode, ServiceCode, Source};
use domain::defect::{Defect, Place};
use domain::finess::Finess;

/// The outcome of reading one document: what could be understood, and all that is wrong.
///
/// Reading never fails: a document that cannot be read at all has no establishment and at least
/// one defect whose scope is the document.
#[derive(Debug, Clone, Default)]
pub struct ReportReading {
    /// What the root element says.
    pub head: ReportHead,
    /// The establishments, in document order. Empty when the document as a whole is rejected.
    pub etablissements: Vec<Etablissement>,
    /// Everything wrong, in document order.
    pub defects: Vec<Defect>,
}

impl ReportReading {
    /// The services the document speaks of, accepted or not, each once.
    pub fn mentions(&self) -> Vec<(Finess, ServiceCode)> {
        let owned = self.etablissements.iter().filter_map(|owner| Some((owner.finess?, &owner.services)));
        let pairs = owned.flat_map(|(finess, services)| {
            services.iter().filter_map(move |service| Some((finess, service.code.clone()?)))
        });
        pairs.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// The root element of a document.
#[derive(Debug, Clone, Default)]
pub struct ReportHead {
    /// The attachment's name, as shown to people.
    pub name: String,
    /// The format recognised by the root element, for example `disponibilites-1`.
    pub format: Option<&'static str>,
    /// SHA-256 of the decoded text, in lower-case hexadecimal; of the bytes if they cannot be decoded.
    pub sha256: String,
    /// The sender's own identifier of the document.
    pub identifiant: Option<String>,
    /// When the document was made.
    pub date_emission: Option<Timestamp>,
    /// For the ROR or for trying.
    pub mode: Mode,
    /// The place of the root element.
    pub place: Place,
}

/// One `etablissement` element.
#[derive(Debug, Clone)]
pub struct Etablissement {
    /// Its number; `None` when a defect on it was found.
    pub finess: Option<Finess>,
    /// The services, in document order; rejected ones included, for the checks between services.
    pub services: Vec<ReportedService>,
    /// The place of its number.
    pub place: Place,
    /// Whether a defect of its own rejects all that stands under it.
    pub rejected: bool,
}

/// One `service` element.
#[derive(Debug, Clone)]
pub struct ReportedService {
    /// Its code; `None` when a defect on it was found.
    pub code: Option<ServiceCode>,
    /// When it was observed; `None` when a defect on it was found.
    pub date_releve: Option<Timestamp>,
    /// Who counted.
    pub source: Source,
    /// The counts that could be read, in document order.
    pub counts: Vec<PlacedCount>,
    /// The counts that a defect rejects although it is known what they count, for the checks between counts.
    pub rejected_counts: Vec<RejectedCount>,
    /// The place of the element's code.
    pub place: Place,
    /// The place of the date.
    pub date_place: Place,
    /// The date as written, shortened.
    pub date_text: String,
    /// Whether a defect of its own rejects all that stands under it.
    pub rejected: bool,
}

/// A count and where it was written.
#[derive(Debug, Clone)]
pub struct PlacedCount {
    /// The count.
    pub count: Count,
    /// The place of its number.
    pub place: Place,
}

/// A count rejected by a defect of its own, most often of its number. It is an occurrence of its indicator all the
/// same: of two, nobody can say which one was meant.
#[derive(Debug, Clone)]
pub struct RejectedCount {
    /// What it counts.
    pub indicator: Indicator,
    /// Its number as written, shortened; `None` if it has none.
    pub written: Option<String>,
    /// The place of its number.
    pub place: Place,
}
