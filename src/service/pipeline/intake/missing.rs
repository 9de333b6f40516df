//! Mails that were left in the mailbox, and are no longer where they were: the server renumbered its
//! folder, or somebody took them out of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::move_judged::Listing;
use edges::mailbox::{Fetched, Position};
use store::{KnownPosition, MailId, sha256};

/// The missing ones, by the SHA-256 of their bytes. What is still at its position is no stray: the same
/// bytes elsewhere are then another mail.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct MissingMails {
    missing: BTreeMap<String, Vec<MailId>>,
    /// Those that are where they were, if numbers can be trusted: whole mails alone, which can be compared.
    settled: BTreeMap<String, BTreeSet<Position>>,
    /// The same, oldest first.
    staying: Vec<Position>,
    /// Mails whose move was asked for, and that are no longer where they were: it was done, and the same bytes under
    /// another number are another mail. None where mails stay: there one may have changed its number.
    filed: BTreeMap<String, MailId>,
}

impl MissingMails {
    /// Those of the known mails that a listing does not show, of a mailbox whose server moves mails or not.
    pub(in crate::pipeline) fn among(
        known: &HashMap<String, KnownPosition>,
        listing: &Listing<'_>,
        moves: bool,
    ) -> Self {
        let mut strays = Self::default();
        let filed = known.values().filter(|mail| moves && mail.filing && !mail.stays && listing.lacks(&mail.position));
        strays.filed = filed.map(|mail| (mail.sha256.clone(), mail.id)).collect();
        let mut staying: Vec<&KnownPosition> = known.values().filter(|mail| mail.stays).collect();
        staying.sort_by_key(|mail| mail.id);
        for mail in staying {
            if !listing.has(&mail.position) {
                strays.missing.entry(mail.sha256.clone()).or_default().push(mail.id);
            } else if let (true, Ok(position)) = (mail.whole, mail.position.parse::<Position>()) {
                strays.settled.entry(mail.sha256.clone()).or_default().insert(position.clone());
                strays.staying.push(position);
            }
        }
        strays
    }

    /// A mail to look at before those that are missing count as gone: where others went on to lower numbers, the
    /// newest that is still there, and may be read, is another.
    pub(in crate::pipeline) fn witness(&self, rests: impl Fn(&Position) -> bool) -> Option<Position> {
        let some_missing = self.missing.values().any(|ids| !ids.is_empty());
        self.staying.iter().rev().find(|position| !rests(position)).filter(|_| some_missing).cloned()
    }

    /// Where the mails are, as far as is known, whose bytes were found elsewhere as well.
    /// Of many of the same bytes two show whether numbers went on: all of them at once would not fit in memory.
    pub(in crate::pipeline) fn twins(&self, found: &[Fetched]) -> Vec<Position> {
        let sought: BTreeSet<String> = found.iter().map(|mail| sha256(&mail.raw)).collect();
        let known = sought.iter().filter_map(|bytes| self.settled.get(bytes));
        let ends: BTreeSet<&Position> = known.flat_map(|all| all.first().into_iter().chain(all.last())).collect();
        ends.into_iter().cloned().collect()
    }

    /// Whether one of these is not the mail that was at its position.
    pub(in crate::pipeline) fn is_another(&self, there: &[Fetched]) -> bool {
        let is_its = |mail: &Fetched| {
            self.settled.get(&sha256(&mail.raw)).is_some_and(|positions| positions.contains(&mail.position))
        };
        !there.iter().all(is_its)
    }

    /// Whether one of these has the bytes of a mail that was elsewhere. Bytes that nobody knows say nothing: some
    /// servers change a mail that is marked.
    pub(in crate::pipeline) fn is_displaced(&self, there: &[Fetched]) -> bool {
        let is_known = |mail: &Fetched| {
            let bytes = sha256(&mail.raw);
            self.missing.contains_key(&bytes) || self.settled.contains_key(&bytes)
        };
        self.is_another(there) && there.iter().any(is_known)
    }

    /// A mail of these bytes was found elsewhere: which of the missing ones it is, if any.
    pub(in crate::pipeline) fn claim(&mut self, sha256: &str) -> Option<MailId> {
        self.missing.get_mut(sha256)?.pop()
    }

    /// The mail of these bytes that was moved before, if one was.
    pub(in crate::pipeline) fn filed_before(&mut self, sha256: &str) -> Option<MailId> {
        self.filed.remove(sha256)
    }

    /// Those found nowhere.
    pub(in crate::pipeline) fn rest(self) -> Vec<MailId> {
        self.missing.into_values().flatten().collect()
    }
}
