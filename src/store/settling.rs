//! From the last answer of the ROR to the final verdict and the reply, in one transaction.

use jiff::Timestamp;

use super::engine::locks::Lock;
use super::engine::{Tx, query, query_as, query_scalar};
use super::outcomes::document_verdict;
use super::replies::insert_answer;
use super::search::upkeep;
use super::{Answer, Duty, MailId, Result, Store, millis, parse};
use crate::address::Address;
use crate::fail_point::fail_point;
use crate::finess::Finess;
use crate::outcome::{Etat, MailOutcome, Verdict};

/// A judged mail that is not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsettled {
    /// Every row has its answer.
    Ready(MailId),
    /// Rejections are known, nothing was answered yet, and the deadline for it has passed.
    Overdue(MailId),
}

impl Unsettled {
    /// The mail.
    pub fn mail(self) -> MailId {
        match self {
            Self::Ready(id) | Self::Overdue(id) => id,
        }
    }
}

/// What settling a mail writes.
#[derive(Debug)]
pub struct Settlement {
    /// The outcome with its verdicts filled in.
    pub outcome: MailOutcome,
    /// What the sender is answered.
    pub answer: Answer,
}

/// What a sender was told of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// How many rejections.
    pub rejections: usize,
    /// Whether the one complement was made.
    pub completed: bool,
    /// Whether the mail was judged again at least once.
    pub replayed: bool,
}

impl Store {
    /// What the mail's sender was told; `None` if nothing. A digest still to be made will tell of all.
    pub async fn told(&self, id: MailId) -> Result<Option<Told>> {
        let told: Option<(i64, bool, bool)> = query_as(
            "SELECT rejections,
                    EXISTS (SELECT 1 FROM replies c WHERE c.mail_id = $1 AND c.kind = 'complement'),
                    EXISTS (SELECT 1 FROM replays p WHERE p.mail_id = $1)
             FROM (SELECT rejections FROM replies WHERE mail_id = $1 AND kind = 'reponse'
                   UNION ALL
                   SELECT CASE WHEN digest_id IS NULL THEN 9223372036854775807 ELSE told END
                   FROM withheld WHERE mail_id = $1) AS told",
        )
        .bind(id)
        .fetch_optional(self.read())
        .await?;
        Ok(told.map(|(rejections, completed, replayed)| Told {
            rejections: usize::try_from(rejections).unwrap_or(0),
            completed,
            replayed,
        }))
    }

    /// Mails to settle, and those whose rejections must be told before the ROR has answered: judged
    /// before `overdue_before`. In the order of reception, those after `after` only: the next page.
    pub async fn unsettled(
        &self,
        overdue_before: Timestamp,
        after: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<Unsettled>> {
        let rows: Vec<(MailId, bool)> = query_as(
            "SELECT id, waits FROM (
                 SELECT m.id, m.judged_at, m.silent,
                     EXISTS (SELECT 1 FROM updates u WHERE u.mail_id = m.id AND u.etat = 'en-attente') AS waits
                 FROM mails m WHERE m.judged_at IS NOT NULL AND m.settled_at IS NULL AND m.id > $2) AS open
             WHERE NOT waits OR judged_at < $1 AND silent IS NULL
                 AND EXISTS (SELECT 1 FROM defects d
                             WHERE d.mail_id = open.id AND d.severity = 'rejet' AND d.code <> 'R04')
                 AND NOT EXISTS (SELECT 1 FROM replies r WHERE r.mail_id = open.id)
                 AND NOT EXISTS (SELECT 1 FROM withheld w WHERE w.mail_id = open.id)
             ORDER BY id LIMIT $3",
        )
        .bind(millis(overdue_before))
        .bind(after.map_or(0, MailId::number))
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        let kind = |(id, waits): (MailId, bool)| if waits { Unsettled::Overdue(id) } else { Unsettled::Ready(id) };
        Ok(rows.into_iter().map(kind).collect())
    }

    /// The establishments that the documents of a mail speak of, accepted or not.
    pub async fn establishments_of(&self, id: MailId) -> Result<Vec<Finess>> {
        let numbers: Vec<String> =
            query_scalar("SELECT finess FROM mentions WHERE mail_id = $1 AND service = '' ORDER BY finess")
                .bind(id)
                .fetch_all(self.read())
                .await?;
        numbers.iter().map(|number| parse(number)).collect()
    }

    /// Who sent a judged mail; `None` if nobody can be told.
    pub async fn sender_of(&self, id: MailId) -> Result<Option<Address>> {
        let sender: Option<Option<String>> =
            query_scalar("SELECT sender FROM mails WHERE id = $1").bind(id).fetch_optional(self.read()).await?;
        sender.flatten().map(|sender| parse(&sender)).transpose()
    }

    /// The outcome of a mail with the verdicts it would have if it were settled now.
    pub async fn settled_outcome(&self, id: MailId) -> Result<Option<MailOutcome>> {
        let Some(mut outcome) = self.outcome(id).await? else { return Ok(None) };
        for document in &mut outcome.documents {
            let verdict = document.verdict.unwrap_or_else(|| document_verdict(&document.lines, &document.defects));
            document.verdict = Some(verdict);
        }
        let documents: Vec<Verdict> = outcome.documents.iter().filter_map(|document| document.verdict).collect();
        outcome.verdict = Some(outcome.verdict.unwrap_or_else(|| Verdict::combine(&documents)));
        Ok(Some(outcome))
    }

    /// Writes the final verdicts and the reply together, once. Returns whether it did: not while a count waits, nor if
    /// one has moved on since the outcome was read, as a superseded one does that comes back and is refused.
    pub async fn settle(&self, duty: &Duty, id: MailId, settlement: &Settlement, now: Timestamp) -> Result<bool> {
        let mut tx = self.write_under(duty).await?;
        if !still_stands(&mut tx, id, &settlement.outcome).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        let verdict = settlement.outcome.verdict.map(Verdict::word);
        let done = query("UPDATE mails SET verdict = $2, settled_at = $3 WHERE id = $1 AND settled_at IS NULL")
            .bind(id)
            .bind(verdict)
            .bind(millis(now))
            .execute(&mut tx)
            .await?;
        if done == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        upkeep::decided(&mut tx, id, settlement.outcome.verdict).await?;
        for (rank, document) in (0_i64..).zip(&settlement.outcome.documents) {
            query("UPDATE documents SET verdict = $3 WHERE mail_id = $1 AND rank = $2")
                .bind(id)
                .bind(rank)
                .bind(document.verdict.map(Verdict::word))
                .execute(&mut tx)
                .await?;
        }
        insert_answer(&mut tx, id, &settlement.answer, now).await?;
        fail_point!("settlement-written");
        tx.commit().await?;
        Ok(true)
    }

    /// Whether the last mail of this sender settled before this one had rejections: then an
    /// integrated one is confirmed (« retour à la normale »).
    pub async fn was_rejected_before(&self, sender: &Address, id: MailId) -> Result<bool> {
        let last: Option<String> = query_scalar(
            "SELECT verdict FROM journal WHERE sender = $1 AND mail_id < $2
             AND verdict IN ('integre', 'partiellement-integre', 'rejete')
             ORDER BY received_at DESC, mail_id DESC LIMIT 1",
        )
        .bind(sender.as_str())
        .bind(id)
        .fetch_optional(self.read())
        .await?;
        Ok(last.is_some_and(|word| word != Verdict::Integre.word()))
    }
}

/// Whether the counts of the mail are in the states in which the outcome has them, and none waits. They stay so until
/// the end of the transaction.
async fn still_stands(tx: &mut Tx, id: MailId, outcome: &MailOutcome) -> Result<bool> {
    let places: Vec<(String, String)> = query_as("SELECT DISTINCT finess, service FROM updates WHERE mail_id = $1")
        .bind(id)
        .fetch_all(&mut *tx)
        .await?;
    tx.lock(places.iter().map(|(finess, service)| Lock::location(finess, service))).await?;
    let now: Vec<String> = query_scalar(
        "SELECT u.etat FROM updates u JOIN documents d ON d.id = u.document_id WHERE u.mail_id = $1 ORDER BY d.rank, u.id",
    )
    .bind(id)
    .fetch_all(&mut *tx)
    .await?;
    let read = outcome.documents.iter().flat_map(|document| &document.lines).map(|line| line.etat.map(Etat::word));
    let waits = now.iter().any(|etat| etat == Etat::EnAttente.word());
    Ok(!waits && read.eq(now.iter().map(|etat| Some(etat.as_str()))))
}
