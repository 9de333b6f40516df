//! Mails read without setting a flag, whatever size the server announced, and whichever of them it cannot give.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_imap::imap_proto::{AttributeValue, Response};
use tokio::time::sleep;

use super::super::error::{MailboxError, MailboxStep};
use super::super::mail::{BATCH_BYTES, FetchLimits, Fetched, Haul, Left, Position, batches_by};
use super::ImapSession;
use super::exchange::{CommandAnswer, FRAME, Room};
use super::uid::{self, Uid};
use base::unread::Cause;

/// How long to wait before a mail is asked for again that came with fewer bytes than announced: some servers announce a
/// mail before its content is there.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// What came of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Came {
    /// These bytes, under an OK.
    Bytes(Vec<u8>),
    /// The beginning, and the whole length.
    Beginning(Vec<u8>, u64),
    /// OK, and no word of it.
    Nothing,
    /// NO or BAD, and the server's words, when it was asked for alone.
    Refused(String),
}

impl ImapSession {
    pub(in crate::mailbox) async fn fetch(
        &mut self,
        positions: &[Position],
        limits: FetchLimits,
    ) -> Result<Haul, MailboxError> {
        let mut haul = Haul::default();
        let (larger, usual): (Vec<_>, Vec<_>) =
            self.wanted(positions).into_iter().partition(|(_, size)| *size > limits.whole);
        for batch in batches_by(&usual, |(_, size)| *size) {
            self.fetch_batch(batch, limits, &mut haul).await?;
        }
        for mail in larger {
            self.fetch_large(mail, limits, &mut haul).await?;
        }
        let rank: BTreeMap<&Position, usize> = positions.iter().zip(0..).collect();
        haul.mails.sort_by_key(|mail| rank.get(&mail.position).copied());
        Ok(haul)
    }

    /// UIDs with their sizes, ascending: those of the last list, of this UIDVALIDITY.
    fn wanted(&self, positions: &[Position]) -> Vec<(Uid, u64)> {
        let uids: BTreeSet<Uid> = positions.iter().filter_map(|asked| uid::of(asked, self.uid_validity)).collect();
        uids.into_iter().filter_map(|uid| Some((uid, *self.listed.get(&uid)?))).collect()
    }

    /// What came with as many bytes as announced, or more, is taken; the rest is asked for once more.
    async fn fetch_batch(
        &mut self,
        batch: &[(Uid, u64)],
        limits: FetchLimits,
        haul: &mut Haul,
    ) -> Result<(), MailboxError> {
        let (mut again, mut first) = (Vec::new(), BTreeMap::new());
        let came = self.request(batch, limits).await?;
        for ((uid, announced), came) in batch.iter().zip(came) {
            match came {
                Came::Bytes(bytes) if !bytes.is_empty() && length(&bytes) >= *announced => self.take(*uid, bytes, haul),
                Came::Beginning(beginning, size) if size > limits.whole => {
                    self.take_header(*uid, beginning, size, haul);
                }
                Came::Beginning(_, size) => again.push((*uid, size)),
                Came::Refused(text) => self.leave(*uid, Cause::Refused, text, haul),
                came => {
                    again.push((*uid, *announced));
                    first.insert(*uid, came);
                }
            }
        }
        if !first.is_empty() && !self.misjudges {
            sleep(AGAIN_AFTER).await;
        }
        for batch in batches_by(&again, |(_, size)| *size) {
            self.fetch_again(batch, &first, limits, haul).await?;
        }
        Ok(())
    }

    /// What is the same a second time is the mail.
    async fn fetch_again(
        &mut self,
        batch: &[(Uid, u64)],
        first: &BTreeMap<Uid, Came>,
        limits: FetchLimits,
        haul: &mut Haul,
    ) -> Result<(), MailboxError> {
        let came = self.request(batch, limits).await?;
        for ((uid, announced), came) in batch.iter().zip(came) {
            let is_same = first.get(uid) == Some(&came);
            match came {
                Came::Nothing if self.is_there(*uid).await? => self.leave(*uid, Cause::Absent, String::new(), haul),
                // Gone between the list and now.
                Came::Nothing => {}
                Came::Refused(text) => self.leave(*uid, Cause::Refused, text, haul),
                Came::Bytes(bytes) if bytes.is_empty() => self.leave(*uid, Cause::Empty, String::new(), haul),
                Came::Bytes(bytes) if length(&bytes) >= *announced => self.take(*uid, bytes, haul),
                Came::Bytes(bytes) if is_same => {
                    self.misjudges = true;
                    self.take(*uid, bytes, haul);
                }
                Came::Bytes(bytes) => {
                    let detail = format!("{} octets reçus, {announced} annoncés", bytes.len());
                    self.leave(*uid, Cause::Changing, detail, haul);
                }
                Came::Beginning(beginning, size) if size > limits.whole => {
                    self.take_header(*uid, beginning, size, haul);
                }
                Came::Beginning(_, size) => {
                    self.leave(*uid, Cause::Changing, format!("{size} octets reçus, {announced} annoncés"), haul);
                }
            }
        }
        Ok(())
    }

    /// Of a mail that is announced to be over the limit the header alone is read, if it is.
    async fn fetch_large(
        &mut self,
        (uid, announced): (Uid, u64),
        limits: FetchLimits,
        haul: &mut Haul,
    ) -> Result<(), MailboxError> {
        if let Some(0) = self.part(uid, limits.whole, 1).await?.map(|beyond| beyond.len()) {
            return self.fetch_batch(&[(uid, limits.whole)], limits, haul).await;
        }
        let expected = u64::try_from(limits.header).unwrap_or(u64::MAX).min(announced);
        let mut beginning = self.part(uid, 0, limits.header).await?;
        if beginning.as_ref().is_none_or(|bytes| length(bytes) < expected) {
            let second = self.part(uid, 0, limits.header).await?;
            let is_enough = |bytes: &Vec<u8>| !bytes.is_empty() && (length(bytes) >= expected || beginning == second);
            if !second.as_ref().is_some_and(is_enough) {
                if self.is_there(uid).await? {
                    self.leave(uid, Cause::Absent, "son en-tête, seul lu à cause de sa taille".to_owned(), haul);
                }
                return Ok(());
            }
            beginning = second;
        }
        self.take_header(uid, beginning.unwrap_or_default(), announced, haul);
        Ok(())
    }

    /// So many bytes of a mail from one on; none if the server gives no answer to that.
    async fn part(&mut self, asked: Uid, from: u64, bytes: usize) -> Result<Option<Vec<u8>>, MailboxError> {
        let mut part = None;
        let mut see = |response: &Response<'_>| match body_from(response, from) {
            Some((uid, data)) if uid == asked => part = Some(data.iter().copied().take(bytes).collect()),
            _ => {}
        };
        let command = format!("UID FETCH {asked} (UID BODY.PEEK[]<{from}.{bytes}>)");
        let room = u64::try_from(bytes).unwrap_or(u64::MAX);
        match self.connection.run(MailboxStep::Header, &command, room, &mut see).await? {
            CommandAnswer::Ok => Ok(part),
            CommandAnswer::Refused(_) => Ok(None),
        }
    }

    /// Whether a mail that did not come is still in the folder; one of which the server will say nothing is.
    async fn is_there(&mut self, asked: Uid) -> Result<bool, MailboxError> {
        let mut there = false;
        let mut see = |response: &Response<'_>| there |= uid_of(response) == Some(asked);
        let command = format!("UID FETCH {asked} (UID)");
        let answer = self.connection.run(MailboxStep::Fetch, &command, 0, &mut see).await?;
        Ok(there || answer != CommandAnswer::Ok)
    }

    /// What comes of each mail, in the order asked. A set that is refused is asked for by halves, down to the mail that is
    /// to blame.
    async fn request(&mut self, batch: &[(Uid, u64)], limits: FetchLimits) -> Result<Vec<Came>, MailboxError> {
        let mut came: BTreeMap<Uid, Came> = BTreeMap::new();
        let mut sets = vec![batch];
        while let Some(set) = sets.pop() {
            let mut answers = BTreeMap::new();
            match (self.ask_set(set, limits, &mut answers).await?, set) {
                (CommandAnswer::Ok, _) => came.extend(answers),
                (CommandAnswer::Refused(text), [(uid, _)]) => drop(came.insert(*uid, Came::Refused(text))),
                (CommandAnswer::Refused(_), set) => {
                    let (first, second) = set.split_at(set.len() / 2);
                    sets.extend([second, first]);
                }
            }
        }
        Ok(batch.iter().map(|(uid, _)| came.remove(uid).unwrap_or(Came::Nothing)).collect())
    }

    async fn ask_set(
        &mut self,
        set: &[(Uid, u64)],
        limits: FetchLimits,
        answers: &mut BTreeMap<Uid, Came>,
    ) -> Result<CommandAnswer, MailboxError> {
        let uids: Vec<Uid> = set.iter().map(|(uid, _)| *uid).collect();
        let announced = set.iter().fold(0_u64, |sum, (_, size)| sum.saturating_add(*size).saturating_add(FRAME));
        let mut see = |response: &Response<'_>, cut: Option<u64>| {
            // A mail that was not asked for, or came already, is not looked at.
            if let Some((uid, data)) = body(response).filter(|(uid, _)| uids.contains(uid)) {
                let bytes = data.to_vec();
                answers.entry(uid).or_insert(match cut {
                    Some(size) => Came::Beginning(bytes, size),
                    None => Came::Bytes(bytes),
                });
            }
        };
        let beginning = u64::try_from(limits.header).unwrap_or(u64::MAX);
        let mails = u64::try_from(set.len()).unwrap_or(u64::MAX);
        let room = Room { whole: announced.max(BATCH_BYTES), beginning, mails };
        let command = format!("UID FETCH {} (UID BODY.PEEK[])", uid::set(&uids));
        self.connection.run_in(MailboxStep::Fetch, &command, room, &mut see).await
    }

    fn take(&self, uid: Uid, raw: Vec<u8>, haul: &mut Haul) {
        haul.mails.extend(uid::position(self.uid_validity, uid).map(|position| Fetched::whole(position, raw)));
    }

    fn take_header(&self, uid: Uid, beginning: Vec<u8>, size: u64, haul: &mut Haul) {
        let position = uid::position(self.uid_validity, uid);
        haul.mails.extend(position.map(|position| Fetched::header(position, beginning, size)));
    }

    fn leave(&self, uid: Uid, cause: Cause, detail: String, haul: &mut Haul) {
        haul.left.extend(uid::position(self.uid_validity, uid).map(|position| Left { position, cause, detail }));
    }
}

/// The UID and the bytes of an answer that carries both, from the first byte of the mail on.
fn body<'a>(response: &'a Response<'_>) -> Option<(Uid, &'a [u8])> {
    body_from(response, 0)
}

pub(super) fn body_from<'a>(response: &'a Response<'_>, from: u64) -> Option<(Uid, &'a [u8])> {
    let Response::Fetch(_, attributes) = response else { return None };
    let data = attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::BodySection { section: None, index, data } if u64::from(index.unwrap_or(0)) == from => {
            data.as_deref()
        }
        _ => None,
    })?;
    Some((uid_of(response)?, data))
}

fn uid_of(response: &Response<'_>) -> Option<Uid> {
    let Response::Fetch(_, attributes) = response else { return None };
    attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    })
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
