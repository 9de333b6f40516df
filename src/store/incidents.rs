//! Incidents: opened once, seen, closed; and what people are to be told of them, written in the same transaction.

use jiff::Timestamp;
use sqlx::FromRow;

use crate::engine::{Tx, query, query_as, query_scalar};
use crate::{Result, Store, TaskLease, Way, count, instant, millis, parse};
use domain::alerts::{Change, Event, Incident, Observation};

#[derive(FromRow)]
pub(super) struct IncidentColumns {
    id: i64,
    kind: String,
    object: String,
    severity: String,
    level: i64,
    sentence: String,
    since: i64,
    opened_at: i64,
    seen_at: i64,
    told_at: i64,
    closed_at: Option<i64>,
}

impl IncidentColumns {
    pub(super) fn incident(self) -> Result<Incident> {
        Ok(Incident {
            numero: self.id,
            kind: parse(&self.kind)?,
            objet: self.object,
            gravite: parse(&self.severity)?,
            niveau: count(self.level),
            phrase: self.sentence,
            depuis: instant(self.since),
            ouvert_a: instant(self.opened_at),
            vu_a: instant(self.seen_at),
            rappele_a: instant(self.told_at),
            clos_a: self.closed_at.map(instant),
        })
    }
}

impl Store {
    /// The incidents that are open, oldest first.
    pub async fn open_incidents(&self) -> Result<Vec<Incident>> {
        let rows: Vec<IncidentColumns> = query_as(
            "SELECT id, kind, object, severity, level, sentence, since, opened_at, seen_at, told_at, closed_at
             FROM incidents WHERE closed_at IS NULL ORDER BY id",
        )
        .fetch_all(self.read())
        .await?;
        rows.into_iter().map(IncidentColumns::incident).collect()
    }

    /// Incidents, open or not, newest first; only those with a number below `before`: the next page.
    pub async fn incidents(&self, before: Option<i64>, limit: u32) -> Result<Vec<Incident>> {
        let rows: Vec<IncidentColumns> = query_as(
            "SELECT id, kind, object, severity, level, sentence, since, opened_at, seen_at, told_at, closed_at
             FROM incidents WHERE id < $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        rows.into_iter().map(IncidentColumns::incident).collect()
    }

    /// How many incidents of each kind are open, by the word of the kind.
    pub async fn open_incidents_by_kind(&self) -> Result<Vec<(String, i64)>> {
        query_as("SELECT kind, COUNT(*) FROM incidents WHERE closed_at IS NULL GROUP BY kind ORDER BY kind")
            .fetch_all(self.read())
            .await
    }

    /// Makes the changes, all or none, and puts what people are to be told of them on each way. What is open already
    /// does not open again, whichever worker opened it. Without the duty, only what opens and is seen may be changed.
    pub async fn change_incidents(
        &self,
        duty: Option<&TaskLease>,
        changes: &[Change],
        ways: &[Way],
        now: Timestamp,
    ) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut tx = match duty {
            Some(duty) => self.write_under(duty).await?,
            None => self.write().await?,
        };
        for change in changes {
            if let (Some(incident), Some(event)) = (make(&mut tx, change, now).await?, event_of(change)) {
                put_on_ways(&mut tx, incident, event, ways, now).await?;
            }
        }
        tx.commit().await
    }

    /// Forgets the incidents closed before this, with what was told of them. Returns how many.
    pub async fn purge_incidents(&self, before: Timestamp) -> Result<u64> {
        let mut tx = self.write().await?;
        query("DELETE FROM alerts WHERE incident_id IN (SELECT id FROM incidents WHERE closed_at < $1)")
            .bind(millis(before))
            .execute(&mut tx)
            .await?;
        let gone = query("DELETE FROM incidents WHERE closed_at < $1").bind(millis(before)).execute(&mut tx).await?;
        tx.commit().await?;
        Ok(gone)
    }
}

/// Whether people are told of a change, and how.
fn event_of(change: &Change) -> Option<Event> {
    match change {
        Change::Open { .. } => Some(Event::Ouverture),
        Change::Seen { .. } => None,
        Change::Worsen { .. } => Some(Event::Aggravation),
        Change::Remind { .. } => Some(Event::Rappel),
        Change::Close { .. } => Some(Event::Cloture),
    }
}

/// The number of the incident, if the change was to be made.
async fn make(tx: &mut Tx, change: &Change, now: Timestamp) -> Result<Option<i64>> {
    match change {
        Change::Open { observation, since } => open(tx, observation, *since, now).await,
        Change::Seen { numero, observation } => see(tx, *numero, observation, None, now).await,
        Change::Worsen { numero, observation } | Change::Remind { numero, observation } => {
            see(tx, *numero, observation, Some(now), now).await
        }
        Change::Close { numero } => {
            query_scalar("UPDATE incidents SET closed_at = $2 WHERE id = $1 AND closed_at IS NULL RETURNING id")
                .bind(*numero)
                .bind(millis(now))
                .fetch_optional(tx)
                .await
        }
    }
}

async fn open(tx: &mut Tx, seen: &Observation, since: Timestamp, now: Timestamp) -> Result<Option<i64>> {
    query_scalar(
        "INSERT INTO incidents (kind, object, severity, level, sentence, since, opened_at, seen_at, told_at)
         VALUES ($1, $2, $3, $7, $4, $5, $6, $6, $6)
         ON CONFLICT (kind, object) WHERE closed_at IS NULL DO NOTHING RETURNING id",
    )
    .bind(seen.kind().word())
    .bind(seen.object())
    .bind(seen.severity().word())
    .bind(seen.sentence())
    .bind(millis(since))
    .bind(millis(now))
    .bind(seen.level())
    .fetch_optional(tx)
    .await
}

async fn see(
    tx: &mut Tx,
    numero: i64,
    seen: &Observation,
    told_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<i64>> {
    query_scalar(
        "UPDATE incidents SET severity = $2, level = $6, sentence = $3, seen_at = $4, told_at = COALESCE($5, told_at)
         WHERE id = $1 AND closed_at IS NULL RETURNING id",
    )
    .bind(numero)
    .bind(seen.severity().word())
    .bind(seen.sentence())
    .bind(millis(now))
    .bind(told_at.map(millis))
    .bind(seen.level())
    .fetch_optional(tx)
    .await
}

async fn put_on_ways(tx: &mut Tx, incident: i64, event: Event, ways: &[Way], now: Timestamp) -> Result<()> {
    for way in ways {
        query(
            "INSERT INTO alerts (incident_id, event, way, etat, created_at, next_at)
             VALUES ($1, $2, $3, 'a-envoyer', $4, $4)",
        )
        .bind(incident)
        .bind(event.word())
        .bind(way.word())
        .bind(millis(now))
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}
