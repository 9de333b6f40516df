//! The journal as operators read it.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::FromRow;

use crate::engine::{query, query_as, query_scalar};
use crate::recipients;
use crate::recipients::Handing;
use crate::{MailId, Result, Store, instant, millis};

/// One request sent to the ROR.
#[derive(Debug, Clone, Serialize, FromRow)]
pub struct RequestEntry {
    /// The establishment it was for.
    pub finess: String,
    /// The code service it was for.
    pub service: String,
    /// The indicator's key.
    pub indicateur: String,
    /// When, in milliseconds since 1970.
    pub a: i64,
    /// `replace`, `add`, `delete`, `jeton`.
    pub operation: String,
    /// HTTP status.
    pub statut: Option<i64>,
    /// How long it took, in milliseconds.
    pub duree_ms: i64,
    /// What failed.
    pub echec: Option<String>,
}

/// A reply as it was sent.
#[derive(Debug, Clone)]
pub struct StoredReply {
    /// `reponse`, `complement`, `copie` or `recapitulatif`.
    pub kind: String,
    /// `a-envoyer`, `envoyee`, `abandonnee`.
    pub etat: String,
    /// Tries so far.
    pub attempts: i64,
    /// Recipients, separated by blanks.
    pub recipients: String,
    /// Where it is for each of them.
    pub handings: Vec<Handing>,
    /// The whole mail.
    pub content: Vec<u8>,
    /// Why the last try failed.
    pub failure: Option<String>,
    /// Why it leaves without the sender's mail, if it does: what the server said of the whole.
    pub lightened: Option<String>,
    /// When it left or was given up, in milliseconds since 1970.
    pub closed_at: Option<i64>,
    /// The notice that said that it did not arrive.
    pub returned_by: Option<MailId>,
    /// What notices of delivery say of it.
    pub notice: Option<String>,
}

#[derive(FromRow)]
struct JournalReplyColumns {
    kind: String,
    etat: String,
    attempts: i64,
    recipients: String,
    handed: String,
    content: Vec<u8>,
    failure: Option<String>,
    lightened: Option<String>,
    closed_at: Option<i64>,
    returned_by: Option<MailId>,
    notice: Option<String>,
}

impl StoredReply {
    /// How many of its recipients it reached, as far as the server goes.
    pub fn reached(&self) -> usize {
        recipients::taken(&self.handings)
    }
}

impl Store {
    /// The last mail received of these bytes, or of this Message-ID where its body was left on the
    /// server.
    pub async fn newest_mail(&self, sha256: &str, message_id: Option<&str>) -> Result<Option<MailId>> {
        let id: Option<i64> =
            query_scalar("SELECT MAX(id) FROM mails WHERE sha256 = $1 OR headers_only = 1 AND message_id = $2")
                .bind(sha256)
                .bind(message_id)
                .fetch_one(self.read())
                .await?;
        Ok(id.map(MailId))
    }

    /// Whether a mail has its final verdict.
    pub async fn is_settled(&self, id: MailId) -> Result<bool> {
        let settled: Option<bool> = query_scalar("SELECT settled_at IS NOT NULL FROM mails WHERE id = $1")
            .bind(id)
            .fetch_optional(self.read())
            .await?;
        Ok(settled.unwrap_or(false))
    }

    /// The requests sent for the rows of a mail, in order.
    pub async fn requests(&self, id: MailId) -> Result<Vec<RequestEntry>> {
        query_as(
            "SELECT u.finess, u.service, u.indicator AS indicateur, a.at AS a, a.operation, a.status AS statut,
                    a.duration_ms AS duree_ms, a.failure AS echec
             FROM attempts a JOIN updates u ON u.id = a.update_id WHERE u.mail_id = $1 ORDER BY a.id",
        )
        .bind(id)
        .fetch_all(self.read())
        .await
    }

    /// The replies to a mail, in order.
    pub async fn replies(&self, id: MailId) -> Result<Vec<StoredReply>> {
        let rows: Vec<JournalReplyColumns> = query_as(
            "SELECT kind, etat, attempts, recipients, handed, content, failure, lightened, closed_at, returned_by, notice
             FROM replies WHERE mail_id = $1 ORDER BY id",
        )
        .bind(id)
        .fetch_all(self.read())
        .await?;
        rows.into_iter().map(stored_reply).collect()
    }

    /// Keeps a referential that was whole.
    pub async fn keep_referential(&self, etablissements: &[u8], services: &[u8], now: Timestamp) -> Result<()> {
        query(
            "INSERT INTO referential (id, etablissements, services, loaded_at) VALUES (1, $1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET etablissements = $1, services = $2, loaded_at = $3",
        )
        .bind(etablissements)
        .bind(services)
        .bind(millis(now))
        .execute(self.write_one())
        .await?;
        Ok(())
    }

    /// The last referential that was whole, with when it was loaded.
    pub async fn last_referential(&self) -> Result<Option<(Vec<u8>, Vec<u8>, Timestamp)>> {
        let row: Option<(Vec<u8>, Vec<u8>, i64)> =
            query_as("SELECT etablissements, services, loaded_at FROM referential WHERE id = 1")
                .fetch_optional(self.read())
                .await?;
        Ok(row.map(|(etablissements, services, at)| (etablissements, services, instant(at))))
    }
}

fn stored_reply(row: JournalReplyColumns) -> Result<StoredReply> {
    Ok(StoredReply {
        handings: recipients::read(&row.recipients, &row.handed, &row.etat)?,
        kind: row.kind,
        etat: row.etat,
        attempts: row.attempts,
        recipients: row.recipients,
        content: row.content,
        failure: row.failure,
        lightened: row.lightened,
        closed_at: row.closed_at,
        returned_by: row.returned_by,
        notice: row.notice,
    })
}
