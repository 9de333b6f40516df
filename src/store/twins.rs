//! Indicators that stand in the ROR twice, under both codes of the undifferentiated genre: what was seen of the second,
//! and its deletion, which goes the way of those after a change of code.

use jiff::Timestamp;

use crate::audit::append;
use crate::engine::locks::Lock;
use crate::engine::{Tx, query, query_as, query_scalar};
use crate::{Result, Store, instant, millis};
use domain::access::audit::{AuditEntry, Deed, on_location};
use domain::capacity::Update;

/// What stands under the other code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// That code.
    pub genre_code: String,
    /// What it says.
    pub nombre: i64,
    /// When it was observed.
    pub date: Timestamp,
}

/// A twin that was seen and not deleted since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTwin {
    /// Its number.
    pub id: i64,
    /// Where, `FINESS/CODE`.
    pub lieu: String,
    /// The indicator, in the words of the report.
    pub indicator: String,
    /// What stands there.
    pub twin: Twin,
    /// When it was first seen so.
    pub seen_at: Timestamp,
    /// Whether its deletion was asked for and is not done.
    pub is_going: bool,
}

type TwinColumns = (i64, String, String, String, String, i64, i64, i64, bool);
type TwinKey = (String, String, String);

impl Store {
    /// Notes what a reading found beside an indicator: a twin, or that there is none any more. What is known already is
    /// not written again. Returns whether it is news.
    pub async fn note_twin(&self, update: &Update, twin: Option<&Twin>, now: Timestamp) -> Result<bool> {
        let key = key(update);
        let known: Option<(String, i64, i64)> = query_as(
            "SELECT genre_code, nombre, date FROM twins WHERE finess = $1 AND service = $2 AND indicator = $3",
        )
        .bind(&key.0)
        .bind(&key.1)
        .bind(&key.2)
        .fetch_optional(self.read())
        .await?;
        if known == twin.map(|twin| (twin.genre_code.clone(), twin.nombre, millis(twin.date))) {
            return Ok(false);
        }
        let mut tx = self.write().await?;
        tx.lock([Lock::location(&key.0, &key.1)]).await?;
        match twin {
            Some(twin) => keep(&mut tx, &key, twin, now).await?,
            None => forget(&mut tx, &key).await?,
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The twins under a code that is not the one in force, the longest known first.
    pub async fn twins(&self, in_force: &str) -> Result<Vec<StoredTwin>> {
        let rows: Vec<TwinColumns> = query_as(
            "SELECT t.id, t.finess, t.service, t.indicator, t.genre_code, t.nombre, t.date, t.seen_at,
             EXISTS (SELECT 1 FROM removals r WHERE r.finess = t.finess AND r.service = t.service
                     AND r.indicator = t.indicator AND r.genre_code = t.genre_code AND r.done_at IS NULL)
             FROM twins t WHERE t.genre_code <> $1 ORDER BY t.seen_at, t.id",
        )
        .bind(in_force)
        .fetch_all(self.read())
        .await?;
        Ok(rows.into_iter().map(StoredTwin::of).collect())
    }

    /// Asks for the deletion of a twin, and records who did; false, and nothing changes, if there is none of this number
    /// under a code that is not the one in force, or if its deletion is under way.
    pub async fn remove_twin(&self, id: i64, in_force: &str, entry: &AuditEntry, now: Timestamp) -> Result<bool> {
        let mut tx = self.write().await?;
        let place: Option<(String, String)> =
            query_as("SELECT finess, service FROM twins WHERE id = $1").bind(id).fetch_optional(&mut tx).await?;
        let Some((finess, service)) = place else {
            tx.rollback().await?;
            return Ok(false);
        };
        tx.lock([Lock::location(&finess, &service)]).await?;
        let asked: Option<i64> = query_scalar(
            "INSERT INTO removals (finess, service, indicator, genre_code, next_at)
             SELECT finess, service, indicator, genre_code, $3 FROM twins WHERE id = $1 AND genre_code <> $2
             ON CONFLICT DO NOTHING RETURNING id",
        )
        .bind(id)
        .bind(in_force)
        .bind(millis(now))
        .fetch_optional(&mut tx)
        .await?;
        if asked.is_none() {
            tx.rollback().await?;
            return Ok(false);
        }
        append(&mut tx, entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}

impl StoredTwin {
    /// The record of its deletion, asked for by somebody.
    pub fn removal(&self, who: impl Into<String>, note: impl Into<String>) -> AuditEntry {
        let before = format!("{} sous le code {} : {}", self.indicator, self.twin.genre_code, self.twin.nombre);
        let entry = AuditEntry::new(who, Deed::SupprimerDouble, on_location(&self.lieu));
        entry.changing(before, "suppression demandée").noting(note)
    }

    fn of((id, finess, service, indicator, genre_code, nombre, date, seen_at, is_going): TwinColumns) -> Self {
        let twin = Twin { genre_code, nombre, date: instant(date) };
        Self { id, lieu: format!("{finess}/{service}"), indicator, twin, seen_at: instant(seen_at), is_going }
    }
}

/// After the deletion of an indicator under a code: that twin is gone.
pub(super) async fn removed(tx: &mut Tx, removal: i64) -> Result<()> {
    query(
        "DELETE FROM twins WHERE id IN (
             SELECT t.id FROM twins t JOIN removals r ON r.finess = t.finess AND r.service = t.service
                 AND r.indicator = t.indicator AND r.genre_code = t.genre_code WHERE r.id = $1)",
    )
    .bind(removal)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

fn key(update: &Update) -> TwinKey {
    let location = &update.location;
    (update.finess().to_string(), location.service().as_str().to_owned(), update.count.indicator.to_string())
}

async fn keep(tx: &mut Tx, (finess, service, indicator): &TwinKey, twin: &Twin, now: Timestamp) -> Result<()> {
    query(
        "INSERT INTO twins (finess, service, indicator, genre_code, nombre, date, seen_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (finess, service, indicator) DO UPDATE SET
             genre_code = excluded.genre_code, nombre = excluded.nombre, date = excluded.date",
    )
    .bind(finess)
    .bind(service)
    .bind(indicator)
    .bind(&twin.genre_code)
    .bind(twin.nombre)
    .bind(millis(twin.date))
    .bind(millis(now))
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn forget(tx: &mut Tx, (finess, service, indicator): &TwinKey) -> Result<()> {
    query("DELETE FROM twins WHERE finess = $1 AND service = $2 AND indicator = $3")
        .bind(finess)
        .bind(service)
        .bind(indicator)
        .execute(&mut *tx)
        .await?;
    Ok(())
}
