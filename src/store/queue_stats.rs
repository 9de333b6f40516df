//! What says whether the work goes on: queues, their ages, the last success.

use jiff::{SignedDuration, Timestamp};

use crate::engine::{query_as, query_scalar};
use crate::{Result, Store, UnreadCount, around, instant};

/// What waits in the store at one moment.
#[derive(Debug, Clone, Default)]
pub struct QueueStats {
    /// Mails without judgement, by mailbox; none for a mailbox that has none.
    pub unjudged: Vec<Unjudged>,
    /// How many mails are judged and not in their folder yet, by account; none for one that has none.
    pub unfiled: Vec<(String, i64)>,
    /// Mails that are in their mailbox and could not be taken, by mailbox and cause.
    pub unread: Vec<UnreadCount>,
    /// Judged mails that stay where they came, by mailbox: how many, and since when.
    pub unmoved: Vec<(String, i64, Timestamp)>,
    /// Counts on their way to the ROR.
    pub queue: Queue,
    /// Replies on their way to their senders.
    pub replies: QueueDepth,
    /// When the ROR last acknowledged a request.
    pub last_acknowledged: Option<Timestamp>,
}

/// The mails of one mailbox that are not judged.
#[derive(Debug, Clone)]
pub struct Unjudged {
    /// The account.
    pub mailbox: String,
    /// How many.
    pub mails: i64,
    /// When the oldest was received.
    pub oldest: Timestamp,
}

/// The counts that wait for the ROR.
#[derive(Debug, Clone, Copy, Default)]
pub struct Queue {
    /// How many.
    pub waiting: i64,
    /// How many of them are late.
    pub late: i64,
    /// How many have a request under way.
    pub in_flight: i64,
    /// When the oldest was judged.
    pub oldest: Option<Timestamp>,
}

/// How many wait, and since when.
#[derive(Debug, Clone, Copy, Default)]
pub struct QueueDepth {
    /// How many.
    pub waiting: i64,
    /// When the oldest was made.
    pub oldest: Option<Timestamp>,
}

impl Store {
    /// What waits; a count that was judged so long ago is late, or that far ahead, by a clock that was set back since.
    pub async fn vitals(&self, late_after: SignedDuration, now: Timestamp) -> Result<QueueStats> {
        Ok(QueueStats {
            unjudged: self.unjudged().await?,
            unfiled: self.unfiled().await?,
            unread: self.unread_counts().await?,
            unmoved: self.unmoved_counts().await?,
            queue: self.queue(late_after, now).await?,
            replies: self.replies_waiting().await?,
            last_acknowledged: self.last_acknowledged().await?,
        })
    }

    async fn unjudged(&self) -> Result<Vec<Unjudged>> {
        let rows: Vec<(String, i64, i64)> =
            query_as("SELECT account, COUNT(*), MIN(received_at) FROM mails WHERE judged_at IS NULL GROUP BY account")
                .fetch_all(self.read())
                .await?;
        let unjudged = |(mailbox, mails, oldest)| Unjudged { mailbox, mails, oldest: instant(oldest) };
        Ok(rows.into_iter().map(unjudged).collect())
    }

    async fn unfiled(&self) -> Result<Vec<(String, i64)>> {
        query_as(
            "SELECT account, COUNT(*) FROM mails
             WHERE moved_at IS NULL AND left_at IS NULL AND judged_at IS NOT NULL GROUP BY account",
        )
        .fetch_all(self.read())
        .await
    }

    async fn queue(&self, late_after: SignedDuration, now: Timestamp) -> Result<Queue> {
        let (before, beyond) = around(now, late_after);
        let (waiting, late, in_flight, oldest): (i64, i64, i64, Option<i64>) = query_as(
            "SELECT COUNT(*), COUNT(*) FILTER (WHERE m.judged_at < $1 OR m.judged_at > $2),
                    COUNT(*) FILTER (WHERE u.in_flight_at IS NOT NULL), MIN(m.judged_at)
             FROM updates u JOIN mails m ON m.id = u.mail_id WHERE u.etat = 'en-attente'",
        )
        .bind(before)
        .bind(beyond)
        .fetch_one(self.read())
        .await?;
        Ok(Queue { waiting, late, in_flight, oldest: oldest.map(instant) })
    }

    async fn replies_waiting(&self) -> Result<QueueDepth> {
        let (waiting, oldest): (i64, Option<i64>) =
            query_as("SELECT COUNT(*), MIN(created_at) FROM replies WHERE etat = 'a-envoyer'")
                .fetch_one(self.read())
                .await?;
        Ok(QueueDepth { waiting, oldest: oldest.map(instant) })
    }

    async fn last_acknowledged(&self) -> Result<Option<Timestamp>> {
        let at: Option<i64> = query_scalar(
            "SELECT at FROM attempts WHERE status BETWEEN 200 AND 299 AND operation IN ('replace', 'add', 'delete')
             ORDER BY id DESC LIMIT 1",
        )
        .fetch_optional(self.read())
        .await?;
        Ok(at.map(instant))
    }
}
