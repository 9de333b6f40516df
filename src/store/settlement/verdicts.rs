//! The final verdicts of mails and their replies, in one transaction.

use jiff::Timestamp;

use crate::engine::locks::Lock;
use crate::engine::{Tx, list, query, query_as, rows, shares};
use crate::projections;
use crate::replies::insert_answers;
use crate::{MailId, NewReplyText, Result, Store, TaskLease, millis};
use base::fail_point;
use domain::outcome::{Etat, MailOutcome, OutcomeLine, Verdict};

/// What settling a mail writes.
#[derive(Debug)]
pub struct Settlement {
    /// The mail.
    pub mail: MailId,
    /// Its outcome with its verdicts filled in.
    pub outcome: MailOutcome,
    /// What its sender is answered.
    pub answer: NewReplyText,
}

impl Settlement {
    /// What must not change while it is written.
    fn locks(&self) -> impl Iterator<Item = Lock> {
        self.lines().map(|line| Lock::of(&line.update.location))
    }

    /// The states of its counts, in the order of the mail.
    fn etats(&self) -> impl Iterator<Item = Option<&str>> {
        self.lines().map(|line| line.etat.map(Etat::word))
    }

    fn lines(&self) -> impl Iterator<Item = &OutcomeLine> {
        self.outcome.documents.iter().flat_map(|document| &document.lines)
    }
}

impl Store {
    /// Writes the final verdicts and the replies together, once: of all these mails, none of them twice, or of none.
    /// Returns whether it did: not while a count of one waits, nor if one has moved on since its outcome was read, as a
    /// superseded one does that comes back and is refused, nor if a mail is settled already.
    pub async fn settle(&self, duty: &TaskLease, settlements: &[Settlement], now: Timestamp) -> Result<bool> {
        let mut tx = self.write_under(duty).await?;
        tx.lock(settlements.iter().flat_map(Settlement::locks)).await?;
        for some in shares(settlements) {
            if !(still_stand(&mut tx, some).await? && decide(&mut tx, some, now).await?) {
                tx.rollback().await?;
                return Ok(false);
            }
        }
        insert_answers(&mut tx, settlements, now).await?;
        fail_point!("settlement-written");
        tx.commit().await?;
        Ok(true)
    }
}

/// Whether the counts of the mails are in the states in which the outcomes have them, and none waits. Under their locks
/// they stay so until the end of the transaction.
async fn still_stand(tx: &mut Tx, settlements: &[Settlement]) -> Result<bool> {
    let numbers = list(settlements.len(), 1);
    let statement = format!(
        "SELECT u.mail_id, u.etat FROM updates u JOIN documents d ON d.id = u.document_id WHERE u.mail_id IN ({numbers})
         ORDER BY u.mail_id, d.rank, u.id"
    );
    let asked = query_as(sqlx::AssertSqlSafe(statement));
    let asked = asked.bind_all(settlements.iter().map(|settlement| settlement.mail));
    let now: Vec<(MailId, String)> = asked.fetch_all(&mut *tx).await?;
    let stands = |settlement: &Settlement| {
        let own = now.iter().filter(|(mail, _)| *mail == settlement.mail).map(|(_, etat)| Some(etat.as_str()));
        settlement.etats().eq(own)
    };
    Ok(settlements.iter().all(stands) && !now.iter().any(|(_, etat)| etat == Etat::EnAttente.word()))
}

/// Whether every mail got its verdict here.
async fn decide(tx: &mut Tx, settlements: &[Settlement], now: Timestamp) -> Result<bool> {
    let verdicts: Vec<_> = settlements.iter().map(|settlement| (settlement.mail, settlement.outcome.verdict)).collect();
    let settled = rows(verdicts.len(), 2, 2, |_, at| format!("(CAST(${at} AS BIGINT), CAST(${} AS TEXT))", at + 1));
    let statement = format!(
        "WITH settled (mail, word) AS (VALUES {settled})
         UPDATE mails SET verdict = word, settled_at = $1 FROM settled WHERE id = mail AND settled_at IS NULL"
    );
    let deciding = query(sqlx::AssertSqlSafe(statement)).bind(millis(now));
    let deciding = verdicts
        .iter()
        .fold(deciding, |deciding, (mail, verdict)| deciding.bind(*mail).bind(verdict.map(Verdict::word)));
    if deciding.execute(&mut *tx).await? != settlements.len() as u64 {
        return Ok(false);
    }
    projections::decided(tx, &verdicts).await?;
    decide_documents(tx, settlements).await?;
    Ok(true)
}

async fn decide_documents(tx: &mut Tx, settlements: &[Settlement]) -> Result<()> {
    let of_mail = |settlement: &Settlement| {
        let ranked = (0_i64..).zip(settlement.outcome.documents.iter().map(|document| document.verdict));
        let mail = settlement.mail;
        ranked.map(move |(rank, verdict)| (mail, rank, verdict)).collect::<Vec<_>>()
    };
    let documents: Vec<_> = settlements.iter().flat_map(of_mail).collect();
    for some in shares(&documents) {
        let ranked = rows(some.len(), 3, 1, |_, at| {
            format!("(CAST(${at} AS BIGINT), CAST(${} AS BIGINT), CAST(${} AS TEXT))", at + 1, at + 2)
        });
        let statement = format!(
            "WITH settled (mail, place, word) AS (VALUES {ranked})
             UPDATE documents SET verdict = word FROM settled WHERE mail_id = mail AND rank = place"
        );
        let deciding = query(sqlx::AssertSqlSafe(statement));
        let deciding = some.iter().fold(deciding, |deciding, (mail, rank, verdict)| {
            deciding.bind(*mail).bind(*rank).bind(verdict.map(Verdict::word))
        });
        deciding.execute(&mut *tx).await?;
    }
    Ok(())
}
