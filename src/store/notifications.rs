//! What people are told of incidents: waiting, sent to whom, abandoned.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use sqlx::FromRow;

use crate::engine::{query, query_as};
use crate::incidents::IncidentColumns;
use crate::{Result, Store, StoreError, TaskLease, count, instant, millis, parse};
use base::config_values::Span;
use domain::alerts::News;

/// The most news that leave in one message.
const MOST: u32 = 200;

/// By where people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A mail.
    Courriel,
    /// A call over HTTP.
    Webhook,
}

/// The news that are due on one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Their numbers.
    pub ids: Vec<i64>,
    /// What they tell.
    pub news: Vec<News>,
    /// How often they were tried: the most of any.
    pub attempts: u32,
    /// When the oldest was made.
    pub oldest: Timestamp,
}

/// What was told of an incident, to whom and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// What happened to the incident.
    pub evenement: String,
    /// By where.
    #[serde(serialize_with = "as_word")]
    pub voie: Way,
    /// `a-envoyer`, `envoyee`, `abandonnee`.
    pub etat: String,
    /// When it was to be told.
    pub a: Timestamp,
    /// When it was sent or abandoned.
    pub clos_a: Option<Timestamp>,
    /// To whom it was sent, masked.
    pub destinataires: Option<String>,
    /// Why it was not, the last time.
    pub echec: Option<String>,
}

#[derive(FromRow)]
struct DueColumns {
    alert: i64,
    event: String,
    attempts: i64,
    created_at: i64,
    #[sqlx(flatten)]
    incident: IncidentColumns,
}

type AlertColumns = (String, String, String, i64, Option<i64>, Option<String>, Option<String>);

impl Way {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Courriel, Self::Webhook];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Courriel => "courriel",
            Self::Webhook => "webhook",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Way {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|way| way.word() == text).ok_or_else(|| StoreError::Corrupt(text.to_owned()))
    }
}

fn as_word<S: Serializer>(way: &Way, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(way.word())
}

impl Store {
    /// What is to be told on this way now: nothing before the oldest has waited so long, so that what happens together
    /// leaves together.
    pub async fn alerts_due(&self, way: Way, gather: Span, now: Timestamp) -> Result<Option<Due>> {
        let rows: Vec<DueColumns> = query_as(
            "SELECT a.id AS alert, a.event, a.attempts, a.created_at, i.id, i.kind, i.object, i.severity, i.level,
                    i.sentence, i.since, i.opened_at, i.seen_at, i.told_at, i.closed_at
             FROM alerts a JOIN incidents i ON i.id = a.incident_id
             WHERE a.way = $1 AND a.etat = 'a-envoyer' AND a.next_at <= $2 ORDER BY a.id LIMIT $3",
        )
        .bind(way.word())
        .bind(millis(now))
        .bind(MOST)
        .fetch_all(self.read())
        .await?;
        due(rows).map(|due| due.filter(|due| gather.has_passed(due.oldest, now)))
    }

    /// These were sent, to these people.
    pub async fn alerts_sent(&self, duty: &TaskLease, ids: &[i64], told: &str, now: Timestamp) -> Result<()> {
        let mut tx = self.write_under(duty).await?;
        for id in ids {
            query(
                "UPDATE alerts SET etat = 'envoyee', attempts = attempts + 1, closed_at = $2, told = $3, failure = NULL
                 WHERE id = $1",
            )
            .bind(*id)
            .bind(millis(now))
            .bind(told)
            .execute(&mut tx)
            .await?;
        }
        tx.commit().await
    }

    /// These could not be sent: again at `next_at`, or never.
    pub async fn alerts_failed(
        &self,
        duty: &TaskLease,
        ids: &[i64],
        failure: &str,
        next_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.write_under(duty).await?;
        for id in ids {
            query(
                "UPDATE alerts SET attempts = attempts + 1, failure = $2, next_at = COALESCE($3, next_at),
                 etat = CASE WHEN $3 IS NULL THEN 'abandonnee' ELSE etat END,
                 closed_at = CASE WHEN $3 IS NULL THEN CAST($4 AS BIGINT) END
                 WHERE id = $1 AND etat = 'a-envoyer'",
            )
            .bind(*id)
            .bind(failure)
            .bind(next_at.map(millis))
            .bind(millis(now))
            .execute(&mut tx)
            .await?;
        }
        tx.commit().await
    }

    /// What was told of an incident, in order.
    pub async fn alerts_of(&self, incident: i64) -> Result<Vec<Alert>> {
        let rows: Vec<AlertColumns> = query_as(
            "SELECT event, way, etat, created_at, closed_at, told, failure FROM alerts
             WHERE incident_id = $1 ORDER BY id",
        )
        .bind(incident)
        .fetch_all(self.read())
        .await?;
        rows.into_iter().map(alert).collect()
    }
}

fn due(rows: Vec<DueColumns>) -> Result<Option<Due>> {
    let Some(oldest) = rows.iter().map(|row| row.created_at).min() else { return Ok(None) };
    let attempts = rows.iter().map(|row| count(row.attempts)).max().unwrap_or(0);
    let ids = rows.iter().map(|row| row.alert).collect();
    let news = rows.into_iter().map(news).collect::<Result<_>>()?;
    Ok(Some(Due { ids, news, attempts, oldest: instant(oldest) }))
}

fn news(row: DueColumns) -> Result<News> {
    Ok(News { event: parse(&row.event)?, incident: row.incident.incident()? })
}

fn alert((evenement, way, etat, a, clos_a, destinataires, echec): AlertColumns) -> Result<Alert> {
    let (a, clos_a) = (instant(a), clos_a.map(instant));
    Ok(Alert { evenement, voie: way.parse()?, etat, a, clos_a, destinataires, echec })
}
