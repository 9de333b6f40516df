//! How many replies may leave in an hour: what was sent, and what the caps say of one more.
//!
//! Anyone can write From. So what counts is not only whom a reply answers, but also where it goes, what all strangers got
//! together, and what left in all: no forged mails fill anybody's mailbox beyond the cap.

use std::collections::{HashMap, HashSet};

use crate::config;
use domain::address::Address;
use store::{NewReply, NewReplyText, Recent};

/// How many times the cap the replies are that nothing exceeds.
const CEILING: u32 = 10;

/// The replies of the last hour, and those about to be written.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct CapLedger {
    total: u32,
    to_strangers: u32,
    by_sender: HashMap<Address, u32>,
    by_recipient: HashMap<Address, u32>,
    /// For whom rejections wait for a digest: they get nothing else before it.
    waiting: HashSet<Address>,
}

/// One more reply.
#[derive(Debug, Clone, Copy)]
pub(in crate::pipeline) struct Wanted<'a> {
    pub(in crate::pipeline) sender: &'a Address,
    pub(in crate::pipeline) to: &'a Address,
    /// Whether the referential knows the sender.
    pub(in crate::pipeline) is_known: bool,
    /// Whether a person waits for it: the answer to a trial, the return to normal.
    pub(in crate::pipeline) is_awaited: bool,
}

impl CapLedger {
    pub(in crate::pipeline) fn new(recent: Vec<Recent>, waiting: Vec<Address>) -> Self {
        let mut ledger = Self { waiting: waiting.into_iter().collect(), ..Self::default() };
        for Recent { sender, recipients, to_stranger } in recent {
            ledger.count(&sender, &recipients, to_stranger);
        }
        ledger
    }

    /// Counts an answer that is about to be written.
    pub(in crate::pipeline) fn add(&mut self, answer: &NewReplyText, to_stranger: bool) {
        match answer {
            NewReplyText::Letter(letter) => letter.all().for_each(|one| self.add_letter(one, to_stranger)),
            NewReplyText::Withheld(to) => drop(self.waiting.insert(to.clone())),
            NewReplyText::Silent(_) | NewReplyText::ToRead(_) | NewReplyText::Told => {}
        }
    }

    /// Whether this reply would exceed a cap. What a person waits for may exceed that of the sender, where the sender
    /// gets it, up to [`CEILING`]: silence would be taken for a failure. That ceiling brings two machines to rest.
    pub(in crate::pipeline) fn refuses(&self, wanted: Wanted<'_>, settings: &config::Reply) -> bool {
        let Wanted { sender, to, is_known, is_awaited } = wanted;
        let cap = settings.cap_per_hour;
        let own = if is_awaited && to == sender { cap.saturating_mul(CEILING) } else { cap };
        count_of(&self.by_sender, sender) >= own
            || count_of(&self.by_recipient, to) >= own
            || !is_known && self.to_strangers >= cap
            || !is_awaited && self.waiting.contains(to)
            || self.is_full(settings)
    }

    /// Whether an address may get a copy: as many an hour as it may get replies.
    pub(in crate::pipeline) fn takes_copy(&self, to: &Address, settings: &config::Reply) -> bool {
        count_of(&self.by_recipient, to) < settings.cap_per_hour
    }

    /// Whether nothing more may leave in this hour.
    pub(in crate::pipeline) fn is_full(&self, settings: &config::Reply) -> bool {
        self.total >= settings.total_per_hour
    }

    fn add_letter(&mut self, letter: &NewReply, to_stranger: bool) {
        self.count(&letter.sender, &letter.recipients, to_stranger);
    }

    fn count(&mut self, sender: &Address, recipients: &[Address], to_stranger: bool) {
        let more = |count: &mut u32| *count = count.saturating_add(1);
        more(&mut self.total);
        if to_stranger {
            more(&mut self.to_strangers);
        }
        more(self.by_sender.entry(sender.clone()).or_default());
        for address in recipients {
            more(self.by_recipient.entry(address.clone()).or_default());
        }
    }
}

fn count_of(counts: &HashMap<Address, u32>, address: &Address) -> u32 {
    counts.get(address).copied().unwrap_or_default()
}
