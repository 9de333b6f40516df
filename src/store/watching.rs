//! What operators must be told of, as far as the store knows it.

use jiff::Timestamp;

use super::engine::{query_as, query_scalar};
use super::{MailId, Result, Store, instant, millis};
use crate::alerts::Values;
use crate::capacity::{Indicator, Location, Statut};
use crate::finess::Finess;

/// The most happenings looked at: each is an incident of its own.
const MOST: u32 = 100;
/// The most counts of a service looked at.
const COUNTS: u32 = 2000;
const HOUR_MS: i64 = 3_600_000;

/// Something that happened to a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happening {
    /// The mail.
    pub mail: MailId,
    /// When.
    pub at: Timestamp,
}

/// Rows that the ROR gives us no right to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsRefused {
    /// How many locations.
    pub locations: i64,
    /// One of them, `FINESS/CODE`.
    pub example: String,
    /// Since when the oldest row waits.
    pub since: Timestamp,
}

/// Mails rejected, at least in part, in one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The establishment they speak of; `None` for all mails.
    pub finess: Option<Finess>,
    /// How many hours before now: 0 is the last one.
    pub hour: u32,
    /// How many.
    pub mails: u32,
}

impl Store {
    /// Replies given up, or come back, since then.
    pub async fn undelivered_replies(&self, since: Timestamp) -> Result<Vec<Happening>> {
        let rows = query_as(
            "SELECT mail_id, closed_at FROM replies WHERE etat = 'abandonnee' AND closed_at >= $1
             UNION ALL
             SELECT r.mail_id, b.received_at FROM replies r JOIN mails b ON b.id = r.returned_by
             WHERE r.returned_by IS NOT NULL AND b.received_at >= $1
             ORDER BY 2 DESC LIMIT $2",
        )
        .bind(millis(since))
        .bind(MOST)
        .fetch_all(self.read())
        .await?;
        Ok(rows.into_iter().map(happening).collect())
    }

    /// Patient documents (M06) received since then.
    pub async fn patient_documents(&self, since: Timestamp) -> Result<Vec<Happening>> {
        let rows = query_as(
            "SELECT m.id, m.received_at FROM defects d JOIN mails m ON m.id = d.mail_id
             WHERE d.code = 'M06' AND m.received_at >= $1 GROUP BY m.id, m.received_at ORDER BY m.id DESC LIMIT $2",
        )
        .bind(millis(since))
        .bind(MOST)
        .fetch_all(self.read())
        .await?;
        Ok(rows.into_iter().map(happening).collect())
    }

    /// The rows that wait because the ROR refuses our rights (R04); `None` if none does.
    pub async fn rights_refused(&self) -> Result<Option<RightsRefused>> {
        let (locations, example, since): (i64, Option<String>, Option<i64>) = query_as(
            "SELECT COUNT(DISTINCT u.finess || '/' || u.service), MIN(u.finess || '/' || u.service), MIN(m.judged_at)
             FROM updates u JOIN defects d ON d.update_id = u.id AND d.code = 'R04' JOIN mails m ON m.id = u.mail_id
             WHERE u.etat = 'en-attente'",
        )
        .fetch_one(self.read())
        .await?;
        let Some((example, since)) = example.zip(since) else { return Ok(None) };
        Ok(Some(RightsRefused { locations, example, since: instant(since) }))
    }

    /// Rejections hour by hour before `now`, of all mails and of each establishment.
    pub async fn rejections_by_hour(&self, since: Timestamp, now: Timestamp) -> Result<Vec<Rejected>> {
        let rows: Vec<(Option<String>, i64, i64)> = query_as(
            "WITH rejected AS (
                SELECT id, ($2 - received_at) / $3 AS hour FROM mails
                WHERE verdict IN ('rejete', 'partiellement-integre') AND received_at >= $1 AND received_at <= $2)
             SELECT NULL, hour, COUNT(*) FROM rejected GROUP BY hour
             UNION ALL
             SELECT n.finess, r.hour, COUNT(DISTINCT r.id)
             FROM rejected r JOIN documents d ON d.mail_id = r.id JOIN mentions n ON n.document_id = d.id
             GROUP BY n.finess, r.hour",
        )
        .bind(millis(since))
        .bind(millis(now))
        .bind(HOUR_MS)
        .fetch_all(self.read())
        .await?;
        Ok(rows.into_iter().filter_map(rejected).collect())
    }

    /// What the counts of a service were lately: since when the occupied and the available ones have their values, and
    /// when the latest observation first came. What came before `since` is not looked at.
    pub async fn values(&self, location: &Location, since: Timestamp) -> Result<Values> {
        let rows: Vec<(String, i64, i64)> = query_as(
            "SELECT indicator, nombre, date_releve FROM updates
             WHERE finess = $1 AND service = $2 AND date_releve >= $3 ORDER BY date_releve DESC, id DESC LIMIT $4",
        )
        .bind(location.finess().to_string())
        .bind(location.service().as_str())
        .bind(millis(since))
        .bind(COUNTS)
        .fetch_all(self.read())
        .await?;
        let Some(latest) = rows.first().map(|row| row.2) else { return Ok(Values::default()) };
        let came = self.first_came(location, latest).await?;
        Ok(Values { unchanged_since: unchanged_since(&rows), latest: came.map(|came| (instant(latest), came)) })
    }

    async fn first_came(&self, location: &Location, date: i64) -> Result<Option<Timestamp>> {
        let came: Option<i64> = query_scalar(
            "SELECT MIN(m.received_at) FROM updates u JOIN mails m ON m.id = u.mail_id
             WHERE u.finess = $1 AND u.service = $2 AND u.date_releve = $3",
        )
        .bind(location.finess().to_string())
        .bind(location.service().as_str())
        .bind(date)
        .fetch_one(self.read())
        .await?;
        Ok(came.map(instant))
    }
}

fn happening((mail, at): (i64, i64)) -> Happening {
    Happening { mail: MailId::of(mail), at: instant(at) }
}

fn rejected((finess, hour, mails): (Option<String>, i64, i64)) -> Option<Rejected> {
    let finess = match finess {
        Some(finess) => Some(finess.parse().ok()?),
        None => None,
    };
    Some(Rejected { finess, hour: u32::try_from(hour).ok()?, mails: super::count(mails) })
}

/// The latest instant at which an occupancy count took its present value; rows are the latest first.
fn unchanged_since(rows: &[(String, i64, i64)]) -> Option<Timestamp> {
    let is_occupancy = |indicator: &str| {
        let parsed = indicator.parse::<Indicator>();
        parsed.is_ok_and(|indicator| matches!(indicator.statut(), Statut::Disponible | Statut::Occupe))
    };
    let mut changed: std::collections::BTreeMap<&str, (i64, i64, bool)> = std::collections::BTreeMap::new();
    for (indicator, nombre, date) in rows.iter().filter(|row| is_occupancy(&row.0)) {
        let (value, since, over) = changed.entry(indicator).or_insert((*nombre, *date, false));
        *over |= value != nombre;
        if !*over {
            *since = *date;
        }
    }
    changed.values().map(|(_, since, _)| *since).max().map(instant)
}
