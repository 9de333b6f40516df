//! What becomes of rows after their requests: acknowledged, refused, held back, or to be tried again.

use jiff::Timestamp;

use super::attempts::{Probe, Sent, insert_probes};
use super::claim::{RowId, RowToSend};
use super::complete::{ClaimedRow, end_row, standings};
use crate::engine::locks::Lock;
use crate::engine::{Tx, list, query, shares};
use crate::{Result, Store, millis};
use base::fail_point;
use domain::capacity::Location;
use domain::defect::Defect;

/// What becomes of a row after its request.
#[derive(Debug)]
pub enum Closing {
    /// The ROR acknowledged it.
    Acknowledged {
        /// The code under which it did, if the indicator's genre is undifferentiated.
        genre_code: Option<String>,
    },
    /// The ROR refused it: what it had superseded may come back.
    Refused(Defect),
    /// The ROR has not opened the rights: the row waits, the defect is told once.
    HeldBack {
        /// R04.
        defect: Defect,
        /// When to try again.
        next_at: Timestamp,
    },
    /// The ROR was seen to hold a later observation, which somebody else wrote: it is left there.
    Overtaken {
        /// When it was observed.
        date: Timestamp,
        /// What it says.
        nombre: i64,
    },
    /// Nothing was sent, since the claim was about to be lost: it waits as before, no attempt the more.
    Withdrawn,
    /// To be tried again; superseded instead if a newer observation came meanwhile.
    Retry {
        /// When.
        next_at: Timestamp,
        /// Until when nothing is sent to the location, since the request may still be applied: the
        /// row is in doubt.
        hold: Option<Timestamp>,
    },
}

impl Closing {
    /// Whether the request may have been applied, or may still be.
    pub(crate) fn may_have_effect(&self) -> bool {
        matches!(self, Self::Acknowledged { .. } | Self::Retry { hold: Some(_), .. })
    }
}

/// The requests that were sent for a claimed row, and what becomes of it.
#[derive(Debug)]
pub struct Answered {
    pub(crate) id: RowId,
    location: Location,
    probes: Vec<Probe>,
    pub(crate) closing: Closing,
    pub(crate) settled: Timestamp,
    pub(crate) at: Timestamp,
}

impl RowToSend {
    /// What was answered at that instant. Until `settled` a request may still be applied.
    pub fn answered(&self, probes: Vec<Probe>, closing: Closing, settled: Timestamp, at: Timestamp) -> Answered {
        Answered { id: self.id, location: self.update.location.clone(), probes, closing, settled, at }
    }
}

impl Answered {
    /// Whether nothing is to be done but to close the row: acknowledged as hoped for, at the first try.
    fn is_plain(&self, standing: &ClaimedRow) -> bool {
        matches!(self.closing, Closing::Acknowledged { genre_code: None })
            && standing.claim == Some(self.id.claim)
            && !(standing.again || standing.tried || standing.doubted)
    }
}

impl Store {
    /// Records, in one transaction, the requests sent for claimed rows and what becomes of each; no two are of one key.
    /// If the claim of one was taken over meanwhile, its answer decides nothing: the newest value is sent again. Returns
    /// whether that was so for any.
    pub async fn close_rows(&self, answers: &[&Answered]) -> Result<bool> {
        let mut tx = self.write().await?;
        tx.lock(answers.iter().map(|answer| Lock::of(&answer.location))).await?;
        let mut lost = false;
        for answers in shares(answers) {
            lost |= close_some(&mut tx, answers).await?;
        }
        fail_point!("patch-written");
        tx.commit().await?;
        Ok(lost)
    }
}

async fn close_some(tx: &mut Tx, answers: &[&Answered]) -> Result<bool> {
    let ids: Vec<i64> = answers.iter().map(|answer| answer.id.row).collect();
    let standings = standings(tx, &ids).await?;
    let requests = answers.iter().flat_map(|answer| {
        answer.probes.iter().map(|probe| Sent { update: Some(answer.id.row), removal: None, probe, at: answer.at })
    });
    insert_probes(tx, &requests.collect::<Vec<_>>()).await?;
    let lost = answers.iter().zip(&standings).any(|(answer, standing)| standing.claim != Some(answer.id.claim));
    let all = answers.iter().zip(&standings);
    let (plain, others): (Vec<_>, Vec<_>) = all.partition(|(answer, standing)| answer.is_plain(standing));
    close_plain(tx, &plain.into_iter().map(|(answer, _)| *answer).collect::<Vec<_>>()).await?;
    for (answer, standing) in others {
        end_row(tx, answer, standing).await?;
    }
    Ok(lost)
}

async fn close_plain(tx: &mut Tx, answers: &[&Answered]) -> Result<()> {
    let Some(last) = answers.iter().map(|answer| answer.at).max() else { return Ok(()) };
    let marked = list(answers.len(), 2);
    let statement = format!(
        "UPDATE updates SET etat = 'transmise', in_flight_at = NULL, claim = NULL, worker = NULL, genre_code = NULL,
         again_at = NULL, attempts = attempts + 1, closed_at = $1 WHERE id IN ({marked})"
    );
    let closing = query(sqlx::AssertSqlSafe(statement)).bind(millis(last));
    closing.bind_all(answers.iter().map(|answer| answer.id.row)).execute(&mut *tx).await?;
    Ok(())
}
