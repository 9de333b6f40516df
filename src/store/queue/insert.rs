//! The counts of a document, each in the state in which the newest observation leaves it.

use jiff::Timestamp;

use super::precedence::supersede_waiting;
use crate::engine::{Tx, query, query_as, rows, shares};
use crate::{MailId, Result, millis};
use domain::capacity::{Mode, Nomenclature, Update};
use domain::outcome::Etat;

/// What is known of the key of a count.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
struct InsertedState {
    /// A newer observation waits or was acknowledged.
    newer: bool,
    /// An older one waits, or is to be sent again.
    open: bool,
}

/// Inserts counts: superseded at once by a newer one, or superseding the older ones that still wait. No two of them are
/// of one key.
pub(crate) async fn insert_updates(
    tx: &mut Tx,
    mail: MailId,
    document: i64,
    mode: Mode,
    updates: &[Update],
    now: Timestamp,
) -> Result<()> {
    for updates in shares(updates) {
        let etats = match mode {
            Mode::Test => vec![Etat::NonTransmiseTest; updates.len()],
            Mode::Reel => take_their_place(tx, mail, updates, now).await?,
        };
        insert(tx, mail, document, updates, &etats, now).await?;
    }
    Ok(())
}

/// Supersedes what these do, and gives the state of each.
async fn take_their_place(tx: &mut Tx, mail: MailId, updates: &[Update], now: Timestamp) -> Result<Vec<Etat>> {
    let mut etats = Vec::new();
    for (update, InsertedState { newer, open }) in updates.iter().zip(standings(tx, mail, updates).await?) {
        if !newer && open {
            supersede_waiting(tx, update, now).await?;
        }
        etats.push(if newer { Etat::Depassee } else { Etat::EnAttente });
    }
    Ok(etats)
}

async fn standings(tx: &mut Tx, mail: MailId, updates: &[Update]) -> Result<Vec<InsertedState>> {
    let keys = rows(updates.len(), 4, 2, |rank, at| {
        let [service, indicator, date] = [at + 1, at + 2, at + 3];
        format!(
            "({rank}, CAST(${at} AS TEXT), CAST(${service} AS TEXT), CAST(${indicator} AS TEXT), CAST(${date} AS BIGINT))"
        )
    });
    let statement = format!(
        "WITH keys (rank, finess, service, indicator, date_releve) AS (VALUES {keys})
         SELECT EXISTS (SELECT 1 FROM updates n
                     WHERE n.finess = keys.finess AND n.service = keys.service AND n.indicator = keys.indicator
                     AND n.date_releve >= keys.date_releve AND (n.date_releve, n.mail_id) > (keys.date_releve, $1)
                     AND n.etat IN ('en-attente', 'transmise')) AS newer,
                EXISTS (SELECT 1 FROM updates o WHERE o.finess = keys.finess AND o.service = keys.service
                     AND o.indicator = keys.indicator AND o.etat = 'en-attente')
                OR EXISTS (SELECT 1 FROM updates a WHERE a.finess = keys.finess AND a.service = keys.service
                     AND a.indicator = keys.indicator AND a.again_at IS NOT NULL) AS open
         FROM keys ORDER BY keys.rank"
    );
    let mut asked = query_as(sqlx::AssertSqlSafe(statement)).bind(mail);
    for update in updates {
        asked = asked
            .bind(update.finess().as_str().to_owned())
            .bind(update.location.service().as_str())
            .bind(update.count.indicator.to_string())
            .bind(millis(update.date_releve));
    }
    asked.fetch_all(&mut *tx).await
}

async fn insert(
    tx: &mut Tx,
    mail: MailId,
    document: i64,
    updates: &[Update],
    etats: &[Etat],
    now: Timestamp,
) -> Result<()> {
    let values = rows(updates.len(), 9, 4, |_, at| {
        let own: Vec<String> = (at..at + 9).map(|placeholder| format!("${placeholder}")).collect();
        format!("($1, $2, $3, {})", own.join(", "))
    });
    let statement = format!(
        "INSERT INTO updates (mail_id, document_id, next_at, finess, service, indicator, nature, nombre, source,
                              date_releve, etat, closed_at) VALUES {values}"
    );
    let mut inserting = query(sqlx::AssertSqlSafe(statement)).bind(mail).bind(document).bind(millis(now));
    for (update, etat) in updates.iter().zip(etats) {
        inserting = inserting
            .bind(update.finess().as_str().to_owned())
            .bind(update.location.service().as_str())
            .bind(update.count.indicator.to_string())
            .bind(update.count.nature.word())
            .bind(update.count.nombre.get())
            .bind(update.source.word())
            .bind(millis(update.date_releve))
            .bind(etat.word())
            .bind((*etat != Etat::EnAttente).then_some(millis(now)));
    }
    inserting.execute(&mut *tx).await?;
    Ok(())
}
