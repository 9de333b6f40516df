//! What becomes of a row after its request: acknowledged, refused, held back, or to be tried again.

use jiff::Timestamp;
use tracing::warn;

use super::claiming::RowId;
use super::engine::{Tx, locks::Lock, query, query_as, query_scalar};
use super::holds::hold;
use super::mails::DefectColumns;
use super::precedence::{revive, send_newest_again, supersede_if_older};
use super::probes::{Probe, insert_probes};
use super::removals::request_removals;
use super::search::upkeep;
use super::{MailId, Result, Store, millis};
use crate::defect::Defect;
use crate::fail_point::fail_point;
use crate::outcome::Etat;

/// What becomes of a row after its request.
#[derive(Debug)]
pub enum Closing {
    /// The ROR acknowledged it.
    Acknowledged {
        /// The code under which it did, if the indicator's genre is undifferentiated.
        genre_code: Option<String>,
    },
    /// The ROR refused it: what it had superseded may come back.
    Refused(Defect),
    /// The ROR has not opened the rights: the row waits, the defect is told once.
    HeldBack {
        /// R04.
        defect: Defect,
        /// When to try again.
        next_at: Timestamp,
    },
    /// The ROR was seen to hold a later observation, which somebody else wrote: it is left there.
    Overtaken {
        /// When it was observed.
        date: Timestamp,
        /// What it says.
        nombre: i64,
    },
    /// To be tried again; superseded instead if a newer observation came meanwhile.
    Retry {
        /// When.
        next_at: Timestamp,
        /// Until when nothing is sent to the location, since the request may still be applied: the
        /// row is in doubt.
        hold: Option<Timestamp>,
    },
}

impl Closing {
    /// Whether the request may have been applied, or may still be.
    fn may_have_effect(&self) -> bool {
        matches!(self, Self::Acknowledged { .. } | Self::Retry { hold: Some(_), .. })
    }
}

/// How a claimed row stands before it is closed.
#[derive(sqlx::FromRow)]
struct Sent {
    finess: String,
    service: String,
    /// Under which claim it is; none of ours if another worker took it over.
    claim: Option<i64>,
    /// It was acknowledged before and is sent once more.
    again: bool,
    /// Its mail is settled: it came back from being superseded, which is what was told.
    told_superseded: bool,
}

impl Store {
    /// Records the requests sent for a claimed row and what becomes of it. Until `settled` a request may still be
    /// applied. If the claim was taken over meanwhile, the answer decides nothing: the newest value is sent again.
    pub async fn close_row(
        &self,
        id: RowId,
        probes: &[Probe],
        closing: &Closing,
        settled: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        let sent = sent(&mut tx, id.row).await?;
        insert_probes(&mut tx, Some(id.row), None, probes, now).await?;
        if sent.claim == Some(id.claim) {
            close_claimed(&mut tx, id, &sent, closing, settled, now).await?;
        } else if closing.may_have_effect() {
            warn!("la ligne {} a été reprise par un autre service pendant son envoi", id.row);
            doubt(&mut tx, id.row, &sent, settled).await?;
            send_newest_again(&mut tx, id.row, settled).await?;
        }
        fail_point!("patch-written");
        tx.commit().await
    }
}

async fn close_claimed(
    tx: &mut Tx,
    id: RowId,
    sent: &Sent,
    closing: &Closing,
    settled: Timestamp,
    now: Timestamp,
) -> Result<()> {
    match closing {
        Closing::Acknowledged { genre_code } => {
            acknowledge(tx, id, sent, genre_code.as_deref(), settled, now).await?;
        }
        Closing::Refused(defect) => refuse(tx, id.row, sent, defect, now).await?,
        Closing::Overtaken { date, nombre } => overtake(tx, id, sent, (*date, *nombre), now).await?,
        Closing::HeldBack { defect, next_at } => {
            if !sent.again {
                insert_refusal(tx, id.row, defect).await?;
            }
            retry(tx, id.row, *next_at, now).await?;
        }
        Closing::Retry { next_at, hold } => {
            if let Some(until) = hold {
                doubt(tx, id.row, sent, *until).await?;
            }
            retry(tx, id.row, *next_at, now).await?;
        }
    }
    Ok(())
}

/// Locks the location of a row, and tells how the row stands.
async fn sent(tx: &mut Tx, id: i64) -> Result<Sent> {
    let before = read_sent(tx, id).await?;
    tx.lock([Lock::location(&before.finess, &before.service)]).await?;
    read_sent(tx, id).await
}

async fn read_sent(tx: &mut Tx, id: i64) -> Result<Sent> {
    query_as(
        "SELECT u.finess, u.service, u.claim, u.etat = 'transmise' AS again, m.settled_at IS NOT NULL AS told_superseded
         FROM updates u JOIN mails m ON m.id = u.mail_id WHERE u.id = $1",
    )
    .bind(id)
    .fetch_one(&mut *tx)
    .await
}

/// Closes the row. If another request of its key is in doubt, it may have been applied after this
/// one: the row is sent once more. That done, nothing is in doubt any more that was before.
async fn acknowledge(
    tx: &mut Tx,
    id: RowId,
    sent: &Sent,
    genre_code: Option<&str>,
    again_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    if let Some(code) = genre_code {
        request_removals(tx, id.row, code, now).await?;
    }
    close(tx, id.row, Etat::Transmise, now).await?;
    query("UPDATE updates SET genre_code = $2 WHERE id = $1").bind(id.row).bind(genre_code).execute(&mut *tx).await?;
    if sent.again {
        end_doubt(tx, id).await?;
    }
    query(
        "UPDATE updates SET again_at = $2 WHERE id = $1 AND EXISTS (
             SELECT 1 FROM updates d WHERE d.finess = updates.finess AND d.service = updates.service
             AND d.indicator = updates.indicator AND d.in_doubt = 1 AND d.id <> updates.id)",
    )
    .bind(id.row)
    .bind(millis(again_at))
    .execute(&mut *tx)
    .await?;
    // A newer one that waits takes the second sending over.
    supersede_if_older(tx, id.row, now).await
}

async fn end_doubt(tx: &mut Tx, id: RowId) -> Result<()> {
    query(
        "UPDATE updates SET in_doubt = 0 FROM updates s
         WHERE s.id = $1 AND updates.finess = s.finess AND updates.service = s.service
           AND updates.indicator = s.indicator AND updates.in_doubt = 1 AND updates.doubt < $2",
    )
    .bind(id.row)
    .bind(id.claim)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// A row whose mail was settled as superseded stays so: what was told stays true. One that had been
/// acknowledged stays acknowledged.
async fn refuse(tx: &mut Tx, id: i64, sent: &Sent, defect: &Defect, now: Timestamp) -> Result<()> {
    if sent.again {
        warn!("la ligne {id}, déjà acquittée, est refusée à sa confirmation : {}", defect.message());
        return close(tx, id, Etat::Transmise, now).await;
    }
    if sent.told_superseded {
        close(tx, id, Etat::Depassee, now).await?;
        query("UPDATE updates SET refused = 1 WHERE id = $1").bind(id).execute(&mut *tx).await?;
    } else {
        close(tx, id, Etat::Rejetee, now).await?;
        insert_refusal(tx, id, defect).await?;
    }
    revive(tx, id, now).await
}

/// A row that had been acknowledged stays so: it was there before the later observation.
async fn overtake(tx: &mut Tx, id: RowId, sent: &Sent, (date, nombre): (Timestamp, i64), now: Timestamp) -> Result<()> {
    close(tx, id.row, if sent.again { Etat::Transmise } else { Etat::Depassee }, now).await?;
    query("UPDATE updates SET ror_date = $2, ror_nombre = $3 WHERE id = $1")
        .bind(id.row)
        .bind(millis(date))
        .bind(nombre)
        .execute(&mut *tx)
        .await?;
    if sent.again { end_doubt(tx, id).await } else { Ok(()) }
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
        Some(mail) => upkeep::blamed(tx, mail).await,
        None => Ok(()),
    }
}

/// R04 says that a row is held: it ceases to be true once the row is closed otherwise.
pub(super) async fn forget_hold_back(tx: &mut Tx, update: i64) -> Result<()> {
    let forgotten: Option<MailId> =
        query_scalar("DELETE FROM defects WHERE update_id = $1 AND code = 'R04' RETURNING mail_id")
            .bind(update)
            .fetch_optional(&mut *tx)
            .await?;
    match forgotten {
        Some(mail) => upkeep::blamed(tx, mail).await,
        None => Ok(()),
    }
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
async fn doubt(tx: &mut Tx, id: i64, sent: &Sent, until: Timestamp) -> Result<()> {
    let number = tx.number().await?;
    query("UPDATE updates SET in_doubt = 1, doubt = $2 WHERE id = $1").bind(id).bind(number).execute(&mut *tx).await?;
    hold(tx, &sent.finess, &sent.service, until).await
}
