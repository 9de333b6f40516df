//! How one claimed row ends, or waits again, by the answer to its request.

use jiff::Timestamp;
use tracing::warn;

use super::claim::RowId;
use super::completion::{Answered, Closing};
use super::holds::hold;
use super::precedence::{revive, send_newest_again, supersede_if_older};
use super::removals::request_removals;
use crate::engine::{Tx, query, query_as, query_scalar, rows};
use crate::mails::DefectColumns;
use crate::projections;
use crate::{MailId, Result, millis};
use domain::defect::Defect;
use domain::outcome::Etat;

/// How a claimed row stands before it is closed.
#[derive(sqlx::FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "columns of one statement, each a question of its own")]
pub(crate) struct ClaimedRow {
    pub(crate) finess: String,
    pub(crate) service: String,
    /// Under which claim it is; none of ours if another worker took it over.
    pub(crate) claim: Option<i64>,
    /// It was acknowledged before and is sent once more.
    pub(crate) again: bool,
    /// Its mail is settled: it came back from being superseded, which is what was told.
    pub(crate) told_superseded: bool,
    /// It was tried before, and may have been held back.
    pub(crate) tried: bool,
    /// Another request of its key is in doubt.
    pub(crate) doubted: bool,
    /// A newer observation of its key waits or was acknowledged.
    pub(crate) is_older: bool,
}

/// In the order in which they are asked for.
pub(crate) async fn standings(tx: &mut Tx, ids: &[i64]) -> Result<Vec<ClaimedRow>> {
    let asked = rows(ids.len(), 1, 1, |rank, at| format!("({rank}, CAST(${at} AS BIGINT))"));
    let statement = format!(
        "WITH asked (rank, id) AS (VALUES {asked})
         SELECT u.finess, u.service, u.claim, u.etat = 'transmise' AS again, u.attempts > 0 AS tried,
             m.settled_at IS NOT NULL AS told_superseded,
             EXISTS (SELECT 1 FROM updates d WHERE d.finess = u.finess AND d.service = u.service
                     AND d.indicator = u.indicator AND d.in_doubt = 1 AND d.id <> u.id) AS doubted,
             EXISTS (SELECT 1 FROM updates n
                     WHERE n.finess = u.finess AND n.service = u.service AND n.indicator = u.indicator
                     AND n.date_releve >= u.date_releve
                     AND (n.date_releve, n.mail_id, n.id) > (u.date_releve, u.mail_id, u.id)
                     AND n.etat IN ('en-attente', 'transmise')) AS is_older
         FROM asked JOIN updates u ON u.id = asked.id JOIN mails m ON m.id = u.mail_id ORDER BY asked.rank"
    );
    let asking = query_as(sqlx::AssertSqlSafe(statement));
    let standings: Vec<ClaimedRow> = asking.bind_all(ids.iter().copied()).fetch_all(&mut *tx).await?;
    if standings.len() == ids.len() { Ok(standings) } else { Err(sqlx::Error::RowNotFound.into()) }
}

pub(crate) async fn end_row(tx: &mut Tx, answer: &Answered, standing: &ClaimedRow) -> Result<()> {
    let Answered { id, closing, settled, at, .. } = answer;
    if standing.claim == Some(id.claim) {
        return close_claimed(tx, *id, standing, closing, *settled, *at).await;
    }
    if closing.may_have_effect() {
        warn!("la ligne {} a été reprise par un autre service pendant son envoi", id.row);
        doubt(tx, id.row, standing, *settled).await?;
        send_newest_again(tx, id.row, *settled).await?;
    }
    Ok(())
}

async fn close_claimed(
    tx: &mut Tx,
    id: RowId,
    standing: &ClaimedRow,
    closing: &Closing,
    settled: Timestamp,
    now: Timestamp,
) -> Result<()> {
    match closing {
        Closing::Acknowledged { genre_code } => {
            acknowledge(tx, id, standing, genre_code.as_deref(), settled, now).await?;
        }
        Closing::Refused(defect) => refuse(tx, id.row, standing, defect, now).await?,
        Closing::Overtaken { date, nombre } => overtake(tx, id, standing, (*date, *nombre), now).await?,
        Closing::HeldBack { defect, next_at } => {
            if !standing.again {
                insert_refusal(tx, id.row, defect).await?;
            }
            retry(tx, id.row, *next_at, now).await?;
        }
        Closing::Withdrawn => withdraw(tx, id.row, now).await?,
        Closing::Retry { next_at, hold } => {
            if let Some(until) = hold {
                doubt(tx, id.row, standing, *until).await?;
            }
            retry(tx, id.row, *next_at, now).await?;
        }
    }
    Ok(())
}

/// Closes the row. If another request of its key is in doubt, it may have been applied after this
/// one: the row is standing once more. That done, nothing is in doubt any more that was before. A newer one that waits
/// takes the second sending over.
async fn acknowledge(
    tx: &mut Tx,
    id: RowId,
    standing: &ClaimedRow,
    genre_code: Option<&str>,
    again_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    if let Some(code) = genre_code {
        request_removals(tx, id.row, code, now).await?;
    }
    let doubted = if standing.again { end_doubt(tx, id).await? } else { standing.doubted };
    query(
        "UPDATE updates SET etat = 'transmise', in_flight_at = NULL, claim = NULL, worker = NULL, genre_code = $2,
         again_at = $3, attempts = attempts + 1, closed_at = $4 WHERE id = $1",
    )
    .bind(id.row)
    .bind(genre_code)
    .bind((doubted && !standing.is_older).then_some(millis(again_at)))
    .bind(millis(now))
    .execute(&mut *tx)
    .await?;
    if standing.tried { forget_hold_back(tx, id.row).await } else { Ok(()) }
}

/// Returns whether another request of its key is still in doubt.
async fn end_doubt(tx: &mut Tx, id: RowId) -> Result<bool> {
    query(
        "UPDATE updates SET in_doubt = 0 FROM updates s
         WHERE s.id = $1 AND updates.finess = s.finess AND updates.service = s.service
           AND updates.indicator = s.indicator AND updates.in_doubt = 1 AND updates.doubt < $2",
    )
    .bind(id.row)
    .bind(id.claim)
    .execute(&mut *tx)
    .await?;
    Ok(standings(tx, &[id.row]).await?.iter().any(|standing| standing.doubted))
}

/// A row whose mail was settled as superseded stays so: what was told stays true. One that had been
/// acknowledged stays acknowledged.
async fn refuse(tx: &mut Tx, id: i64, standing: &ClaimedRow, defect: &Defect, now: Timestamp) -> Result<()> {
    if standing.again {
        warn!("la ligne {id}, déjà acquittée, est refusée à sa confirmation : {}", defect.message());
        return close(tx, id, Etat::Transmise, now).await;
    }
    if standing.told_superseded {
        close(tx, id, Etat::Depassee, now).await?;
        query("UPDATE updates SET refused = 1 WHERE id = $1").bind(id).execute(&mut *tx).await?;
    } else {
        close(tx, id, Etat::Rejetee, now).await?;
        insert_refusal(tx, id, defect).await?;
    }
    revive(tx, id, now).await
}

/// A row that had been acknowledged stays so: it was there before the later observation.
async fn overtake(
    tx: &mut Tx,
    id: RowId,
    standing: &ClaimedRow,
    (date, nombre): (Timestamp, i64),
    now: Timestamp,
) -> Result<()> {
    close(tx, id.row, if standing.again { Etat::Transmise } else { Etat::Depassee }, now).await?;
    query("UPDATE updates SET ror_date = $2, ror_nombre = $3 WHERE id = $1")
        .bind(id.row)
        .bind(millis(date))
        .bind(nombre)
        .execute(&mut *tx)
        .await?;
    if standing.again {
        end_doubt(tx, id).await?;
    }
    Ok(())
}

async fn close(tx: &mut Tx, id: i64, etat: Etat, now: Timestamp) -> Result<()> {
    query(
        "UPDATE updates SET etat = $2, in_flight_at = NULL, claim = NULL, worker = NULL, again_at = NULL, attempts = attempts + 1, closed_at = $3
         WHERE id = $1",
    )
    .bind(id)
    .bind(etat.word())
    .bind(millis(now))
    .execute(&mut *tx)
    .await?;
    forget_hold_back(tx, id).await
}

async fn insert_refusal(tx: &mut Tx, id: i64, defect: &Defect) -> Result<()> {
    let columns = DefectColumns::of(defect)?;
    let mail: Option<MailId> = query_scalar(
        "INSERT INTO defects (mail_id, document_id, update_id, code, severity, content)
         SELECT mail_id, document_id, id, $2, $3, $4 FROM updates u WHERE id = $1
         AND NOT EXISTS (SELECT 1 FROM defects d WHERE d.update_id = u.id AND d.code = $2) RETURNING mail_id",
    )
    .bind(id)
    .bind(columns.code)
    .bind(columns.severity)
    .bind(columns.content)
    .fetch_optional(&mut *tx)
    .await?;
    match mail {
        Some(mail) => projections::blamed(tx, mail).await,
        None => Ok(()),
    }
}

/// R04 says that a row is held: it ceases to be true once the row is closed otherwise.
pub(crate) async fn forget_hold_back(tx: &mut Tx, update: i64) -> Result<()> {
    let forgotten: Option<MailId> =
        query_scalar("DELETE FROM defects WHERE update_id = $1 AND code = 'R04' RETURNING mail_id")
            .bind(update)
            .fetch_optional(&mut *tx)
            .await?;
    match forgotten {
        Some(mail) => projections::blamed(tx, mail).await,
        None => Ok(()),
    }
}

/// Gives the row back as it was before it was claimed.
async fn withdraw(tx: &mut Tx, id: i64, now: Timestamp) -> Result<()> {
    query("UPDATE updates SET in_flight_at = NULL, claim = NULL, worker = NULL WHERE id = $1")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    supersede_if_older(tx, id, now).await
}

async fn retry(tx: &mut Tx, id: i64, next_at: Timestamp, now: Timestamp) -> Result<()> {
    query(
        "UPDATE updates SET in_flight_at = NULL, claim = NULL, worker = NULL, attempts = attempts + 1, next_at = $2,
         again_at = CASE WHEN again_at IS NOT NULL THEN CAST($2 AS BIGINT) END WHERE id = $1",
    )
    .bind(id)
    .bind(millis(next_at))
    .execute(&mut *tx)
    .await?;
    supersede_if_older(tx, id, now).await
}

/// The request may be applied later: so it is remembered, and the location held.
async fn doubt(tx: &mut Tx, id: i64, standing: &ClaimedRow, until: Timestamp) -> Result<()> {
    let number = tx.number().await?;
    query("UPDATE updates SET in_doubt = 1, doubt = $2 WHERE id = $1").bind(id).bind(number).execute(&mut *tx).await?;
    hold(tx, &standing.finess, &standing.service, until).await
}
