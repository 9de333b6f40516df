//! Moving judged mails to their folder, once, and being sure that they went.

use std::collections::HashSet;

use tracing::error;

use super::intake::{Intake, IntakeError};
use crate::mailbox::{Folder, Moved, Position, Session};
use crate::store::MailId;

/// Mails moved together.
const BATCH: u32 = 50;

/// What this sweep saw in the mailbox before it moved anything.
pub(super) struct Listing {
    /// Every position.
    pub(super) seen: HashSet<String>,
    /// Whether every new mail was received: then a recorded mail that was not seen is not there
    /// under another position either.
    pub(super) whole: bool,
}

impl Intake {
    /// Moves what is judged. A move is confirmed when the mailbox did it, or when a whole listing no
    /// longer shows the mail: an earlier, unconfirmed move did it, or another program. A mail that
    /// goes between the listing and the move may only have changed its position: the next sweep
    /// tells. Each mail is tried once a sweep.
    pub(super) async fn file_all(
        &self,
        mut session: Session,
        listing: &Listing,
    ) -> Result<(Session, usize), IntakeError> {
        let (mut filed, mut after) = (0, None);
        loop {
            let waiting = self.judge.store().to_move(&self.judge.account, after, BATCH).await?;
            let Some((last, ..)) = waiting.last() else { return Ok((session, filed)) };
            after = Some(*last);
            let (there, gone): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|(_, position, _)| listing.seen.contains(position));
            let (ids, moves): (Vec<MailId>, Vec<_>) = there.iter().filter_map(planned).unzip();
            let (open, outcomes) = session.file(&moves).await?;
            session = open;
            let done = ids.into_iter().zip(outcomes).filter(|(_, outcome)| *outcome == Moved::Done);
            let mut confirmed: Vec<MailId> = done.map(|(id, _)| id).collect();
            if listing.whole {
                confirmed.extend(gone.iter().map(|(id, ..)| *id));
            }
            self.judge.store().moved(&confirmed, self.judge.now()).await?;
            filed += confirmed.len();
        }
    }
}

/// A mail whose position or folder cannot be read stays where it is, and stops no other.
fn planned((id, position, folder): &(MailId, String, String)) -> Option<(MailId, (Position, Folder))> {
    if let (Ok(position), Ok(folder)) = (position.parse(), folder.parse()) {
        return Some((*id, (position, folder)));
    }
    error!(courriel = id.number(), "position ou dossier illisible : le courriel {} reste en place", id.number());
    None
}
