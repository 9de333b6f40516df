//! The journal as operators read it.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::FromRow;

use super::engine::{query, query_as, query_scalar};
use super::{MailId, Result, Store, instant, millis};

/// Which mails to list; everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Received at or after.
    pub since: Option<Timestamp>,
    /// Received before.
    pub until: Option<Timestamp>,
    /// The mailbox account.
    pub account: Option<String>,
    /// The sender's address, exactly.
    pub sender: Option<String>,
    /// An establishment that a document speaks of.
    pub finess: Option<String>,
    /// A code service that a document speaks of.
    pub service: Option<String>,
    /// A code among its defects.
    pub code: Option<String>,
    /// The verdict's word, or `en-cours`.
    pub verdict: Option<String>,
    /// Only receipt numbers below this one: the next page.
    pub before: Option<i64>,
}

/// One line of the journal.
#[derive(Debug, Clone, Serialize)]
pub struct JournalEntry {
    /// Receipt number.
    pub numero: i64,
    /// The account of the mailbox it came to.
    pub boite: String,
    /// When it was received.
    pub recu: Timestamp,
    /// Its sender, if it has exactly one.
    pub expediteur: Option<String>,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Size in bytes.
    pub taille: i64,
    /// The verdict's word, `en-cours` while there is none.
    pub verdict: String,
    /// The codes of its defects, sorted, each as often as it occurs.
    pub codes: Vec<String>,
    /// Rows acknowledged, waiting, superseded, refused, in test mode: `transmise` and so on.
    pub lignes: Vec<(String, i64)>,
    /// Whether a reply was sent: its state, or why there is none.
    pub reponse: Option<String>,
}

#[derive(FromRow)]
struct EntryColumns {
    id: i64,
    account: String,
    received_at: i64,
    sender: Option<String>,
    message_id: Option<String>,
    sha256: String,
    size: i64,
    verdict: Option<String>,
    codes: Option<String>,
    silent: Option<String>,
    reply: Option<String>,
}

/// One request sent to the ROR.
#[derive(Debug, Clone, Serialize, FromRow)]
pub struct Request {
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
#[derive(Debug, Clone, FromRow)]
pub struct StoredReply {
    /// `reponse`, `complement` or `recapitulatif`.
    pub kind: String,
    /// `a-envoyer`, `envoyee`, `abandonnee`.
    pub etat: String,
    /// Tries so far.
    pub attempts: i64,
    /// Recipients, separated by blanks.
    pub recipients: String,
    /// The whole mail.
    pub content: Vec<u8>,
    /// Why the last try failed.
    pub failure: Option<String>,
    /// When it left or was given up, in milliseconds since 1970.
    pub closed_at: Option<i64>,
    /// The notice that said that it did not arrive.
    pub returned_by: Option<MailId>,
    /// What notices of delivery say of it.
    pub notice: Option<String>,
}

impl Store {
    /// Lines of the journal, newest first.
    pub async fn journal(&self, filter: &Filter, limit: u32) -> Result<Vec<JournalEntry>> {
        let rows: Vec<EntryColumns> = query_as(
            "SELECT m.id, m.account, m.received_at, m.sender, m.message_id, m.sha256, m.size, m.verdict, m.silent,
                (SELECT string_agg(code, ' ') FROM (SELECT code FROM defects d WHERE d.mail_id = m.id ORDER BY code) AS sorted)
                    AS codes,
                (SELECT CASE WHEN returned_by IS NULL THEN etat ELSE 'non-remise' END
                 FROM replies r WHERE r.mail_id = m.id AND r.kind = 'reponse') AS reply
             FROM mails m
             WHERE ($1 IS NULL OR m.received_at >= $1) AND ($2 IS NULL OR m.received_at < $2)
               AND ($3 IS NULL OR m.sender = $3) AND ($7 IS NULL OR COALESCE(m.verdict, 'en-cours') = $7)
               AND ($8 IS NULL OR m.id < $8) AND ($10 IS NULL OR m.account = $10)
               AND ($6 IS NULL OR EXISTS (SELECT 1 FROM defects d WHERE d.mail_id = m.id AND d.code = $6))
               AND (($4 IS NULL AND $5 IS NULL) OR EXISTS (
                    SELECT 1 FROM documents o JOIN mentions n ON n.document_id = o.id
                    WHERE o.mail_id = m.id AND ($4 IS NULL OR n.finess = $4) AND ($5 IS NULL OR n.service = $5)))
             ORDER BY m.id DESC LIMIT $9",
        )
        .bind(filter.since.map(millis))
        .bind(filter.until.map(millis))
        .bind(&filter.sender)
        .bind(&filter.finess)
        .bind(&filter.service)
        .bind(&filter.code)
        .bind(&filter.verdict)
        .bind(filter.before)
        .bind(limit)
        .bind(&filter.account)
        .fetch_all(self.read())
        .await?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            let lines = self.rows_by_state(row.id).await?;
            entries.push(entry(row, lines));
        }
        Ok(entries)
    }

    /// The line of one mail; `None` if there is no such mail.
    pub async fn journal_entry(&self, id: MailId) -> Result<Option<JournalEntry>> {
        let up_to = Filter { before: id.number().checked_add(1), ..Filter::default() };
        let newest = self.journal(&up_to, 1).await?.pop();
        Ok(newest.filter(|entry| entry.numero == id.number()))
    }

    async fn rows_by_state(&self, mail: i64) -> Result<Vec<(String, i64)>> {
        query_as("SELECT etat, COUNT(*) FROM updates WHERE mail_id = $1 GROUP BY etat ORDER BY etat")
            .bind(mail)
            .fetch_all(self.read())
            .await
    }

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
    pub async fn requests(&self, id: MailId) -> Result<Vec<Request>> {
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
        query_as(
            "SELECT kind, etat, attempts, recipients, content, failure, closed_at, returned_by, notice
             FROM replies WHERE mail_id = $1 ORDER BY id",
        )
        .bind(id)
        .fetch_all(self.read())
        .await
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

fn entry(row: EntryColumns, lignes: Vec<(String, i64)>) -> JournalEntry {
    JournalEntry {
        numero: row.id,
        boite: row.account,
        recu: instant(row.received_at),
        expediteur: row.sender,
        message_id: row.message_id,
        sha256: row.sha256,
        taille: row.size,
        verdict: row.verdict.unwrap_or_else(|| "en-cours".to_owned()),
        codes: row.codes.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        lignes,
        reponse: row.reply.or(row.silent),
    }
}
