//! Filing judged mails: seen, moved to their folder, and proven to be out of the one that is read.

use std::collections::{BTreeMap, BTreeSet};

use async_imap::imap_proto::{AttributeValue, Response};

use super::super::error::{MailboxError, Step};
use super::super::folder::Name;
use super::super::mail::{Folder, Moved, Position};
use super::Session;
use super::command::{Answer, Filing};
use super::uid::{self, SET, Uid};

/// The mails of a set that are still there, and whether each is marked as deleted.
type Present = BTreeMap<Uid, bool>;

impl Session {
    /// One MOVE for each folder and 50 mails. Which mails a MOVE found, only servers with UIDPLUS say
    /// (COPYUID), and some confirm a move and do nothing: so the set is looked up before and after.
    /// What was there and no longer is, was moved; what was not there had gone.
    pub(in super::super) async fn file(&mut self, moves: &[(Position, Folder)]) -> Result<Vec<Moved>, MailboxError> {
        let mut done = BTreeSet::new();
        for folder in Folder::ALL {
            let uids: BTreeSet<Uid> = moves
                .iter()
                .filter(|(_, target)| *target == folder)
                .filter_map(|(position, _)| uid::of(position, self.uid_validity))
                .filter(|uid| !done.contains(uid))
                .collect();
            for set in Vec::from_iter(uids).chunks(SET) {
                done.extend(self.file_set(set, folder).await?);
            }
        }
        let outcome = |(position, _): &(Position, Folder)| match uid::of(position, self.uid_validity) {
            Some(uid) if done.contains(&uid) => Moved::Done,
            _ => Moved::Gone,
        };
        Ok(moves.iter().map(outcome).collect())
    }

    async fn file_set(&mut self, uids: &[Uid], folder: Folder) -> Result<Vec<Uid>, MailboxError> {
        let present = self.present(uids).await?;
        if present.is_empty() {
            return Ok(Vec::new());
        }
        let moved: Vec<Uid> = present.keys().copied().collect();
        let name = self.destinations.of(folder).clone();
        let seen = self.store(&moved, "\\Seen").await?;
        if self.abilities.filing == Filing::Move {
            // Only for the eyes of those who look into the folder: some servers grant moves, not flags.
            self.send("MOVE", &moved, &name).await?;
        } else {
            // Where no flag can be set, a copy could not be removed, and would be made again and again.
            seen.or_refused(Step::File)?;
            self.copy_and_delete(&present, &name).await?;
        }
        match self.present(&moved).await?.len() {
            0 => Ok(moved),
            left => Err(MailboxError::NotMoved(left)),
        }
    }

    /// Without MOVE. A mail already marked as deleted was copied by an attempt that was cut short:
    /// copying it again, at each attempt, could fill the server. `UID EXPUNGE` (RFC 4315) removes
    /// nobody else's mails.
    async fn copy_and_delete(&mut self, present: &Present, name: &Name) -> Result<(), MailboxError> {
        let uncopied: Vec<Uid> = present.iter().filter(|(_, deleted)| !**deleted).map(|(uid, _)| *uid).collect();
        if !uncopied.is_empty() {
            self.send("COPY", &uncopied, name).await?;
            self.store(&uncopied, "\\Deleted").await?.or_refused(Step::File)?;
        }
        let all: Vec<Uid> = present.keys().copied().collect();
        let command = format!("UID EXPUNGE {}", uid::set(&all));
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

    async fn present(&mut self, uids: &[Uid]) -> Result<Present, MailboxError> {
        let asked: BTreeSet<Uid> = uids.iter().copied().collect();
        let mut present = Present::new();
        let mut see = |response: &Response<'_>| {
            if let Some((uid, deleted)) = flags(response)
                && asked.contains(&uid)
            {
                present.insert(uid, deleted);
            }
        };
        let command = format!("UID FETCH {} (UID FLAGS)", uid::set(uids));
        self.connection.run(Step::File, &command, 0, &mut see).await?.or_refused(Step::File)?;
        Ok(present)
    }
}

fn flags(response: &Response<'_>) -> Option<(Uid, bool)> {
    let Response::Fetch(_, attributes) = response else { return None };
    let uid = attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    })?;
    let deleted = attributes.iter().any(|attribute| {
        matches!(attribute, AttributeValue::Flags(flags) if flags.iter().any(|flag| flag.eq_ignore_ascii_case("\\Deleted")))
    });
    Some((uid, deleted))
}
