//! Filing judged mails: seen, moved to their folder, and proven to be out of the one that is read.

use std::collections::{BTreeMap, BTreeSet};

use imap_proto::{AttributeValue, Response};
use tracing::warn;

use super::super::error::{MailboxError, Step};
use super::super::folder::Name;
use super::super::mail::{Attempt, Folder, Moved, Position};
use super::command::{Answer, Filing};
use super::uid::{self, SET, Uid};
use super::{Session, folders};

/// Refusals in a row, nothing being taken between them: enough to find one mail among [`SET`] that a folder does not take.
/// Beyond them it is the folder that takes none.
const MOST_REFUSALS: u32 = 8;

/// Said of mails that a server claims to have moved.
const UNMOVED: &str = "le serveur confirme le classement, mais les courriels n’ont pas bougé";

/// Why mails could not be filed.
pub(super) enum Obstacle {
    /// The server answered NO or BAD: the session goes on.
    Refusal(String),
    /// The session is over.
    End(MailboxError),
}

/// What became of a set of mails; those that are in neither list had gone.
#[derive(Default)]
struct Tried {
    moved: Vec<Uid>,
    left: Vec<Uid>,
    /// Why some are left, and whether fewer of them may be taken.
    refusal: Option<(String, bool)>,
}

impl Session {
    /// One MOVE for each folder and 50 mails. Which mails a MOVE found, only servers with UIDPLUS say
    /// (COPYUID), and some confirm a move and do nothing: so the set is looked up before and after.
    /// What was there and no longer is, was moved; what was not there had gone.
    pub(in super::super) async fn file(
        &mut self,
        moves: &[(Position, Folder)],
        attempt: Attempt,
    ) -> Result<Vec<Moved>, MailboxError> {
        let mut outcomes = BTreeMap::new();
        for folder in Folder::ALL {
            let uids: BTreeSet<Uid> = moves
                .iter()
                .filter(|(_, target)| *target == folder)
                .filter_map(|(position, _)| uid::of(position, self.uid_validity))
                .filter(|uid| !outcomes.contains_key(uid))
                .collect();
            self.file_in(&Vec::from_iter(uids), folder, attempt, &mut outcomes).await?;
        }
        let outcome = |(position, _): &(Position, Folder)| {
            uid::of(position, self.uid_validity).and_then(|uid| outcomes.get(&uid)).copied().unwrap_or(Moved::Gone)
        };
        Ok(moves.iter().map(outcome).collect())
    }

    /// Once a whole set is refused, no other is tried: the folder is then to blame, not a mail.
    async fn file_in(
        &mut self,
        uids: &[Uid],
        folder: Folder,
        attempt: Attempt,
        outcomes: &mut BTreeMap<Uid, Moved>,
    ) -> Result<(), MailboxError> {
        let (mut taken, mut said) = (false, None);
        for set in uids.chunks(SET) {
            if said.is_some() && !taken {
                outcomes.extend(set.iter().map(|uid| (*uid, Moved::Refused)));
                continue;
            }
            let tried = self.file_set(set, folder, attempt).await?;
            let done = if self.abilities.filing == Filing::Leave { Moved::Left } else { Moved::Done };
            taken |= !tried.moved.is_empty();
            outcomes.extend(tried.moved.into_iter().map(|uid| (uid, done)));
            outcomes.extend(tried.left.into_iter().map(|uid| (uid, Moved::Refused)));
            said = said.or(tried.refusal.map(|(said, _)| said));
        }
        match said {
            Some(said) => drop(self.refused.insert(folder, said)),
            None if taken => drop(self.refused.remove(&folder)),
            None => {}
        }
        Ok(())
    }

    /// A set that is refused is halved: a folder may refuse one mail, for its size or its content, and a COPY of
    /// several is done for all of them or for none (RFC 3501, section 6.4.7).
    async fn file_set(&mut self, uids: &[Uid], folder: Folder, attempt: Attempt) -> Result<Tried, MailboxError> {
        let (mut all, mut waiting, mut attempt) = (Tried::default(), vec![uids.to_vec()], attempt);
        let mut refusals = 0_u32;
        while let Some(set) = waiting.pop() {
            let tried = self.try_set(&set, folder, attempt).await?;
            if !tried.moved.is_empty() {
                refusals = 0;
            }
            all.moved.extend(tried.moved);
            let Some((said, divisible)) = tried.refusal else { continue };
            refusals = refusals.saturating_add(1);
            // Servers that keep half of what they refuse are not unknown.
            attempt = Attempt::Again;
            let (first, second) = tried.left.split_at(tried.left.len() / 2);
            if divisible && !first.is_empty() && refusals < MOST_REFUSALS {
                waiting.extend([second.to_vec(), first.to_vec()]);
            } else {
                all.left.extend(tried.left);
            }
            // Beyond the limit nothing is halved any more until something is taken; what still waits is asked for once.
            all.refusal = Some((said, divisible));
        }
        Ok(all)
    }

    /// Asks for these mails, and looks where they are afterwards.
    async fn try_set(&mut self, uids: &[Uid], folder: Folder, attempt: Attempt) -> Result<Tried, MailboxError> {
        let refused = |left: Vec<Uid>, said| Tried { moved: Vec::new(), left, refusal: Some((said, false)) };
        let present = match self.present(uids).await {
            Ok(present) => present,
            Err(Obstacle::Refusal(said)) => return Ok(refused(uids.to_vec(), said)),
            Err(Obstacle::End(error)) => return Err(error),
        };
        if present.is_empty() {
            return Ok(Tried::default());
        }
        let asked = match self.ask(&present, folder, attempt).await {
            Ok(()) if self.abilities.filing == Filing::Leave => {
                return Ok(Tried { moved: present, ..Tried::default() });
            }
            Ok(()) => None,
            Err(Obstacle::Refusal(said)) => Some((said, true)),
            Err(Obstacle::End(error)) => return Err(error),
        };
        let left = match self.present(&present).await {
            Ok(left) => left,
            Err(Obstacle::Refusal(said)) => return Ok(refused(present, said)),
            Err(Obstacle::End(error)) => return Err(error),
        };
        let moved = present.into_iter().filter(|uid| !left.contains(uid)).collect();
        // A server that says it moved what it left may have copied it: it is not asked for less at once.
        let refusal = (!left.is_empty()).then(|| asked.unwrap_or_else(|| (UNMOVED.to_owned(), false)));
        Ok(Tried { moved, left, refusal })
    }

    async fn ask(&mut self, present: &[Uid], folder: Folder, attempt: Attempt) -> Result<(), Obstacle> {
        let name = self.destinations.of(folder).clone();
        let seen = self.store(present, "\\Seen").await?;
        match self.abilities.filing {
            // Only for the eyes of those who look into the folder: some servers grant moves, not flags.
            Filing::Move => self.send("MOVE", present, &name).await,
            // Where no flag can be set, a copy could not be removed, and would be made again and again.
            Filing::Copy => {
                accepted(seen)?;
                self.copy_and_delete(present, &name, attempt).await
            }
            Filing::Leave => {
                warn!(
                    "le serveur n’offre ni MOVE ni UIDPLUS : {} courriels jugés restent dans la boîte",
                    present.len()
                );
                Ok(())
            }
        }
    }

    /// Without MOVE. Only what was copied is removed: by this COPY, which was answered OK, or by an earlier one, whose
    /// copy was found. `UID EXPUNGE` (RFC 4315) removes nobody else's mails.
    async fn copy_and_delete(&mut self, uids: &[Uid], name: &Name, attempt: Attempt) -> Result<(), Obstacle> {
        let copied = match attempt {
            Attempt::First => BTreeSet::new(),
            Attempt::Again => self.copied(uids, name).await?,
        };
        let uncopied: Vec<Uid> = uids.iter().copied().filter(|uid| !copied.contains(uid)).collect();
        if !uncopied.is_empty() {
            self.send("COPY", &uncopied, name).await?;
        }
        accepted(self.store(uids, "\\Deleted").await?)?;
        let command = format!("UID EXPUNGE {}", uid::set(uids));
        accepted(self.connection.order(Step::File, &command).await?)
    }

    /// A folder that has gone meanwhile is made again.
    async fn send(&mut self, verb: &str, uids: &[Uid], name: &Name) -> Result<(), Obstacle> {
        let command = format!("UID {verb} {} \"{}\"", uid::set(uids), name.wire());
        match self.connection.order(Step::File, &command).await? {
            Answer::Refused(text) if text.starts_with("[TRYCREATE]") => {
                accepted(folders::create(&mut self.connection, name).await?)?;
                accepted(self.connection.order(Step::File, &command).await?)
            }
            answer => accepted(answer),
        }
    }

    async fn store(&mut self, uids: &[Uid], flag: &str) -> Result<Answer, MailboxError> {
        let command = format!("UID STORE {} +FLAGS.SILENT ({flag})", uid::set(uids));
        self.connection.order(Step::File, &command).await
    }

    /// Those that are still there, ascending.
    async fn present(&mut self, uids: &[Uid]) -> Result<Vec<Uid>, Obstacle> {
        let asked: BTreeSet<Uid> = uids.iter().copied().collect();
        let mut present = BTreeSet::new();
        let mut see = |response: &Response<'_>| present.extend(number(response).filter(|uid| asked.contains(uid)));
        let command = format!("UID FETCH {} (UID FLAGS)", uid::set(uids));
        accepted(self.connection.run(Step::File, &command, 0, &mut see).await?)?;
        Ok(present.into_iter().collect())
    }
}

impl From<MailboxError> for Obstacle {
    fn from(error: MailboxError) -> Self {
        Self::End(error)
    }
}

/// Makes a refusal an obstacle.
pub(super) fn accepted(answer: Answer) -> Result<(), Obstacle> {
    match answer {
        Answer::Ok => Ok(()),
        Answer::Refused(said) => Err(Obstacle::Refusal(said)),
    }
}

fn number(response: &Response<'_>) -> Option<Uid> {
    let Response::Fetch(_, attributes) = response else { return None };
    attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    })
}
