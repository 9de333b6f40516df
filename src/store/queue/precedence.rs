//! The newest observation wins: which row of an indicator key is still to reach the ROR.
//!
//! The order of observations is (`dateReleve`, receipt number of the mail, place in the mail): of two
//! observations of one instant the later received wins, whichever was judged first. At most one row
//! of a key waits outside a request. Rows in test mode never compete.

use jiff::Timestamp;

use super::complete::forget_hold_back;
use crate::engine::{On, Tx, query, query_scalar};
use crate::{MailId, Result, millis};
use domain::capacity::Update;

/// Whether a newer observation of its key waits or was acknowledged.
pub(crate) async fn has_newer(on: impl Into<On<'_>>, mail: MailId, update: &Update) -> Result<bool> {
    let newer: Option<i64> = query_scalar(
        "SELECT id FROM updates WHERE finess = $1 AND service = $2 AND indicator = $3
         AND date_releve >= $4 AND (date_releve, mail_id) > ($4, $5)
         AND etat IN ('en-attente', 'transmise') LIMIT 1",
    )
    .bind(update.finess().as_str())
    .bind(update.location.service().as_str())
    .bind(update.count.indicator.to_string())
    .bind(millis(update.date_releve))
    .bind(mail)
    .fetch_optional(on)
    .await?;
    Ok(newer.is_some())
}

/// Closes the older rows that wait, and leaves those in flight to their answer: it may be an
/// acknowledgement. An older one that was to be sent again need not be.
pub(crate) async fn supersede_waiting(tx: &mut Tx, update: &Update, now: Timestamp) -> Result<()> {
    let key = (update.finess(), update.location.service().as_str(), update.count.indicator.to_string());
    let superseded: Vec<i64> = query_scalar(
        "UPDATE updates SET etat = 'depassee', closed_at = $4
         WHERE finess = $1 AND service = $2 AND indicator = $3 AND etat = 'en-attente' AND in_flight_at IS NULL
         RETURNING id",
    )
    .bind(key.0.as_str())
    .bind(key.1)
    .bind(&key.2)
    .bind(millis(now))
    .fetch_all(&mut *tx)
    .await?;
    for id in superseded {
        forget_hold_back(tx, id).await?;
    }
    query(
        "UPDATE updates SET again_at = NULL
         WHERE finess = $1 AND service = $2 AND indicator = $3 AND again_at IS NOT NULL AND in_flight_at IS NULL",
    )
    .bind(key.0.as_str())
    .bind(key.1)
    .bind(&key.2)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// A row that waits, or is to be sent again, is not any more if a newer observation of its key
/// waits or was acknowledged.
pub(crate) async fn supersede_if_older(tx: &mut Tx, id: i64, now: Timestamp) -> Result<()> {
    let newer: bool = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM updates o JOIN updates n
             ON n.finess = o.finess AND n.service = o.service AND n.indicator = o.indicator
             AND n.date_releve >= o.date_releve
             AND (n.date_releve, n.mail_id, n.id) > (o.date_releve, o.mail_id, o.id)
             AND n.etat IN ('en-attente', 'transmise') WHERE o.id = $1)",
    )
    .bind(id)
    .fetch_one(&mut *tx)
    .await?;
    if !newer {
        return Ok(());
    }
    query(
        "UPDATE updates SET again_at = NULL, closed_at = CASE WHEN etat = 'en-attente' THEN $2 ELSE closed_at END,
         etat = CASE WHEN etat = 'en-attente' THEN 'depassee' ELSE etat END WHERE id = $1",
    )
    .bind(id)
    .bind(millis(now))
    .execute(&mut *tx)
    .await?;
    forget_hold_back(tx, id).await
}

/// After a refusal: the newest superseded row of the key waits again, unless something newer than
/// it waits or was acknowledged. None comes back that was refused, so this ends. The newest
/// acknowledged one is sent again if a request in doubt may have overwritten it.
pub(crate) async fn revive(tx: &mut Tx, refused: i64, now: Timestamp) -> Result<()> {
    query(
        "UPDATE updates SET etat = 'en-attente', attempts = 0, next_at = $2, closed_at = NULL
         WHERE id = (
             SELECT o.id FROM updates r JOIN updates o
                 ON o.finess = r.finess AND o.service = r.service AND o.indicator = r.indicator
             WHERE r.id = $1 AND o.etat = 'depassee' AND o.refused = 0
               AND NOT EXISTS (SELECT 1 FROM updates n
                   WHERE n.finess = o.finess AND n.service = o.service AND n.indicator = o.indicator
                   AND n.date_releve >= o.date_releve
                   AND (n.date_releve, n.mail_id, n.id) > (o.date_releve, o.mail_id, o.id)
                   AND n.etat IN ('en-attente', 'transmise'))
             ORDER BY o.date_releve DESC, o.mail_id DESC, o.id DESC LIMIT 1)",
    )
    .bind(refused)
    .bind(millis(now))
    .execute(&mut *tx)
    .await?;
    send_newest_again(tx, refused, now).await
}

/// The newest row of a key, if it was acknowledged, is sent again at `at`: a request in doubt of the key may have
/// overwritten it. One that is under way is looked at when its answer comes.
pub(crate) async fn send_newest_again(tx: &mut Tx, of: i64, at: Timestamp) -> Result<()> {
    query(
        "UPDATE updates SET again_at = $2 WHERE etat = 'transmise' AND in_flight_at IS NULL AND id = (
             SELECT o.id FROM updates r JOIN updates o
                 ON o.finess = r.finess AND o.service = r.service AND o.indicator = r.indicator
             WHERE r.id = $1 AND o.etat IN ('en-attente', 'transmise')
               AND EXISTS (SELECT 1 FROM updates d WHERE d.finess = r.finess AND d.service = r.service
                           AND d.indicator = r.indicator AND d.in_doubt = 1)
             ORDER BY o.date_releve DESC, o.mail_id DESC, o.id DESC LIMIT 1)",
    )
    .bind(of)
    .bind(millis(at))
    .execute(&mut *tx)
    .await?;
    Ok(())
}
