//! The last known value of each indicator of an establishment.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::plan::sql::Sql;
use crate::{Result, Store, StoreError, instant, parse};
use domain::capacity::{Count, Indicator, Nature, Nombre, Nomenclature};
use domain::finess::Finess;

/// The newest count received of an indicator, and the newest that the ROR acknowledged.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LastValue {
    /// The code service.
    pub service: String,
    /// What is counted, and how many.
    #[serde(skip)]
    pub count: Count,
    /// The indicator's key, as the store writes it.
    pub indicateur: String,
    /// `lit` or `place`.
    pub nature: String,
    /// How many.
    pub nombre: i64,
    /// When it was observed.
    #[schema(value_type = String, format = DateTime)]
    pub date_releve: Timestamp,
    /// Where it stands: `transmise` and so on.
    pub etat: String,
    /// The receipt number of its mail.
    pub courriel: i64,
    /// What the ROR held instead, where it was seen to hold a later entry.
    #[schema(value_type = Option<(String, i64)>)]
    pub ror: Option<(Timestamp, i64)>,
    /// The newest value that the ROR acknowledged, if it is another: when it was observed, and how many.
    #[schema(value_type = Option<(String, i64)>)]
    pub acquitte: Option<(Timestamp, i64)>,
}

#[derive(FromRow)]
struct LastValueColumns {
    service: String,
    indicator: String,
    nature: String,
    nombre: i64,
    date_releve: i64,
    etat: String,
    mail_id: i64,
    ror_date: Option<i64>,
    ror_nombre: Option<i64>,
    known_date: Option<i64>,
    known_nombre: Option<i64>,
}

impl Store {
    /// The last known values of an establishment, by service and indicator. Each is found by a look into the index of
    /// its key, however many came before it.
    pub async fn levels(&self, finess: Finess) -> Result<Vec<LastValue>> {
        let mut sql = Sql::default();
        let finess = sql.bind(finess.to_string());
        let newest = |etat: &str| {
            format!(
                "(SELECT u.id FROM updates u WHERE u.finess = {finess} AND u.service = keyed.service
                  AND u.indicator = keyed.indicator AND u.etat {etat}
                  ORDER BY u.date_releve DESC, u.mail_id DESC, u.id DESC LIMIT 1)"
            )
        };
        let next = |column: &str| {
            format!(
                "(SELECT u.{column} FROM updates u WHERE u.finess = {finess}
                  AND (u.service, u.indicator) > (keyed.service, keyed.indicator)
                  ORDER BY u.service, u.indicator LIMIT 1)"
            )
        };
        let statement = format!(
            "WITH RECURSIVE keyed (service, indicator) AS (
                 SELECT * FROM (SELECT u.service, u.indicator FROM updates u WHERE u.finess = {finess}
                                ORDER BY u.service, u.indicator LIMIT 1) AS first
                 UNION ALL
                 SELECT {}, {} FROM keyed WHERE keyed.service IS NOT NULL)
             SELECT n.service, n.indicator, n.nature, n.nombre, n.date_releve, n.etat, n.mail_id,
                    n.ror_date, n.ror_nombre, a.date_releve AS known_date, a.nombre AS known_nombre
             FROM (SELECT {} AS newest, {} AS known FROM keyed WHERE keyed.service IS NOT NULL) AS ids
             JOIN updates n ON n.id = ids.newest LEFT JOIN updates a ON a.id = ids.known AND a.id <> n.id
             ORDER BY n.service, n.indicator",
            next("service"),
            next("indicator"),
            newest("<> 'non-transmise-test'"),
            newest("= 'transmise'"),
        );
        let rows: Vec<LastValueColumns> = sql.fetch(statement, self.search_in()).await?;
        rows.into_iter().map(level).collect()
    }
}

fn level(row: LastValueColumns) -> Result<LastValue> {
    let corrupt = |text: &dyn ToString| StoreError::Corrupt(text.to_string());
    let count = Count {
        indicator: parse::<Indicator>(&row.indicator)?,
        nature: Nature::from_word(&row.nature).ok_or_else(|| corrupt(&row.nature))?,
        nombre: Nombre::new(row.nombre).ok_or_else(|| corrupt(&row.nombre))?,
    };
    Ok(LastValue {
        service: row.service,
        count,
        indicateur: row.indicator,
        nature: row.nature,
        nombre: row.nombre,
        date_releve: instant(row.date_releve),
        etat: row.etat,
        courriel: row.mail_id,
        ror: row.ror_date.map(instant).zip(row.ror_nombre),
        acquitte: row.known_date.map(instant).zip(row.known_nombre),
    })
}
