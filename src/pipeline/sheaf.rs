//! Mails that are settled in one commit, and what those settled with them must know of them.

use super::composing::Case;
use crate::address::Address;
use crate::outcome::Verdict;
use crate::store::{Answer, MailId, Past, Settlement, StoredMail};

/// Bytes of letters that are kept in memory at most, but for the last.
const BYTES: usize = 4 * 1024 * 1024;

/// Settlements that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Sheaf {
    settlements: Vec<Settlement>,
    /// The same mails without their bytes.
    mails: Vec<StoredMail>,
    judged: Vec<(Address, Past)>,
    bytes: usize,
}

impl Sheaf {
    pub(super) fn add(&mut self, case: Case, answer: Answer) {
        self.judged.extend(case.past());
        if let Answer::Letter(letter) = &answer {
            self.bytes = self.bytes.saturating_add(letter.content.len());
        }
        let Case { mail, outcome, .. } = case;
        self.settlements.push(Settlement { mail: mail.id, outcome, answer });
        self.mails.push(mail.without_bytes());
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= BYTES
    }

    pub(super) fn settlements(&self) -> &[Settlement] {
        &self.settlements
    }

    /// Each mail with its verdict.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&StoredMail, Option<Verdict>)> {
        self.mails.iter().zip(self.settlements.iter().map(|settlement| settlement.outcome.verdict))
    }

    /// The last mail of this sender before this one that was integrated or rejected.
    pub(super) fn last_judged_before(&self, sender: &Address, mail: MailId) -> Option<Past> {
        let own = self.judged.iter().filter(|(other, past)| other == sender && past.mail < mail);
        own.map(|(_, past)| *past).max_by_key(|past| (past.received_at, past.mail))
    }

    /// How many letters answer this sender.
    pub(super) fn letters_to(&self, sender: &Address) -> u32 {
        let answers = self.settlements.iter().map(|settlement| &settlement.answer);
        let own = answers.filter(|answer| matches!(answer, Answer::Letter(letter) if letter.sender == *sender));
        u32::try_from(own.count()).unwrap_or(u32::MAX)
    }
}
