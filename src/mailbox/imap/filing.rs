//! Filing judged mails: seen, moved to their folder, and proven to be out of the one that is read.

use std::collections::BTreeSet;

use async_imap::imap_proto::{AttributeValue, Response};
use tracing::warn;

use super::super::error::{MailboxError, Step};
use super::super::folder::Name;
use super::super::mail::{Attempt, Folder, Moved, Position};
use super::Session;
use super::command::{Answer, Filing};
use super::uid::{self, SET, Uid};

impl Session {
    /// One MOVE for each folder and 50 mails. Which mails a MOVE found, only servers with UIDPLUS say
    /// (COPYUID), and some confirm a move and do nothing: so the set is looked up before and after.
    /// What was there and no longer is, was moved; what was not there had gone.
    pub(in super::super) async fn file(
        &mut self,
        moves: &[(Position, Folder)],
        attempt: Attempt,
    ) -> Result<Vec<Moved>, MailboxError> {
        let mut there = BTreeSet::new();
        for folder in Folder::ALL {
            let uids: BTreeSet<Uid> = moves
                .iter()
                .filter(|(_, target)| *target == folder)
                .filter_map(|(position, _)| uid::of(position, self.uid_validity))
                .filter(|uid| !there.contains(uid))
                .collect();
            for set in Vec::from_iter(uids).chunks(SET) {
                there.extend(self.file_set(set, folder, attempt).await?);
            }
        }
        let done = if self.abilities.filing == Filing::Leave { Moved::Left } else { Moved::Done };
        let outcome = |(position, _): &(Position, Folder)| match uid::of(position, self.uid_validity) {
            Some(uid) if there.contains(&uid) => done,
            _ => Moved::Gone,
        };
        Ok(moves.iter().map(outcome).collect())
    }

    /// Gives the mails of the set that were there.
    async fn file_set(&mut self, uids: &[Uid], folder: Folder, attempt: Attempt) -> Result<Vec<Uid>, MailboxError> {
        let present = self.present(uids).await?;
        if present.is_empty() {
            return Ok(Vec::new());
        }
        let name = self.destinations.of(folder).clone();
        let seen = self.store(&present, "\\Seen").await?;
        match self.abilities.filing {
            // Only for the eyes of those who look into the folder: some servers grant moves, not flags.
            Filing::Move => self.send("MOVE", &present, &name).await?,
            // Where no flag can be set, a copy could not be removed, and would be made again and again.
            Filing::Copy => {
                seen.or_refused(Step::File)?;
                self.copy_and_delete(&present, &name, attempt).await?;
            }
            Filing::Leave => {
                warn!(
                    "le serveur n’offre ni MOVE ni UIDPLUS : {} courriels jugés restent dans la boîte",
                    present.len()
                );
                return Ok(present);
            }
        }
        match self.present(&present).await?.len() {
            0 => Ok(present),
            left => Err(MailboxError::NotMoved(left)),
        }
    }

    /// Without MOVE. `UID EXPUNGE` (RFC 4315) removes nobody else's mails.
    async fn copy_and_delete(&mut self, uids: &[Uid], name: &Name, attempt: Attempt) -> Result<(), MailboxError> {
        let copied = match attempt {
            Attempt::First => BTreeSet::new(),
            Attempt::Again => self.copied(uids, name).await?,
        };
        let uncopied: Vec<Uid> = uids.iter().copied().filter(|uid| !copied.contains(uid)).collect();
        if !uncopied.is_empty() {
            self.send("COPY", &uncopied, name).await?;
        }
        self.store(uids, "\\Deleted").await?.or_refused(Step::File)?;
        let command = format!("UID EXPUNGE {}", uid::set(uids));
        self.connection.order(Step::File, &command).await?.or_refused(Step::File)
    }

    async fn send(&mut self, verb: &str, uids: &[Uid], name: &Name) -> Result<(), MailboxError> {
        let command = format!("UID {verb} {} \"{}\"", uid::set(uids), name.wire());
        match self.connection.order(Step::File, &command).await? {
            Answer::Refused(text) if text.starts_with("[TRYCREATE]") => {
                Err(MailboxError::FolderMissing { folder: name.shown().to_owned(), text })
            }
            answer => answer.or_refused(Step::File),
        }
    }

    async fn store(&mut self, uids: &[Uid], flag: &str) -> Result<Answer, MailboxError> {
        let command = format!("UID STORE {} +FLAGS.SILENT ({flag})", uid::set(uids));
        self.connection.order(Step::File, &command).await
    }

    /// Those that are still there, ascending.
    async fn present(&mut self, uids: &[Uid]) -> Result<Vec<Uid>, MailboxError> {
        let asked: BTreeSet<Uid> = uids.iter().copied().collect();
        let mut present = BTreeSet::new();
        let mut see = |response: &Response<'_>| present.extend(number(response).filter(|uid| asked.contains(uid)));
        let command = format!("UID FETCH {} (UID FLAGS)", uid::set(uids));
        self.connection.run(Step::File, &command, 0, &mut see).await?.or_refused(Step::File)?;
        Ok(present.into_iter().collect())
    }
}

fn number(response: &Response<'_>) -> Option<Uid> {
    let Response::Fetch(_, attributes) = response else { return None };
    attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    })
}
