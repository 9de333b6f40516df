//! Mails that were left in the mailbox, and are no longer where they were: the server renumbered its
//! folder, or somebody took them out of it.

use std::collections::{BTreeMap, HashMap};

use super::filing::Listing;
use crate::store::{Known, MailId};

/// The missing ones, by the SHA-256 of their bytes. What is still at its position is no stray: the same
/// bytes elsewhere are then another mail.
#[derive(Debug, Default)]
pub(super) struct Strays(BTreeMap<String, Vec<MailId>>);

impl Strays {
    /// Those of the known mails that a listing does not show.
    pub(super) fn among(known: &HashMap<String, Known>, listing: &Listing<'_>) -> Self {
        let is_missing = |mail: &&Known| mail.stays && !listing.has(&mail.position);
        let mut missing: Vec<&Known> = known.values().filter(is_missing).collect();
        missing.sort_by_key(|mail| mail.id);
        let mut strays = Self::default();
        for mail in missing {
            strays.0.entry(mail.sha256.clone()).or_default().push(mail.id);
        }
        strays
    }

    /// A mail of these bytes was found elsewhere: which of the missing ones it is, if any.
    pub(super) fn claim(&mut self, sha256: &str) -> Option<MailId> {
        self.0.get_mut(sha256)?.pop()
    }

    /// Those found nowhere.
    pub(super) fn rest(self) -> Vec<MailId> {
        self.0.into_values().flatten().collect()
    }
}
