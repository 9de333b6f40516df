//! Whole mails and headers, read without setting a flag.

use std::collections::{BTreeMap, BTreeSet};

use async_imap::imap_proto::{AttributeValue, Response};
use tracing::warn;

use super::super::error::{MailboxError, Step};
use super::super::mail::{Fetched, Position, batches_by, header_of};
use super::Session;
use super::uid::{self, Uid};

/// Room for what surrounds one mail in an answer.
pub(super) const FRAME: u64 = 512;

impl Session {
    pub(in super::super) async fn fetch(&mut self, positions: &[Position]) -> Result<Vec<Fetched>, MailboxError> {
        let wanted = self.wanted(positions);
        let mut mails = Vec::new();
        for batch in batches_by(&wanted, |(_, size)| *size) {
            self.fetch_batch(batch, &mut mails).await?;
        }
        let rank: BTreeMap<&Position, usize> = positions.iter().zip(0..).collect();
        mails.sort_by_key(|mail: &Fetched| rank.get(&mail.position).copied());
        Ok(mails)
    }

    pub(in super::super) async fn fetch_header(
        &mut self,
        position: &Position,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, MailboxError> {
        let Some(uid) = uid::of(position, self.uid_validity) else { return Ok(None) };
        let mut beginning: Option<Vec<u8>> = None;
        let mut see = |response: &Response<'_>| {
            if let Some((answered, data)) = body(response)
                && answered == uid
            {
                beginning = Some(data.iter().copied().take(limit).collect());
            }
        };
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<0.{limit}>)");
        let room = u64::try_from(limit).unwrap_or(u64::MAX);
        self.connection.run(Step::Header, &command, room, &mut see).await?.or_refused(Step::Header)?;
        let announced = self.listed.get(&uid).map_or(1, |size| room.min(*size));
        let beginning = beginning.filter(|data| {
            let full = is_full(uid, data, announced);
            self.suspects = self.suspects.saturating_add(u64::from(!full));
            full
        });
        Ok(beginning.map(header_of))
    }

    /// UIDs with their sizes, ascending: those of the last list, of this UIDVALIDITY.
    fn wanted(&self, positions: &[Position]) -> Vec<(Uid, u64)> {
        let uids: BTreeSet<Uid> = positions.iter().filter_map(|asked| uid::of(asked, self.uid_validity)).collect();
        uids.into_iter().filter_map(|uid| Some((uid, *self.listed.get(&uid)?))).collect()
    }

    async fn fetch_batch(&mut self, batch: &[(Uid, u64)], mails: &mut Vec<Fetched>) -> Result<(), MailboxError> {
        let mut awaited: BTreeMap<Uid, u64> = batch.iter().copied().collect();
        let uids: Vec<Uid> = awaited.keys().copied().collect();
        let room = batch.iter().fold(0_u64, |sum, (_, size)| sum.saturating_add(*size).saturating_add(FRAME));
        let (uid_validity, mut suspects) = (self.uid_validity, 0_u64);
        let mut see = |response: &Response<'_>| {
            let Some((uid, data)) = body(response) else { return };
            // A mail that was not asked for is not looked at.
            let Some(announced) = awaited.remove(&uid) else { return };
            match whole(uid_validity, uid, data, announced) {
                Some(mail) => mails.push(mail),
                None => suspects = suspects.saturating_add(1),
            }
        };
        let command = format!("UID FETCH {} (UID BODY.PEEK[])", uid::set(&uids));
        self.connection.run(Step::Fetch, &command, room, &mut see).await?.or_refused(Step::Fetch)?;
        self.suspects = self.suspects.saturating_add(suspects);
        Ok(())
    }
}

/// The UID and the bytes of an answer that carries both.
pub(super) fn body<'a>(response: &'a Response<'_>) -> Option<(Uid, &'a [u8])> {
    let Response::Fetch(_, attributes) = response else { return None };
    let uid = attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    })?;
    let data = attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::BodySection { section: None, index: None | Some(0), data } => data.as_deref(),
        _ => None,
    })?;
    Some((uid, data))
}

/// The beginning of a mail, of as many bytes as were asked for or as it has; one at least.
fn is_full(uid: Uid, beginning: &[u8], announced: u64) -> bool {
    let bytes = u64::try_from(beginning.len()).unwrap_or(u64::MAX);
    let full = bytes > 0 && bytes >= announced;
    if !full {
        warn!(
            mail.uid = uid,
            announced, bytes, "mail {uid} begins with {bytes} bytes instead of {announced}: left alone"
        );
    }
    full
}

/// Some servers announce a mail before its content is there, and give none or a part of it.
fn whole(uid_validity: u32, uid: Uid, data: &[u8], announced: u64) -> Option<Fetched> {
    let bytes = u64::try_from(data.len()).unwrap_or(u64::MAX);
    if bytes == announced && bytes > 0 {
        return Some(Fetched { position: uid::position(uid_validity, uid)?, raw: data.to_vec() });
    }
    warn!(mail.uid = uid, announced, bytes, "mail {uid} has {bytes} bytes instead of {announced}: left alone");
    None
}
