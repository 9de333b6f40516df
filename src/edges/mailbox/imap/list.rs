//! Which mails wait: the folder is selected anew for each list, then every mail asked for.

use std::collections::BTreeMap;

use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response, ResponseCode, Status};
use jiff::Timestamp;

use super::super::error::{MailboxError, MailboxStep};
use super::super::folder::Name;
use super::super::mail::ListedMail;
use super::ImapSession;
use super::exchange::{CommandAnswer, ImapConnection};
use super::uid::{self, Uid};

/// Room for the line of one mail, and for all of them: some hundred thousand.
const LINE: u64 = 256;
const ALL_LINES: u64 = 64 * 1024 * 1024;

/// What SELECT says.
#[derive(Debug, Default)]
pub(super) struct Selected {
    pub(super) uid_validity: u32,
    pub(super) exists: Option<u32>,
    read_only: bool,
}

/// What the server lists, as it comes.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    mails: BTreeMap<Uid, (u64, Option<Timestamp>)>,
    gone: u64,
}

impl ImapSession {
    /// Every mail, the lowest UID (the oldest) first, checked against the number that the server
    /// announces: a proxy that drops lines would otherwise hide mails for ever.
    pub(in crate::mailbox) async fn list(&mut self) -> Result<Vec<ListedMail>, MailboxError> {
        self.connection.arrivals.forget();
        let selected = select(&mut self.connection, &self.source).await?;
        if selected.uid_validity != self.uid_validity {
            return Err(MailboxError::UidValidityChanged);
        }
        let exists = u64::from(selected.exists.unwrap_or_default());
        let inventory =
            if exists == 0 { Inventory::default() } else { inventory(&mut self.connection, exists).await? };
        let (listed, announced) = (inventory.listed(), exists.saturating_sub(inventory.gone));
        if listed < announced {
            return Err(MailboxError::Incomplete { announced, listed });
        }
        self.take_rest(inventory.mails.keys().any(|uid| !self.listed.contains_key(uid)));
        self.listed = inventory.mails.iter().map(|(uid, (size, _))| (*uid, *size)).collect();
        Ok(inventory.into_entries(self.uid_validity))
    }
}

impl Selected {
    fn see(&mut self, response: &Response<'_>) {
        match response {
            Response::MailboxData(MailboxDatum::Exists(number)) => self.exists = Some(*number),
            Response::Data { status: Status::Ok, outcome } | Response::Done { outcome, .. } => match outcome.code {
                Some(ResponseCode::UidValidity(number)) => self.uid_validity = number,
                Some(ResponseCode::ReadOnly) => self.read_only = true,
                _ => {}
            },
            _ => {}
        }
    }
}

impl Inventory {
    fn see(&mut self, response: &Response<'_>) {
        match response {
            Response::Fetch(_, attributes) => self.see_mail(attributes),
            Response::Expunge(_) => self.gone = self.gone.saturating_add(1),
            _ => {}
        }
    }

    fn listed(&self) -> u64 {
        u64::try_from(self.mails.len()).unwrap_or(u64::MAX)
    }

    /// A mail without a size is there as well, of a size that nobody knows: its bytes will tell. A line that says less than
    /// another one is a change of flags that nobody asked for.
    fn see_mail(&mut self, attributes: &[AttributeValue<'_>]) {
        let (mut uid, mut size, mut date) = (None, None, None);
        for attribute in attributes {
            match attribute {
                AttributeValue::Uid(number) if *number > 0 => uid = Some(*number),
                AttributeValue::Rfc822Size(bytes) => size = Some(u64::from(*bytes)),
                AttributeValue::InternalDate(text) => date = internal_date(text),
                _ => {}
            }
        }
        match (uid, size) {
            (Some(uid), Some(size)) => drop(self.mails.insert(uid, (size, date))),
            (Some(uid), None) => self.is_there(uid, date),
            (None, _) => {}
        }
    }

    fn is_there(&mut self, uid: Uid, date: Option<Timestamp>) {
        self.mails.entry(uid).or_insert((0, date));
    }

    pub(super) fn into_entries(self, uid_validity: u32) -> Vec<ListedMail> {
        let mut entries = Vec::with_capacity(self.mails.len());
        entries.extend(self.mails.into_iter().filter_map(|(uid, (size, internal_date))| {
            Some(ListedMail { position: uid::position(uid_validity, uid)?, size, internal_date })
        }));
        entries
    }
}

pub(super) async fn select(connection: &mut ImapConnection, folder: &Name) -> Result<Selected, MailboxError> {
    let mut selected = Selected::default();
    let command = format!("SELECT \"{}\"", folder.wire());
    let answer = connection.run(MailboxStep::Select, &command, 0, &mut |response| selected.see(response)).await?;
    answer.or_missing(MailboxStep::Select, folder)?;
    if selected.read_only {
        return Err(MailboxError::ReadOnly(folder.shown().to_owned()));
    }
    if selected.uid_validity == 0 {
        return Err(MailboxError::UidValidityMissing);
    }
    if selected.exists.is_none() {
        return Err(MailboxError::Protocol { step: MailboxStep::Select, what: "le nombre de courriels manque" });
    }
    Ok(selected)
}

/// A server that cannot say the size of each mail is asked for their numbers alone: one mail must not hide the others.
pub(super) async fn inventory(connection: &mut ImapConnection, exists: u64) -> Result<Inventory, MailboxError> {
    let mut inventory = Inventory::default();
    let room = exists.saturating_mul(LINE).min(ALL_LINES);
    let command = "UID FETCH 1:* (UID RFC822.SIZE INTERNALDATE)";
    let answer = connection.run(MailboxStep::List, command, room, &mut |response| inventory.see(response)).await?;
    if answer == CommandAnswer::Ok && inventory.listed().saturating_add(inventory.gone) >= exists {
        return Ok(inventory);
    }
    let mut see = |response: &Response<'_>| match response {
        Response::MailboxData(MailboxDatum::Search(uids)) => uids.iter().for_each(|uid| inventory.is_there(*uid, None)),
        other => inventory.see(other),
    };
    match (connection.run(MailboxStep::List, "UID SEARCH ALL", room, &mut see).await?, answer) {
        (CommandAnswer::Ok, _) | (_, CommandAnswer::Ok) => Ok(inventory),
        (_, refused) => refused.or_refused(MailboxStep::List).map(|()| inventory),
    }
}

/// A `date-time` of RFC 3501, section 9; the day may be padded with a blank.
fn internal_date(text: &str) -> Option<Timestamp> {
    let parsed = jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?;
    parsed.to_timestamp().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_dates_are_read() {
        let date = |text| internal_date(text).map(|date| date.to_string());
        assert_eq!(date("17-Jul-1996 02:44:25 -0700").as_deref(), Some("1996-07-17T09:44:25Z"));
        assert_eq!(date(" 7-Jul-1996 02:44:25 +0200").as_deref(), Some("1996-07-07T00:44:25Z"));
        assert_eq!(date("hier"), None);
    }
}
