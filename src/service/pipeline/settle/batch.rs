//! Mails that are settled in one commit, and what those settled with them must know of them.

use super::compose_reply::Case;
use super::reply_cap::CapLedger;
use domain::address::Address;
use domain::outcome::Verdict;
use store::{MailId, NewReplyText, Past, Settlement, StoredMail};

/// Bytes of letters that are kept in memory at most, but for the last.
const BYTES: usize = 4 * 1024 * 1024;

/// Settlements that are not written yet.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct SettledBatch {
    settlements: Vec<Settlement>,
    /// The same mails without their bytes.
    mails: Vec<StoredMail>,
    judged: Vec<(Address, Past)>,
    ledger: CapLedger,
    bytes: usize,
}

impl SettledBatch {
    /// None yet; `ledger` holds the replies before them.
    pub(in crate::pipeline) fn after(ledger: CapLedger) -> Self {
        Self { ledger, ..Self::default() }
    }

    pub(in crate::pipeline) fn add(&mut self, case: Case, answer: NewReplyText) {
        self.ledger.add(&answer, case.is_of_stranger());
        self.judged.extend(case.past());
        if let NewReplyText::Letter(letter) = &answer {
            self.bytes = letter.all().fold(self.bytes, |bytes, one| bytes.saturating_add(one.content.len()));
        }
        let Case { mail, outcome, .. } = case;
        self.settlements.push(Settlement { mail: mail.id, outcome, answer });
        self.mails.push(mail.without_bytes());
    }

    pub(in crate::pipeline) fn is_full(&self) -> bool {
        self.bytes >= BYTES
    }

    pub(in crate::pipeline) fn settlements(&self) -> &[Settlement] {
        &self.settlements
    }

    /// Each mail with its verdict.
    pub(in crate::pipeline) fn entries(&self) -> impl Iterator<Item = (&StoredMail, Option<Verdict>)> {
        self.mails.iter().zip(self.settlements.iter().map(|settlement| settlement.outcome.verdict))
    }

    /// The last mail of this sender before this one that was integrated or rejected.
    pub(in crate::pipeline) fn last_judged_before(&self, sender: &Address, mail: MailId) -> Option<Past> {
        let own = self.judged.iter().filter(|(other, past)| other == sender && past.mail < mail);
        own.map(|(_, past)| *past).max_by_key(|past| past.mail)
    }

    /// The replies of the last hour, those that answer these mails included.
    pub(in crate::pipeline) fn ledger(&self) -> &CapLedger {
        &self.ledger
    }
}
