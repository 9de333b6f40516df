//! What an operator has done again or sooner: waiting rows and replies now, a reply once more.

use jiff::Timestamp;

use crate::audit::append;
use crate::engine::locks::Lock;
use crate::engine::{query, query_as};
use crate::recipients;
use crate::{MailId, Result, Store, millis};
use domain::access::audit::AuditEntry;

impl Store {
    /// Has the rows and replies of a mail that wait be tried now; how many. None, and nothing changes, if nothing waits
    /// for its time. A location that is held, or whose breaker is open, goes on waiting.
    pub async fn hasten(&self, id: MailId, entry: &AuditEntry, now: Timestamp) -> Result<Option<u64>> {
        let mut tx = self.write().await?;
        let places: Vec<(String, String)> =
            query_as("SELECT DISTINCT finess, service FROM updates WHERE mail_id = $1 AND etat = 'en-attente'")
                .bind(id)
                .fetch_all(&mut tx)
                .await?;
        tx.lock(places.iter().map(|(finess, service)| Lock::location(finess, service))).await?;
        let mut hastened = 0;
        for statement in [
            "UPDATE updates SET next_at = $2
             WHERE mail_id = $1 AND etat = 'en-attente' AND in_flight_at IS NULL AND next_at > $2",
            "UPDATE replies SET next_at = $2 WHERE mail_id = $1 AND etat = 'a-envoyer' AND next_at > $2",
        ] {
            hastened += query(statement).bind(id).bind(millis(now)).execute(&mut tx).await?;
        }
        if hastened == 0 {
            tx.rollback().await?;
            return Ok(None);
        }
        append(&mut tx, entry, now).await?;
        tx.commit().await?;
        Ok(Some(hastened))
    }

    /// Has a reply that left, or was given up, leave again with the same bytes: to whoever did not get it, or to everyone if
    /// all got it or it came back. False, and nothing changes, if there is none of this kind, if it waits anyway, or if its
    /// content was purged.
    pub async fn resend(&self, id: MailId, kind: &str, entry: &AuditEntry, now: Timestamp) -> Result<bool> {
        let mut tx = self.write().await?;
        let left: Option<(String, String, String, bool)> = query_as(
            "SELECT recipients, handed, etat, returned_by IS NOT NULL FROM replies
             WHERE mail_id = $1 AND kind = $2 AND etat <> 'a-envoyer' AND length(content) > 0",
        )
        .bind(id)
        .bind(kind)
        .fetch_optional(&mut tx)
        .await?;
        let Some((recipients, handed, etat, came_back)) = left else {
            tx.rollback().await?;
            return Ok(false);
        };
        let kept = if came_back { String::new() } else { recipients::of_the_reached(&recipients, &handed, &etat)? };
        query(
            "UPDATE replies SET etat = 'a-envoyer', next_at = $3, attempts = 0, closed_at = NULL, failure = NULL,
             returned_by = NULL, notice = NULL, worker = NULL, handed = $4, unreached = 0
             WHERE mail_id = $1 AND kind = $2 AND etat <> 'a-envoyer'",
        )
        .bind(id)
        .bind(kind)
        .bind(millis(now))
        .bind(kept)
        .execute(&mut tx)
        .await?;
        append(&mut tx, entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}
