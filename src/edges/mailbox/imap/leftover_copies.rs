//! Copies that an attempt cut short left in a folder: looked for before a mail is copied again, or
//! each attempt that is cut short would add one, until the server is full.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response};
use sha2::{Digest, Sha256};

use super::super::error::{MailboxError, MailboxStep};
use super::super::folder::Name;
use super::ImapSession;
use super::exchange::FRAME;
use super::fetch::body_from;
use super::list;
use super::move_mails::{Obstacle, accepted};
use super::uid::{self, SET, Uid};

/// How much of a mail is asked for at a time, in bytes.
const PART: u64 = 64 * 1024;

/// What tells mails apart: the length, and the digest of all bytes.
type Face = (u64, [u8; 32]);

/// A mail as far as it was read.
#[derive(Default)]
struct Seen {
    size: u64,
    read: u64,
    digest: Sha256,
}

impl ImapSession {
    /// Those of the mails whose like is in the folder, each with one of its own beside as many that are of `others`. The
    /// folder to read is selected afterwards, as it was before.
    pub(super) async fn copied(
        &mut self,
        uids: &[Uid],
        folder: &Name,
        others: usize,
    ) -> Result<BTreeSet<Uid>, Obstacle> {
        let sought = self.faces(uids).await?;
        if sought.len() < uids.len() {
            return Err(Obstacle::Refusal("le serveur ne donne pas des courriels à comparer".to_owned()));
        }
        let found = self.look_for(&sought, folder, others).await;
        if let Err(Obstacle::End(_)) = found {
            return found;
        }
        // An EXAMINE that is refused leaves no folder selected (RFC 3501, section 6.3.1).
        self.connection.arrivals.forget();
        let selected = list::select(&mut self.connection, &self.source).await?;
        self.connection.arrivals.doubt();
        if selected.uid_validity == self.uid_validity { found } else { Err(MailboxError::UidValidityChanged.into()) }
    }

    async fn look_for(
        &mut self,
        sought: &BTreeMap<Uid, Face>,
        folder: &Name,
        others: usize,
    ) -> Result<BTreeSet<Uid>, Obstacle> {
        let command = format!("EXAMINE \"{}\"", folder.wire());
        accepted(self.connection.order(MailboxStep::File, &command).await?)?;
        let (mut found, mut read) = (BTreeSet::new(), BTreeMap::new());
        for (uid, face) in sought {
            let length = face.0;
            let alike: &mut BTreeMap<Uid, Face> = match read.entry(length) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unread) => {
                    let uids = self.of_length(length).await?;
                    unread.insert(self.faces(&uids).await?)
                }
            };
            // What is claimed for one mail is none of the others'.
            let copy = alike.iter().filter(|(_, like)| *like == face).map(|(copy, _)| *copy).nth(others);
            if let Some(copy) = copy {
                alike.remove(&copy);
                found.insert(*uid);
            }
        }
        Ok(found)
    }

    /// Each of these mails that can be read whole, part by part.
    async fn faces(&mut self, uids: &[Uid]) -> Result<BTreeMap<Uid, Face>, Obstacle> {
        let mut faces = BTreeMap::new();
        for set in uids.chunks(SET) {
            let mut seen: BTreeMap<Uid, Seen> = set.iter().map(|uid| (*uid, Seen::default())).collect();
            let (mut from, mut unread) = (0, set.to_vec());
            while !unread.is_empty() {
                self.read_parts(&unread, from, &mut seen).await?;
                from += PART;
                // One that gives less than asked for before its end gives no more.
                unread.retain(|uid| seen.get(uid).is_some_and(|one| one.read == from && one.read < one.size));
            }
            let whole = seen.into_iter().filter(|(_, one)| one.read > 0 && one.read == one.size);
            faces.extend(whole.map(|(uid, one)| (uid, (one.size, one.digest.finalize().into()))));
        }
        Ok(faces)
    }

    async fn read_parts(&mut self, uids: &[Uid], from: u64, seen: &mut BTreeMap<Uid, Seen>) -> Result<(), Obstacle> {
        let mut see = |response: &Response<'_>| {
            let part = body_from(response, from).zip(size(response));
            if let Some(((uid, data), size)) = part
                && let Some(one) = seen.get_mut(&uid).filter(|one| one.read == from)
            {
                one.size = size;
                one.read = from.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
                one.digest.update(data);
            }
        };
        let command = format!("UID FETCH {} (UID RFC822.SIZE BODY.PEEK[]<{from}.{PART}>)", uid::set(uids));
        let room = u64::try_from(uids.len()).unwrap_or(u64::MAX).saturating_mul(PART.saturating_add(FRAME));
        accepted(self.connection.run(MailboxStep::File, &command, room, &mut see).await?)
    }

    /// The mails of exactly this length, the latest only: an interrupted copy is one of them. Where older ones of the same
    /// bytes are left out, too few are counted, and a mail is copied once more rather than lost.
    async fn of_length(&mut self, bytes: u64) -> Result<Vec<Uid>, Obstacle> {
        let mut found = BTreeSet::new();
        let mut see = |response: &Response<'_>| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                found.extend(uids);
            }
        };
        let command = format!("UID SEARCH LARGER {} SMALLER {}", bytes.saturating_sub(1), bytes.saturating_add(1));
        accepted(self.connection.run(MailboxStep::File, &command, 0, &mut see).await?)?;
        Ok(found.into_iter().rev().take(SET).collect::<BTreeSet<Uid>>().into_iter().collect())
    }
}

fn size(response: &Response<'_>) -> Option<u64> {
    let Response::Fetch(_, attributes) = response else { return None };
    attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Rfc822Size(bytes) => Some(u64::from(*bytes)),
        _ => None,
    })
}
