//! The columns of an update and the value they stand for.

use sqlx::FromRow;

use crate::{Result, StoreError, instant, parse};
use domain::capacity::{Count, Location, Nature, Nombre, Nomenclature, Source, Update};
use domain::outcome::{Etat, OutcomeLine};

/// The columns that make an [`Update`], to be listed in this order where they are selected.
#[derive(Debug, FromRow)]
pub(crate) struct UpdateColumns {
    pub(crate) id: i64,
    finess: String,
    service: String,
    indicator: String,
    nature: String,
    nombre: i64,
    source: String,
    date_releve: i64,
    etat: String,
    #[sqlx(try_from = "i64")]
    pub(crate) attempts: u32,
}

/// The establishment and the service of a location, as columns have them.
pub(crate) type RowPlace = (String, String);

impl UpdateColumns {
    pub(crate) fn place(&self) -> RowPlace {
        (self.finess.clone(), self.service.clone())
    }

    pub(crate) fn update(&self) -> Result<Update> {
        Ok(Update {
            location: Location::new(parse(&self.finess)?, parse(&self.service)?),
            count: Count {
                indicator: parse(&self.indicator)?,
                nature: word::<Nature>(&self.nature)?,
                nombre: Nombre::new(self.nombre).ok_or_else(|| StoreError::Corrupt(self.nombre.to_string()))?,
            },
            date_releve: instant(self.date_releve),
            source: word::<Source>(&self.source)?,
        })
    }

    pub(crate) fn line(&self) -> Result<OutcomeLine> {
        Ok(OutcomeLine { update: self.update()?, etat: Some(parse::<Etat>(&self.etat)?) })
    }
}

fn word<T: Nomenclature>(word: &str) -> Result<T> {
    T::from_word(word).ok_or_else(|| StoreError::Corrupt(word.to_owned()))
}
