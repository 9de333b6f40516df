//! What operators must be told of, as far as the store knows it.

use jiff::Timestamp;

use crate::engine::query_as;
use crate::{MailId, Result, Store, instant, millis};
use domain::finess::Finess;

/// The most happenings looked at: each is an incident of its own.
const MOST: u32 = 100;
const HOUR_MS: i64 = 3_600_000;
const WEEK_MS: i64 = 7 * 24 * HOUR_MS;

/// Something that happened to a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happening {
    /// The mail.
    pub mail: MailId,
    /// When.
    pub at: Timestamp,
}

/// Rows that the ROR gives us no right to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsRefused {
    /// How many locations.
    pub locations: i64,
    /// One of them, `FINESS/CODE`.
    pub example: String,
    /// Since when the oldest row waits.
    pub since: Timestamp,
}

/// Rows that the ROR refused for good, under one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionCounts {
    /// R01, R02, R03 or R05.
    pub code: String,
    /// How many rows.
    pub rows: i64,
    /// Of how many locations.
    pub locations: i64,
    /// One of them, `FINESS/CODE`.
    pub example: String,
    /// When the first was refused.
    pub since: Timestamp,
}

/// Mails rejected, at least in part, in one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The establishment they speak of; `None` for all mails.
    pub finess: Option<Finess>,
    /// How many hours before now: 0 is the last one.
    pub hour: u32,
    /// How many.
    pub mails: u32,
}

impl Store {
    /// Mails received since then that a person is to read, those left out that somebody marked as handled.
    pub async fn mails_to_read(&self, since: Timestamp) -> Result<Vec<Happening>> {
        self.happenings(
            since,
            "SELECT id, received_at FROM mails WHERE to_read = 1 AND received_at >= $1
             AND NOT EXISTS (SELECT 1 FROM handled h WHERE h.mail_id = mails.id)
             ORDER BY received_at DESC LIMIT $2",
        )
        .await
    }

    /// Replies given up, refused for one of their recipients, or come back, since then; not those to mails that somebody marked as handled.
    pub async fn undelivered_replies(&self, since: Timestamp) -> Result<Vec<Happening>> {
        self.happenings(
            since,
            "SELECT mail_id, closed_at FROM (
                 SELECT mail_id, closed_at FROM replies WHERE etat = 'abandonnee' AND closed_at >= $1
                 UNION ALL
                 SELECT mail_id, closed_at FROM replies WHERE unreached > 0 AND closed_at >= $1
                 UNION ALL
                 SELECT r.mail_id, b.received_at FROM replies r JOIN mails b ON b.id = r.returned_by
                 WHERE r.returned_by IS NOT NULL AND b.received_at >= $1) AS undelivered
             WHERE NOT EXISTS (SELECT 1 FROM handled h WHERE h.mail_id = undelivered.mail_id)
             ORDER BY closed_at DESC LIMIT $2",
        )
        .await
    }

    /// Patient documents (M06) received since then; not those that somebody marked as handled.
    pub async fn patient_documents(&self, since: Timestamp) -> Result<Vec<Happening>> {
        self.happenings(
            since,
            "SELECT mail_id, received_at FROM facets f WHERE facet = 'M06' AND received_at >= $1
               AND NOT EXISTS (SELECT 1 FROM handled h WHERE h.mail_id = f.mail_id)
             ORDER BY received_at DESC, mail_id DESC LIMIT $2",
        )
        .await
    }

    /// The newest mails of a statement, with when it happened to them.
    async fn happenings(&self, since: Timestamp, statement: &'static str) -> Result<Vec<Happening>> {
        let rows = query_as(statement).bind(millis(since)).bind(MOST).fetch_all(self.read()).await?;
        Ok(rows.into_iter().map(happening).collect())
    }

    /// The rows that wait because the ROR refuses our rights (R04); `None` if none does.
    pub async fn rights_refused(&self) -> Result<Option<RightsRefused>> {
        let (locations, example, since): (i64, Option<String>, Option<i64>) = query_as(
            "SELECT COUNT(DISTINCT u.finess || '/' || u.service), MIN(u.finess || '/' || u.service), MIN(m.judged_at)
             FROM updates u JOIN defects d ON d.update_id = u.id AND d.code = 'R04' JOIN mails m ON m.id = u.mail_id
             WHERE u.etat = 'en-attente'",
        )
        .fetch_one(self.read())
        .await?;
        let Some((example, since)) = example.zip(since) else { return Ok(None) };
        Ok(Some(RightsRefused { locations, example, since: instant(since) }))
    }

    /// What the ROR refused since then of mails that were received in the week before, code by code; not of those that
    /// somebody marked as handled.
    pub async fn refused_by_the_ror(&self, since: Timestamp) -> Result<Vec<RejectionCounts>> {
        let rows: Vec<(String, i64, i64, String, i64)> = query_as(
            "SELECT d.code, COUNT(*), COUNT(DISTINCT u.finess || '/' || u.service),
                 MIN(u.finess || '/' || u.service), MIN(u.closed_at)
             FROM facets f JOIN defects d ON d.mail_id = f.mail_id AND d.code = f.facet
                 JOIN updates u ON u.id = d.update_id
             WHERE f.facet IN ('R01', 'R02', 'R03', 'R05') AND f.received_at >= $2
               AND u.etat = 'rejetee' AND u.closed_at >= $1
               AND NOT EXISTS (SELECT 1 FROM handled h WHERE h.mail_id = f.mail_id)
             GROUP BY d.code ORDER BY d.code",
        )
        .bind(millis(since))
        .bind(millis(since).saturating_sub(WEEK_MS))
        .fetch_all(self.read())
        .await?;
        let refusals = |(code, rows, locations, example, since)| RejectionCounts {
            code,
            rows,
            locations,
            example,
            since: instant(since),
        };
        Ok(rows.into_iter().map(refusals).collect())
    }

    /// Rejections hour by hour before `now`, of all mails and of each establishment.
    pub async fn rejections_by_hour(&self, since: Timestamp, now: Timestamp) -> Result<Vec<Rejected>> {
        let rows: Vec<(Option<String>, i64, i64)> = query_as(
            "WITH rejected AS (
                SELECT mail_id, ($2 - received_at) / $3 AS hour FROM journal
                WHERE verdict IN ('rejete', 'partiellement-integre') AND received_at >= $1 AND received_at <= $2)
             SELECT NULL, hour, COUNT(*) FROM rejected GROUP BY hour
             UNION ALL
             SELECT n.finess, rejected.hour, COUNT(*)
             FROM rejected JOIN mentions n ON n.mail_id = rejected.mail_id AND n.service = ''
             GROUP BY n.finess, rejected.hour",
        )
        .bind(millis(since))
        .bind(millis(now))
        .bind(HOUR_MS)
        .fetch_all(self.read())
        .await?;
        Ok(rows.into_iter().filter_map(rejected).collect())
    }
}

fn happening((mail, at): (i64, i64)) -> Happening {
    Happening { mail: MailId::of(mail), at: instant(at) }
}

fn rejected((finess, hour, mails): (Option<String>, i64, i64)) -> Option<Rejected> {
    let finess = match finess {
        Some(finess) => Some(finess.parse().ok()?),
        None => None,
    };
    Some(Rejected { finess, hour: u32::try_from(hour).ok()?, mails: crate::count(mails) })
}
