//! One reply for each mail that is due one: what the hospitals found in their mailboxes.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{Evidence, reply_ids};
use super::letter::Answer;
use super::oracle::{Case, Trial};
use super::traffic::{DIRECTION, REFUSED};

/// A reply as it lies in a mailbox.
pub(super) struct Reply<'a> {
    id: String,
    address: &'a str,
    bytes: &'a [u8],
}

impl Case<'_> {
    /// One reply where one is due, to each of its readers; repeated byte for byte if at all.
    pub(super) fn one_reply(&self, trial: &Trial<'_>) -> Vec<String> {
        let letter = trial.letter;
        let answered = format!("{}@hopital.test", letter.id);
        let found = self.replies.get(&answered).map_or(&[][..], Vec::as_slice);
        let (answer, copied) = self.answer(trial);
        let mut faults = Vec::new();
        let ids: BTreeSet<&str> = found.iter().map(|reply| reply.id.as_str()).collect();
        let contents: BTreeSet<&[u8]> = found.iter().map(|reply| reply.bytes).collect();
        let allowed = match answer {
            Answer::Never => 0..=0,
            Answer::Perhaps => 0..=1,
            Answer::Once => 1..=1,
        };
        if !allowed.contains(&ids.len()) || contents.len() != ids.len() {
            faults.push(format!(
                "reply: {} has {} replies, {} texts ({answer:?}, {:?})",
                letter.id,
                ids.len(),
                contents.len(),
                trial.mail.map(|mail| &mail.verdict)
            ));
        }
        if ids.len() == 1 {
            let readers = [Some(letter.sender), copied.then_some(DIRECTION)];
            for reader in readers.into_iter().flatten() {
                let times = found.iter().filter(|reply| reply.address == reader).count();
                if times == 0 {
                    faults.push(format!("reply: {reader} did not get the reply to {}", letter.id));
                }
            }
        }
        faults
    }

    fn answer(&self, trial: &Trial<'_>) -> (Answer, bool) {
        let refused = trial.rows.iter().any(|row| row.etat == "rejetee");
        match trial.letter.answer {
            // Told « déjà reçu », and with nothing rejected nobody else is told.
            _ if self.repeats(trial) => (Answer::Once, false),
            _ if refused => (Answer::Once, true),
            answer => {
                (answer, trial.letter.copied && !trial.letter.counts.iter().any(|count| count.place.ends_with(REFUSED)))
            }
        }
    }

    pub(super) fn no_letter_out_of_the_blue(&self) -> Vec<String> {
        let known: BTreeSet<String> =
            self.trials.iter().map(|trial| format!("{}@hopital.test", trial.letter.id)).collect();
        let blue = self.replies.keys().filter(|answered| !known.contains(*answered));
        let mut faults: Vec<String> = blue.map(|answered| format!("reply: one answers « {answered} »")).collect();
        let mails: usize = self.trials.iter().map(|trial| trial.mails.len()).sum();
        if mails != self.seen.ledger.mails.len() {
            faults.push("invented: the store has mails that nobody sent".to_owned());
        }
        faults
    }

    /// A death repeats the reply that was under way, and no other.
    pub(super) fn repeated_replies(&self) -> Option<String> {
        let mut times: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for reply in self.replies.values().flatten() {
            *times.entry((&reply.id, reply.address)).or_default() += 1;
        }
        let mut repeats: BTreeMap<&str, usize> = BTreeMap::new();
        for ((id, _), count) in times {
            let most = repeats.entry(id).or_default();
            *most = (*most).max(count - 1);
        }
        let (repeated, deaths) = (repeats.values().sum::<usize>(), self.seen.deaths);
        (repeated > deaths).then(|| format!("reply: {repeated} were repeated after {deaths} deaths"))
    }

    /// A reply that left is in the store, the same byte for byte.
    pub(super) fn stored_before_sent(&self) -> Vec<String> {
        let stored: BTreeMap<&str, &[u8]> = self
            .seen
            .ledger
            .replies
            .iter()
            .map(|reply| (reply.message_id.as_str(), reply.content.as_slice()))
            .collect();
        let kept = |reply: &&Reply<'_>| {
            stored.get(reply.id.as_str()).is_some_and(|content| content.is_empty() || *content == reply.bytes)
        };
        let lost = self.replies.values().flatten().filter(|reply| !kept(reply));
        lost.map(|reply| format!("durable: reply {} left before it was stored", reply.id)).collect()
    }
}

/// Replies by the mail they answer.
pub(super) fn replies(seen: &Evidence) -> BTreeMap<String, Vec<Reply<'_>>> {
    let mut replies: BTreeMap<String, Vec<Reply<'_>>> = BTreeMap::new();
    for (address, bytes) in seen.boxes.iter().flat_map(|(address, mails)| mails.iter().map(move |mail| (address, mail)))
    {
        let (id, answered) = reply_ids(bytes);
        replies.entry(answered).or_default().push(Reply { id, address, bytes });
    }
    replies
}
