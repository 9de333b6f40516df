//! Mails whose verdict is due, and what it and the reply depend on.

pub(super) mod verdicts;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::engine::{list, query_as, query_scalar, shares};
use crate::outcomes::document_verdict;
use crate::{MailId, Result, Store, around, parse};
use domain::address::Address;
use domain::finess::Finess;
use domain::outcome::{MailOutcome, Verdict};

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

    /// The mail, if it is to be settled.
    pub fn ready(self) -> Option<MailId> {
        if let Self::Ready(id) = self { Some(id) } else { None }
    }

    /// The mail, if its rejections are to be told.
    pub fn overdue(self) -> Option<MailId> {
        if let Self::Overdue(id) = self { Some(id) } else { None }
    }
}

/// What a sender was told of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedPlace {
    /// How many rejections.
    pub rejections: usize,
    /// Whether the one complement was made.
    pub completed: bool,
    /// Whether the mail was judged again at least once.
    pub replayed: bool,
}

type ToldColumns = (MailId, i64, bool, bool);

impl NamedPlace {
    fn of((_, rejections, completed, replayed): ToldColumns) -> Self {
        Self { rejections: usize::try_from(rejections).unwrap_or(0), completed, replayed }
    }
}

/// A mail of a sender that was settled. Their order is that of their numbers: clocks are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// Which.
    pub mail: MailId,
    /// Integrated, in part, or rejected.
    pub verdict: Verdict,
}

impl Store {
    /// What the senders of mails were told; nothing of those who were not. A digest still to be made will tell of all.
    pub async fn told(&self, ids: &[MailId]) -> Result<HashMap<MailId, NamedPlace>> {
        let mut told = HashMap::new();
        for ids in shares(ids) {
            let numbers = list(ids.len(), 1);
            let statement = format!(
                "SELECT mail_id, rejections,
                        EXISTS (SELECT 1 FROM replies c WHERE c.mail_id = told.mail_id AND c.kind = 'complement') AS completed,
                        EXISTS (SELECT 1 FROM replays p WHERE p.mail_id = told.mail_id) AS replayed
                 FROM (SELECT mail_id, rejections FROM replies WHERE kind = 'reponse' AND mail_id IN ({numbers})
                       UNION ALL
                       SELECT mail_id, CASE WHEN digest_id IS NULL THEN 9223372036854775807 ELSE told END
                       FROM withheld WHERE mail_id IN ({numbers})) AS told"
            );
            let asked = query_as(sqlx::AssertSqlSafe(statement));
            let asked = asked.bind_all(ids.iter().copied());
            let rows: Vec<ToldColumns> = asked.fetch_all(self.read()).await?;
            for row in rows {
                told.entry(row.0).or_insert(NamedPlace::of(row));
            }
        }
        Ok(told)
    }

    /// Mails to settle, and those whose rejections must be told before the ROR has answered: judged so long ago, or that
    /// far ahead, by a clock that was set back since. In the order of reception, those after `after` only: the next page.
    pub async fn unsettled(
        &self,
        deadline: SignedDuration,
        now: Timestamp,
        after: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<Unsettled>> {
        let (before, beyond) = around(now, deadline);
        let rows: Vec<(MailId, bool)> = query_as(
            "SELECT id, waits FROM (
                 SELECT m.id, m.judged_at, m.silent,
                     EXISTS (SELECT 1 FROM updates u WHERE u.mail_id = m.id AND u.etat = 'en-attente') AS waits
                 FROM mails m WHERE m.judged_at IS NOT NULL AND m.settled_at IS NULL AND m.id > $2) AS open
             WHERE NOT waits OR (judged_at < $1 OR judged_at > $4) AND silent IS NULL
                 AND EXISTS (SELECT 1 FROM defects d
                             WHERE d.mail_id = open.id AND d.severity = 'rejet' AND d.code <> 'R04')
                 AND NOT EXISTS (SELECT 1 FROM replies r WHERE r.mail_id = open.id)
                 AND NOT EXISTS (SELECT 1 FROM withheld w WHERE w.mail_id = open.id)
             ORDER BY id LIMIT $3",
        )
        .bind(before)
        .bind(after.map_or(0, MailId::number))
        .bind(limit)
        .bind(beyond)
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

    /// The outcomes of mails with the verdicts they would have if they were settled now.
    pub async fn settled_outcomes(&self, ids: &[MailId]) -> Result<Vec<(MailId, MailOutcome)>> {
        let mut outcomes = self.outcomes(ids).await?;
        for (_, outcome) in &mut outcomes {
            conclude(outcome);
        }
        Ok(outcomes)
    }

    /// The last mail of this sender settled before this one that was integrated or rejected. What was only sent to be
    /// tried is neither.
    pub async fn last_judged_before(&self, sender: &Address, id: MailId) -> Result<Option<Past>> {
        let last: Option<(MailId, String)> = query_as(
            "SELECT mail_id, verdict FROM journal WHERE sender = $1 AND mail_id < $2
             AND verdict IN ('integre', 'partiellement-integre', 'rejete')
             AND (EXISTS (SELECT 1 FROM documents d WHERE d.mail_id = journal.mail_id AND d.test = 0)
                  OR NOT EXISTS (SELECT 1 FROM documents d WHERE d.mail_id = journal.mail_id))
             ORDER BY mail_id DESC LIMIT 1",
        )
        .bind(sender.as_str())
        .bind(id)
        .fetch_optional(self.read())
        .await?;
        last.map(|(mail, word): (MailId, String)| Ok(Past { mail, verdict: parse(&word)? })).transpose()
    }
}

/// Fills in the verdicts that are not there yet.
fn conclude(outcome: &mut MailOutcome) {
    for document in &mut outcome.documents {
        let verdict = document.verdict.unwrap_or_else(|| document_verdict(&document.lines, &document.defects));
        document.verdict = Some(verdict);
    }
    let documents: Vec<Verdict> = outcome.documents.iter().filter_map(|document| document.verdict).collect();
    outcome.verdict = Some(outcome.verdict.unwrap_or_else(|| Verdict::combine(&documents)));
}
