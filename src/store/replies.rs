//! Replies: rendered and stored before they are sent, resent unchanged, at most one of each kind.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::engine::{Tx, list, query, query_as, query_scalar, shares};
use crate::{MailId, Result, Settlement, Store, TaskLease, around, millis};
use domain::address::Address;

/// A letter of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyId(pub(super) Outbox, pub(super) i64);

/// Where a letter is kept: both tables have the columns of an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outbox {
    /// Replies to mails.
    Replies,
    /// Reminders to establishments.
    Reminders,
}

impl Outbox {
    /// Both, the one that leaves first before the other.
    pub(super) const ALL: [Self; 2] = [Self::Replies, Self::Reminders];

    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Replies => "replies",
            Self::Reminders => "reminders",
        }
    }
}

impl std::fmt::Display for ReplyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Outbox::Replies => write!(f, "réponse {}", self.1),
            Outbox::Reminders => write!(f, "relance {}", self.1),
        }
    }
}

/// What a reply is to its mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyKind {
    /// The one reply.
    Reponse,
    /// What the ROR rejected after the reply.
    Complement,
    /// The reply for the establishment's contact, where the sender's is a receipt.
    Copie,
    /// The rejections beyond the cap, gathered; kept with the last of its mails.
    Recapitulatif,
}

impl ReplyKind {
    /// The word of the store and the journal.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reponse => "reponse",
            Self::Complement => "complement",
            Self::Copie => "copie",
            Self::Recapitulatif => "recapitulatif",
        }
    }
}

/// A rendered reply, ready to be sent.
#[derive(Debug, Clone)]
pub struct NewReply {
    /// What it is.
    pub kind: ReplyKind,
    /// Its Message-ID, without angle brackets, derived from the mail it answers.
    pub message_id: String,
    /// Whom it answers.
    pub sender: Address,
    /// To and Cc.
    pub recipients: Vec<Address>,
    /// Envelope sender; `None` for the null one.
    pub return_path: Option<Address>,
    /// The whole mail.
    pub content: Vec<u8>,
    /// How many rejections it tells of.
    pub rejections: usize,
    /// What goes to the establishment's contact in a mail of its own.
    pub copy: Option<Box<NewReply>>,
}

impl NewReply {
    /// It and its copy.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.copy.as_deref())
    }
}

/// A letter of late, as far as the caps look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// Whom it answers.
    pub sender: Address,
    /// To and Cc.
    pub recipients: Vec<Address>,
    /// Whether its mail came from nobody the referential knows (M01).
    pub to_stranger: bool,
}

/// What a settled mail is answered.
#[derive(Debug)]
pub enum NewReplyText {
    /// A letter.
    Letter(Box<NewReply>),
    /// Nothing, and why.
    Silent(String),
    /// Nothing, and why: a person is to read the mail.
    ToRead(String),
    /// Its rejections go into the next digest for this address.
    Withheld(Address),
    /// Nothing more: the reply sent before says it all.
    Told,
}

/// Withheld rejections to be told of in one letter: those of one address to one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestDue {
    /// Whom it answers.
    pub to: Address,
    /// Its mails in order, 500 at most: the rest makes another digest.
    pub mails: Vec<MailId>,
}

impl Store {
    /// Stores the answer to a mail that is not settled yet.
    pub async fn answer(&self, duty: &TaskLease, id: MailId, answer: &NewReplyText, now: Timestamp) -> Result<()> {
        let mut tx = self.write_under(duty).await?;
        insert_answer(&mut tx, id, answer, now).await?;
        tx.commit().await
    }

    /// The replies made from `since` to `now`, copies and digests included. One that a clock set back meanwhile dates later
    /// counts against nobody.
    pub async fn replies_since(&self, since: Timestamp, now: Timestamp) -> Result<Vec<Recent>> {
        let rows: Vec<(String, String, bool)> = query_as(
            "SELECT r.sender, r.recipients,
                    EXISTS (SELECT 1 FROM defects d WHERE d.mail_id = r.mail_id AND d.code = 'M01') AS to_stranger
             FROM replies r WHERE r.created_at >= $1 AND r.created_at <= $2",
        )
        .bind(millis(since))
        .bind(millis(now))
        .fetch_all(self.read())
        .await?;
        let recent = |(sender, recipients, to_stranger): (String, String, bool)| {
            let recipients = recipients.split(' ').map(crate::parse).collect::<Result<_>>()?;
            Ok(Recent { sender: crate::parse(&sender)?, recipients, to_stranger })
        };
        rows.into_iter().map(recent).collect()
    }

    /// For whom rejections wait for a digest.
    pub async fn withheld_for(&self) -> Result<Vec<Address>> {
        let waiting: Vec<String> =
            query_scalar("SELECT DISTINCT sender FROM withheld WHERE digest_id IS NULL").fetch_all(self.read()).await?;
        waiting.iter().map(|address| crate::parse(address)).collect()
    }

    /// The digests whose oldest rejection was withheld so long ago, or that far ahead, by a clock that was set back since.
    pub async fn digests_due(&self, after: SignedDuration, now: Timestamp) -> Result<Vec<DigestDue>> {
        let (before, beyond) = around(now, after);
        let owed: Vec<(String, String)> = query_as(
            "SELECT w.sender, m.account FROM withheld w JOIN mails m ON m.id = w.mail_id
             WHERE w.digest_id IS NULL GROUP BY w.sender, m.account HAVING MIN(w.since) <= $1 OR MIN(w.since) >= $2",
        )
        .bind(before)
        .bind(beyond)
        .fetch_all(self.read())
        .await?;
        let mut due = Vec::new();
        for (to, account) in owed {
            let mails = query_scalar(
                "SELECT w.mail_id FROM withheld w JOIN mails m ON m.id = w.mail_id
                 WHERE w.digest_id IS NULL AND w.sender = $1 AND m.account = $2 ORDER BY w.mail_id LIMIT 500",
            )
            .bind(&to)
            .bind(account)
            .fetch_all(self.read())
            .await?;
            due.push(DigestDue { to: crate::parse(&to)?, mails });
        }
        Ok(due)
    }

    /// Stores a digest and marks the mails it gathers, each with how many rejections it tells of.
    pub async fn add_digest(
        &self,
        duty: &TaskLease,
        mails: &[(MailId, usize)],
        reply: &NewReply,
        now: Timestamp,
    ) -> Result<()> {
        let Some((last, _)) = mails.last() else { return Ok(()) };
        let mut tx = self.write_under(duty).await?;
        let digest = insert(&mut tx, *last, reply, now).await?;
        for (mail, told) in mails {
            query("UPDATE withheld SET digest_id = $2, told = $3 WHERE mail_id = $1")
                .bind(mail)
                .bind(digest)
                .bind(i64::try_from(*told).unwrap_or(i64::MAX))
                .execute(&mut tx)
                .await?;
        }
        tx.commit().await
    }
}

/// Inserts the answers to settled mails. Most are nothing, for one reason: those share a statement.
pub(super) async fn insert_answers(tx: &mut Tx, settlements: &[Settlement], now: Timestamp) -> Result<()> {
    let mut silent: BTreeMap<&str, Vec<MailId>> = BTreeMap::new();
    for Settlement { mail, answer, .. } in settlements {
        match answer {
            NewReplyText::Silent(reason) => silent.entry(reason).or_default().push(*mail),
            other => insert_answer(tx, *mail, other, now).await?,
        }
    }
    for (reason, mails) in silent {
        say_nothing(tx, &mails, reason).await?;
    }
    Ok(())
}

async fn say_nothing(tx: &mut Tx, mails: &[MailId], reason: &str) -> Result<()> {
    for some in shares(mails) {
        let marked = list(some.len(), 2);
        let statement = format!("UPDATE mails SET silent = $1 WHERE id IN ({marked})");
        let saying = query(sqlx::AssertSqlSafe(statement)).bind(reason);
        saying.bind_all(some.iter().copied()).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Inserts an answer, whatever it is.
async fn insert_answer(tx: &mut Tx, id: MailId, answer: &NewReplyText, now: Timestamp) -> Result<()> {
    match answer {
        NewReplyText::Letter(letter) => {
            for reply in letter.all() {
                insert(tx, id, reply, now).await?;
            }
            Ok(())
        }
        NewReplyText::Silent(reason) => say_nothing(tx, &[id], reason).await,
        NewReplyText::ToRead(reason) => {
            query("UPDATE mails SET silent = $1, to_read = 1 WHERE id = $2")
                .bind(reason)
                .bind(id)
                .execute(&mut *tx)
                .await?;
            Ok(())
        }
        NewReplyText::Withheld(sender) => {
            query("INSERT INTO withheld (mail_id, sender, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(id)
                .bind(sender.as_str())
                .bind(millis(now))
                .execute(&mut *tx)
                .await?;
            Ok(())
        }
        NewReplyText::Told => Ok(()),
    }
}

async fn insert(tx: &mut Tx, id: MailId, reply: &NewReply, now: Timestamp) -> Result<i64> {
    let recipients: Vec<&str> = reply.recipients.iter().map(Address::as_str).collect();
    query_scalar(
        "INSERT INTO replies (mail_id, kind, message_id, sender, recipients, return_path, content, rejections,
                              etat, created_at, next_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'a-envoyer', $9, $9) RETURNING id",
    )
    .bind(id)
    .bind(reply.kind.word())
    .bind(&reply.message_id)
    .bind(reply.sender.as_str())
    .bind(recipients.join(" "))
    .bind(reply.return_path.as_ref().map_or("", Address::as_str))
    .bind(&reply.content)
    .bind(i64::try_from(reply.rejections).unwrap_or(i64::MAX))
    .bind(millis(now))
    .fetch_one(&mut *tx)
    .await
}
