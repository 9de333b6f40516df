//! What is counted: indicators, counts, the service that holds them and the update that carries
//! one count to the ROR.

mod genre_code;
mod indicator;
mod nomenclature;
mod service;

use jiff::Timestamp;

pub use genre_code::{GenreCode, NotAGenreCode};
pub use indicator::{Incompatible, Indicator, IndicatorParts, NotAnIndicator};
pub use nomenclature::{
    Affectation, Crise, Fermeture, Genre, Nature, Nomenclature, NomenclatureEntry, Source, Statut, Supplement,
    Temporalite,
};
pub use service::{Location, ServiceCode, ServiceCodeError};

use crate::finess::Finess;

/// One number of beds or places under one indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The key in the ROR.
    pub indicator: Indicator,
    /// Beds or places; not part of the key, but it must be what the ROR expects of it.
    pub nature: Nature,
    /// How many.
    pub nombre: Nombre,
}

/// How many beds or places: a whole number from 0 to 2 147 483 647, the range of a FHIR `integer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nombre(i32);

impl Nombre {
    /// The number, if it is in the range.
    pub fn new(value: i64) -> Option<Self> {
        i32::try_from(value).ok().filter(|value| *value >= 0).map(Self)
    }

    /// The number, never negative.
    pub fn get(self) -> i32 {
        self.0
    }
}

/// Whether a report is meant for the ROR or only to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Pushed to the ROR.
    #[default]
    Reel,
    /// Validated and always answered, never pushed.
    Test,
}

/// One judged count on its way to the ROR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Where the beds are.
    pub location: Location,
    /// What was counted.
    pub count: Count,
    /// When it was observed (capacityUpdateDate of the ROR).
    pub date_releve: Timestamp,
    /// Who counted.
    pub source: Source,
}

impl Update {
    /// The establishment's FINESS.
    pub fn finess(&self) -> Finess {
        self.location.finess()
    }
}
