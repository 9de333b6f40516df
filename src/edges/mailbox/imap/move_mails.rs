//! Filing judged mails: seen, moved to their folder, and proven to be out of the one that is read.

use std::collections::{BTreeMap, BTreeSet};

use async_imap::imap_proto::{AttributeValue, Response};
use tracing::warn;

use super::super::error::{MailboxError, MailboxStep};
use super::super::folder::Name;
use super::super::mail::{Attempt, Folder, Moved, Position};
use super::exchange::{CommandAnswer, Filing};
use super::uid::{self, SET, Uid};
use super::{ImapSession, folders};

/// Refusals in a row, nothing being taken between them: enough to find one mail among [`SET`] that a folder does not take.
/// Beyond them it is the folder that takes none.
const MOST_REFUSALS: u32 = 8;

/// Said of mails that a server claims to have moved.
const UNMOVED: &str = "le serveur confirme le classement, mais les courriels n’ont pas bougé";

/// Why mails could not be filed.
pub(super) enum Obstacle {
    /// The server answered NO or BAD: the session goes on.
    Refusal(String),
    /// The same, once copies were made: their originals are still there.
    Copied(String),
    /// The session is over.
    End(MailboxError),
}

/// What became of a set of mails; those that are in neither list had gone.
#[derive(Default)]
struct Tried {
    moved: Vec<Uid>,
    left: Vec<Uid>,
    /// Left as well, though a copy of them may be in their folder.
    stuck: Vec<Uid>,
    /// Why some are left, and whether fewer of them may be taken.
    refusal: Option<(String, bool)>,
}

impl ImapSession {
    /// One MOVE for each folder and 50 mails. Which mails a MOVE found, only servers with UIDPLUS say
    /// (COPYUID), and some confirm a move and do nothing: so the set is looked up before and after.
    /// What was there and no longer is, was moved; what was not there had gone.
    pub(in crate::mailbox) async fn file(
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
            outcomes.extend(tried.stuck.into_iter().map(|uid| (uid, Moved::Stuck)));
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
    /// several is done for all of them or for none (RFC 3501, section 6.4.7). So what was refused left no copy, and none
    /// is looked for: it could only be another mail's.
    async fn file_set(&mut self, uids: &[Uid], folder: Folder, attempt: Attempt) -> Result<Tried, MailboxError> {
        let (mut all, rest) = self.settle_copies(uids, folder, attempt).await?;
        let mut waiting: Vec<Vec<Uid>> = if rest.is_empty() { Vec::new() } else { vec![rest] };
        let mut refusals = 0_u32;
        while let Some(set) = waiting.pop() {
            let tried = self.try_set(&set, folder).await?;
            if !tried.moved.is_empty() {
                refusals = 0;
            }
            all.moved.extend(tried.moved);
            all.stuck.extend(tried.stuck);
            let Some((said, divisible)) = tried.refusal else { continue };
            refusals = refusals.saturating_add(1);
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

    /// On another attempt: mails whose copy an attempt cut short left in the folder only have to go. A server may die
    /// inside a MOVE as well, between its copies and its removals. Gives what became of those, and the mails that are
    /// to be asked for.
    async fn settle_copies(
        &mut self,
        uids: &[Uid],
        folder: Folder,
        attempt: Attempt,
    ) -> Result<(Tried, Vec<Uid>), MailboxError> {
        let others = match attempt {
            Attempt::Again { others } if self.abilities.removes => usize::try_from(others).unwrap_or(usize::MAX),
            Attempt::Again { .. } | Attempt::First => return Ok((Tried::default(), uids.to_vec())),
        };
        let refused =
            |said| (Tried { left: uids.to_vec(), refusal: Some((said, false)), ..Tried::default() }, Vec::new());
        let looked = self.present_and_copied(uids, folder, others).await;
        let (present, copied) = match looked {
            Ok(looked) => looked,
            // Who may move mails into a folder may not be allowed to read it.
            Err(Obstacle::Refusal(_)) if self.abilities.filing == Filing::Move => (uids.to_vec(), BTreeSet::new()),
            Err(obstacle) => return Ok(refused(obstacle.said()?)),
        };
        let rest = present.into_iter().filter(|uid| !copied.contains(uid)).collect();
        Ok((self.remove_copied(&Vec::from_iter(copied)).await?, rest))
    }

    async fn present_and_copied(
        &mut self,
        uids: &[Uid],
        folder: Folder,
        others: usize,
    ) -> Result<(Vec<Uid>, BTreeSet<Uid>), Obstacle> {
        let present = self.present(uids).await?;
        if present.is_empty() {
            return Ok(Default::default());
        }
        let name = self.destinations.of(folder).clone();
        let copied = self.copied(&present, &name, others).await?;
        Ok((present, copied))
    }

    async fn remove_copied(&mut self, copied: &[Uid]) -> Result<Tried, MailboxError> {
        if copied.is_empty() {
            return Ok(Tried::default());
        }
        let (stuck, said) = match self.remove_and_look(copied).await {
            Ok(stuck) if stuck.is_empty() => (stuck, None),
            Ok(stuck) => (stuck, Some(UNMOVED.to_owned())),
            Err(obstacle) => (copied.to_vec(), Some(obstacle.said()?)),
        };
        let moved = copied.iter().copied().filter(|uid| !stuck.contains(uid)).collect();
        Ok(Tried { moved, stuck, refusal: said.map(|said| (said, false)), ..Tried::default() })
    }

    async fn remove_and_look(&mut self, uids: &[Uid]) -> Result<Vec<Uid>, Obstacle> {
        self.remove(uids).await?;
        self.present(uids).await
    }

    /// Asks for these mails, and looks where they are afterwards.
    async fn try_set(&mut self, uids: &[Uid], folder: Folder) -> Result<Tried, MailboxError> {
        let present = match self.present(uids).await {
            Ok(present) => present,
            Err(obstacle) => {
                let refusal = Some((obstacle.said()?, false));
                return Ok(Tried { left: uids.to_vec(), refusal, ..Tried::default() });
            }
        };
        if present.is_empty() {
            return Ok(Tried::default());
        }
        // A server that says it moved what it left may have copied it: it is not asked for less at once.
        let (said, divisible) = match self.ask(&present, folder).await {
            Ok(()) if self.abilities.filing == Filing::Leave => {
                return Ok(Tried { moved: present, ..Tried::default() });
            }
            Ok(()) => (UNMOVED.to_owned(), false),
            Err(Obstacle::Refusal(said)) => (said, true),
            Err(obstacle) => (obstacle.said()?, false),
        };
        let still = match self.present(&present).await {
            Ok(still) => still,
            Err(obstacle) => {
                let refusal = Some((obstacle.said()?, false));
                return Ok(Tried { stuck: present, refusal, ..Tried::default() });
            }
        };
        let moved = present.into_iter().filter(|uid| !still.contains(uid)).collect();
        let refusal = (!still.is_empty()).then_some((said, divisible));
        let (left, stuck) = if divisible { (still, Vec::new()) } else { (Vec::new(), still) };
        Ok(Tried { moved, left, stuck, refusal })
    }

    async fn ask(&mut self, present: &[Uid], folder: Folder) -> Result<(), Obstacle> {
        let name = self.destinations.of(folder).clone();
        let seen = self.store(present, "\\Seen").await?;
        match self.abilities.filing {
            // Only for the eyes of those who look into the folder: some servers grant moves, not flags.
            Filing::Move => self.send("MOVE", present, &name).await,
            // Where no flag can be set, a copy could not be removed, and would be made again and again.
            Filing::Copy => {
                accepted(seen)?;
                self.copy_and_delete(present, &name).await
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

    /// Without MOVE. Only what this COPY, answered OK, copied is removed.
    async fn copy_and_delete(&mut self, uids: &[Uid], name: &Name) -> Result<(), Obstacle> {
        self.send("COPY", uids, name).await?;
        self.remove(uids).await.map_err(|obstacle| match obstacle {
            Obstacle::Refusal(said) => Obstacle::Copied(said),
            other => other,
        })
    }

    /// `UID EXPUNGE` (RFC 4315) removes nobody else's mails.
    async fn remove(&mut self, uids: &[Uid]) -> Result<(), Obstacle> {
        accepted(self.store(uids, "\\Deleted").await?)?;
        let command = format!("UID EXPUNGE {}", uid::set(uids));
        accepted(self.connection.order(MailboxStep::File, &command).await?)
    }

    /// A folder that has gone meanwhile is made again.
    async fn send(&mut self, verb: &str, uids: &[Uid], name: &Name) -> Result<(), Obstacle> {
        let command = format!("UID {verb} {} \"{}\"", uid::set(uids), name.wire());
        match self.connection.order(MailboxStep::File, &command).await? {
            CommandAnswer::Refused(text) if text.starts_with("[TRYCREATE]") => {
                accepted(folders::create(&mut self.connection, name).await?)?;
                accepted(self.connection.order(MailboxStep::File, &command).await?)
            }
            answer => accepted(answer),
        }
    }

    async fn store(&mut self, uids: &[Uid], flag: &str) -> Result<CommandAnswer, MailboxError> {
        let command = format!("UID STORE {} +FLAGS.SILENT ({flag})", uid::set(uids));
        self.connection.order(MailboxStep::File, &command).await
    }

    /// Those that are still there, ascending.
    async fn present(&mut self, uids: &[Uid]) -> Result<Vec<Uid>, Obstacle> {
        let asked: BTreeSet<Uid> = uids.iter().copied().collect();
        let mut present = BTreeSet::new();
        let mut see = |response: &Response<'_>| present.extend(number(response).filter(|uid| asked.contains(uid)));
        let command = format!("UID FETCH {} (UID FLAGS)", uid::set(uids));
        accepted(self.connection.run(MailboxStep::File, &command, 0, &mut see).await?)?;
        Ok(present.into_iter().collect())
    }
}

impl Obstacle {
    /// What the server said, unless the session is over.
    fn said(self) -> Result<String, MailboxError> {
        match self {
            Self::Refusal(said) | Self::Copied(said) => Ok(said),
            Self::End(error) => Err(error),
        }
    }
}

impl From<MailboxError> for Obstacle {
    fn from(error: MailboxError) -> Self {
        Self::End(error)
    }
}

/// Makes a refusal an obstacle.
pub(super) fn accepted(answer: CommandAnswer) -> Result<(), Obstacle> {
    match answer {
        CommandAnswer::Ok => Ok(()),
        CommandAnswer::Refused(said) => Err(Obstacle::Refusal(said)),
    }
}

fn number(response: &Response<'_>) -> Option<Uid> {
    let Response::Fetch(_, attributes) = response else { return None };
    attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    })
}
