//! Establishments and their services: who was heard last when, whose counts do not move, what is late.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::plan::sql::Sql;
use crate::{Result, Store, instant, lasting, millis};
use domain::finess::Finess;

/// The most places whose states are asked for in one query.
const STEP: usize = 256;

/// A service, and the newest observation of it that Dispolits accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServicePlace {
    /// The establishment.
    pub finess: String,
    /// The code service.
    pub service: String,
    /// When it was observed.
    #[schema(value_type = String, format = DateTime)]
    pub date_releve: Timestamp,
    /// The receipt number of the last mail that said so; it may have been forgotten.
    pub courriel: i64,
    /// When that observation was first received: `date_releve` has not advanced since.
    #[schema(value_type = String, format = DateTime)]
    pub avance: Timestamp,
    /// When a count for it was last received.
    #[schema(value_type = String, format = DateTime)]
    pub entendu: Timestamp,
    /// The `date_releve` since which all its counts have been the same.
    #[schema(value_type = String, format = DateTime)]
    pub inchange_depuis: Timestamp,
    /// How many counts of that mail are acknowledged, waiting, refused: empty where it was not asked for, or forgotten.
    pub lignes: Vec<(String, i64)>,
}

#[derive(FromRow)]
struct ServiceColumns {
    finess: String,
    service: String,
    date_releve: i64,
    mail_id: i64,
    advanced_at: i64,
    heard_at: i64,
    same_since: i64,
}

/// Counts of a service that a mail brought and that wait for the ROR longer than they should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LateDelivery {
    /// Receipt number.
    pub courriel: i64,
    /// The establishment.
    pub finess: String,
    /// The code service.
    pub service: String,
    /// How many counts.
    pub lignes: i64,
    /// Since when they wait.
    #[schema(value_type = String, format = DateTime)]
    pub depuis: Timestamp,
}

const COLUMNS: &str = "finess, service, date_releve, mail_id, advanced_at, heard_at, same_since";

impl Store {
    /// Every service that a count was ever accepted for, the one observed longest ago first, without the states of its
    /// counts. There are as many as the region has services.
    pub async fn places(&self) -> Result<Vec<ServicePlace>> {
        self.places_where("1 = 1", u32::MAX, Sql::default()).await
    }

    /// The services of an establishment.
    pub async fn places_of(&self, finess: Finess) -> Result<Vec<ServicePlace>> {
        let mut sql = Sql::default();
        let condition = format!("finess = {}", sql.bind(finess.to_string()));
        let places = self.places_where(&condition, u32::MAX, sql).await?;
        self.with_states(places).await
    }

    /// The services observed before an instant for the last time, the one longest ago first.
    pub async fn places_observed_before(&self, before: Timestamp, limit: u32) -> Result<Vec<ServicePlace>> {
        let mut sql = Sql::default();
        let condition = format!("date_releve < {}", sql.bind(millis(before)));
        let places = self.places_where(&condition, limit, sql).await?;
        self.with_states(places).await
    }

    /// The services whose counts have all been the same while `dateReleve` advanced by `span` or more. A report with
    /// other indicators than the one before counts as a change.
    pub async fn frozen_places(&self, span: SignedDuration, limit: u32) -> Result<Vec<ServicePlace>> {
        let mut sql = Sql::default();
        let condition = format!("date_releve - same_since >= {}", sql.bind(lasting(span)));
        self.places_where(&condition, limit, sql).await
    }

    /// The services of which counts were still received `span` or more after `dateReleve` had ceased to advance.
    pub async fn stalled_places(&self, span: SignedDuration, limit: u32) -> Result<Vec<ServicePlace>> {
        let mut sql = Sql::default();
        let condition = format!("heard_at - advanced_at >= {}", sql.bind(lasting(span)));
        self.places_where(&condition, limit, sql).await
    }

    async fn places_where(&self, condition: &str, limit: u32, sql: Sql) -> Result<Vec<ServicePlace>> {
        let statement = format!(
            "SELECT {COLUMNS} FROM places WHERE {condition} ORDER BY date_releve, finess, service LIMIT {limit}"
        );
        let rows: Vec<ServiceColumns> = sql.fetch(statement, self.search_in()).await?;
        Ok(rows.into_iter().map(place).collect())
    }

    async fn with_states(&self, mut places: Vec<ServicePlace>) -> Result<Vec<ServicePlace>> {
        for some in places.chunks_mut(STEP) {
            let mails: Vec<i64> = some.iter().map(|place| place.courriel).collect();
            let mut states = self.states_by_place(&mails).await?;
            for place in some {
                let key = (place.courriel, place.finess.clone(), place.service.clone());
                place.lignes = states.remove(&key).unwrap_or_default();
            }
        }
        Ok(places)
    }

    async fn states_by_place(&self, mails: &[i64]) -> Result<HashMap<(i64, String, String), Vec<(String, i64)>>> {
        let mut sql = Sql::default();
        let statement = format!(
            "SELECT mail_id, finess, service, etat, COUNT(*) FROM updates WHERE mail_id IN ({})
             GROUP BY mail_id, finess, service, etat ORDER BY etat",
            sql.list(mails)
        );
        let rows: Vec<(i64, String, String, String, i64)> = sql.fetch(statement, self.search_in()).await?;
        let mut states: HashMap<_, Vec<_>> = HashMap::new();
        for (mail, finess, service, etat, count) in rows {
            states.entry((mail, finess, service)).or_default().push((etat, count));
        }
        Ok(states)
    }

    /// Counts judged before an instant that still wait, the oldest first. Reads what waits, however much it is.
    pub async fn late_deliveries(&self, before: Timestamp, limit: u32) -> Result<Vec<LateDelivery>> {
        let mut sql = Sql::default();
        let statement = format!(
            "SELECT u.mail_id, u.finess, u.service, COUNT(*), m.judged_at
             FROM updates u JOIN mails m ON m.id = u.mail_id
             WHERE u.etat = 'en-attente' AND m.judged_at < {}
             GROUP BY u.mail_id, u.finess, u.service, m.judged_at
             ORDER BY m.judged_at, u.mail_id, u.finess, u.service LIMIT {limit}",
            sql.bind(millis(before))
        );
        let rows: Vec<(i64, String, String, i64, i64)> = sql.fetch(statement, self.search_in()).await?;
        let late = |(courriel, finess, service, lignes, depuis)| LateDelivery {
            courriel,
            finess,
            service,
            lignes,
            depuis: instant(depuis),
        };
        Ok(rows.into_iter().map(late).collect())
    }
}

fn place(row: ServiceColumns) -> ServicePlace {
    ServicePlace {
        finess: row.finess,
        service: row.service,
        date_releve: instant(row.date_releve),
        courriel: row.mail_id,
        avance: instant(row.advanced_at),
        entendu: instant(row.heard_at),
        inchange_depuis: instant(row.same_since),
        lignes: Vec::new(),
    }
}
