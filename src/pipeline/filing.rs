//! Moving judged mails to their folder, once, and being sure that they went.

use std::collections::HashSet;

use super::intake::{Intake, IntakeError};
use crate::fail_point::fail_point;
use crate::mailbox::{Attempt, Entry, Folder, Moved, Position, Session};
use crate::store::{MailId, StoreError, ToMove};

/// Mails moved together.
const BATCH: u32 = 50;

/// What this sweep saw in the mailbox before it moved anything: every position.
pub(super) struct Listing<'a>(HashSet<&'a Position>);

/// Which of the judged mails a filing is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Those that were seen.
    Seen,
    /// Those that were not seen too: all that was new was received, so that they have gone.
    All,
}

impl<'a> Listing<'a> {
    pub(super) fn of(entries: &'a [Entry]) -> Self {
        Self(entries.iter().map(|entry| &entry.position).collect())
    }

    /// Whether a mail was there.
    pub(super) fn has(&self, position: &str) -> bool {
        position.parse::<Position>().is_ok_and(|position| self.0.contains(&position))
    }
}

impl Intake {
    /// Moves what is judged. A move is confirmed when the mailbox did it, or when a whole listing no
    /// longer shows the mail: an earlier, unconfirmed move did it, or another program. A mail that
    /// goes between the listing and the move may only have changed its position: the next sweep
    /// tells.
    pub(super) async fn file_judged(
        &self,
        mut session: Session,
        listing: &Listing<'_>,
        extent: Extent,
    ) -> Result<(Session, usize), IntakeError> {
        let (mut filed, mut after) = (0, None);
        loop {
            let waiting = self.judge.store().to_move(&self.judge.account, after, BATCH).await?;
            let Some(last) = waiting.last() else { return Ok((session, filed)) };
            after = Some(last.id);
            let (there, gone): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|mail| listing.has(&mail.position));
            let (again, first): (Vec<ToMove>, Vec<_>) = there.into_iter().partition(|mail| mail.tried);
            for (mails, attempt) in [(first, Attempt::First), (again, Attempt::Again)] {
                let moved;
                (session, moved) = self.file_batch(session, &mails, attempt).await?;
                filed += moved;
            }
            if extent == Extent::All {
                let gone: Vec<MailId> = gone.iter().map(|mail| mail.id).collect();
                self.judge.store().moved(&self.judge.duty()?, &gone, self.judge.now()).await?;
                filed += gone.len();
            }
        }
    }

    /// That it is tried is durable before it is: a crash may leave a copy without a removal. Gives how
    /// many mails were moved.
    async fn file_batch(
        &self,
        session: Session,
        mails: &[ToMove],
        attempt: Attempt,
    ) -> Result<(Session, usize), IntakeError> {
        self.leave_unfilable(mails).await?;
        let (ids, moves): (Vec<MailId>, Vec<_>) = mails.iter().filter_map(planned).unzip();
        if ids.is_empty() {
            return Ok((session, 0));
        }
        self.judge.store().begin_filing(&self.judge.duty()?, &ids, self.judge.now()).await?;
        fail_point!("move-planned");
        let (session, outcomes) = session.file(&moves, attempt).await?;
        fail_point!("move-done");
        self.judge.beat();
        self.tracer.filed(&moves, &outcomes).await?;
        let filed = self.confirm(&ids, &outcomes).await?;
        fail_point!("move-recorded");
        Ok((session, filed))
    }

    async fn confirm(&self, ids: &[MailId], outcomes: &[Moved]) -> Result<usize, StoreError> {
        let with = |wanted: Moved| -> Vec<MailId> {
            ids.iter().zip(outcomes).filter(|(_, outcome)| **outcome == wanted).map(|(id, _)| *id).collect()
        };
        let (moved, left) = (with(Moved::Done), with(Moved::Left));
        self.judge.store().moved(&self.judge.duty()?, &moved, self.judge.now()).await?;
        self.judge.store().left(&self.judge.duty()?, &left, self.judge.now()).await?;
        Ok(moved.len())
    }
}

/// A mail whose position or folder cannot be read stays where it is, and stops no other.
fn planned(mail: &ToMove) -> Option<(MailId, (Position, Folder))> {
    Some((mail.id, (mail.position.parse().ok()?, mail.folder.parse().ok()?)))
}
