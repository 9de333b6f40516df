//! The judge of the evidence: an own model of what must have become of each mail, written from the invariants and not
//! from the code. It knows what was sent, and believes nothing but what is seen from outside.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::answers::{Reply, replies};
use super::evidence::Evidence;
use super::ledger::{CountRow, MailRow};
use super::letter::{Fate, Letter};
use super::newest;
use super::traffic::REFUSED;

/// What is wrong once everything is settled; nothing if all invariants hold.
pub(crate) fn at_the_end(letters: &[Letter], seen: &Evidence) -> Vec<String> {
    let case = Case::new(letters, seen);
    let mut faults = case.nothing_is_lost(true);
    faults.extend(case.nothing_is_left());
    for trial in &case.trials {
        faults.extend(case.one_verdict(trial));
        faults.extend(case.one_reply(trial));
        faults.extend(case.its_counts(trial));
    }
    faults.extend(case.one_effect());
    faults.extend(case.no_letter_out_of_the_blue());
    faults.extend(case.repeated_replies());
    faults.extend(newest::faults(&case));
    faults
}

/// What is wrong at an instant at which the process just died; work may be on its way.
pub(crate) fn at_rest(letters: &[Letter], seen: &Evidence) -> Vec<String> {
    let case = Case::new(letters, seen);
    let mut faults = case.nothing_is_lost(false);
    faults.extend(case.stored_before_moved());
    faults.extend(case.stored_before_sent());
    faults.extend(newest::inventions(&case));
    faults
}

/// What was sent beside what was seen.
pub(super) struct Case<'a> {
    pub(super) seen: &'a Evidence,
    pub(super) trials: Vec<Trial<'a>>,
    /// Replies found in the mailboxes, by the mail they answer.
    pub(super) replies: BTreeMap<String, Vec<Reply<'a>>>,
    /// How many mails of each document have an effect.
    effects: BTreeMap<&'a str, usize>,
}

/// One letter beside its mails in the store.
pub(super) struct Trial<'a> {
    pub(super) letter: &'a Letter,
    /// The mail that stands for it; the others are its copies.
    pub(super) mail: Option<&'a MailRow>,
    pub(super) mails: Vec<&'a MailRow>,
    pub(super) rows: Vec<&'a CountRow>,
    /// How many files in each folder have its bytes.
    files: BTreeMap<&'a str, usize>,
    in_the_inbox: usize,
}

impl<'a> Case<'a> {
    fn new(letters: &'a [Letter], seen: &'a Evidence) -> Self {
        let mut mails: BTreeMap<&str, Vec<&MailRow>> = BTreeMap::new();
        for mail in &seen.ledger.mails {
            mails.entry(&mail.sha256).or_default().push(mail);
        }
        let mut rows: BTreeMap<i64, Vec<&CountRow>> = BTreeMap::new();
        for row in &seen.ledger.rows {
            rows.entry(row.mail_id).or_default().push(row);
        }
        let mut files: BTreeMap<&[u8], BTreeMap<&str, usize>> = BTreeMap::new();
        for (folder, contents) in &seen.folders {
            for bytes in contents {
                *files.entry(bytes).or_default().entry(folder).or_default() += 1;
            }
        }
        let mut inbox: BTreeMap<&[u8], usize> = BTreeMap::new();
        for bytes in &seen.inbox {
            *inbox.entry(bytes).or_default() += 1;
        }
        let trial = |letter: &'a Letter| {
            let mails = mails.remove(hash(&letter.bytes).as_str()).unwrap_or_default();
            let mail = mails.iter().copied().find(|mail| !mail.copy);
            let rows = mail.and_then(|mail| rows.remove(&mail.id)).unwrap_or_default();
            let files = files.remove(letter.bytes.as_slice()).unwrap_or_default();
            let in_the_inbox = inbox.remove(letter.bytes.as_slice()).unwrap_or_default();
            Trial { letter, mail, mails, rows, files, in_the_inbox }
        };
        let trials: Vec<Trial<'a>> = letters.iter().map(trial).collect();
        let mut effects: BTreeMap<&str, usize> = BTreeMap::new();
        for trial in trials.iter().filter(|trial| !trial.rows.is_empty()) {
            *effects.entry(trial.letter.document.as_deref().unwrap_or("")).or_default() += 1;
        }
        Self { seen, trials, replies: replies(seen), effects }
    }

    /// Conservation: every mail sent is somewhere; at the end as often as it was sent.
    fn nothing_is_lost(&self, settled: bool) -> Vec<String> {
        let mut faults = Vec::new();
        for trial in &self.trials {
            let (sent, found) = (trial.letter.copies, trial.in_the_inbox + trial.files.values().sum::<usize>());
            if found < sent || settled && found > sent {
                faults.push(format!("lost: {} was sent {sent} times and is found {found} times", trial.letter.id));
            }
        }
        let files = self.seen.folders.values().map(Vec::len).sum::<usize>() + self.seen.inbox.len();
        let known: usize =
            self.trials.iter().map(|trial| trial.in_the_inbox + trial.files.values().sum::<usize>()).sum();
        if files != known {
            faults.push(format!("invented: {} files that nobody sent", files - known));
        }
        faults
    }

    fn nothing_is_left(&self) -> Vec<String> {
        let left = self.seen.inbox.len();
        let open = self
            .seen
            .ledger
            .mails
            .iter()
            .filter(|mail| mail.judged_at.and(mail.moved_at).and(mail.settled_at).is_none())
            .count();
        let waiting = self.seen.ledger.rows.iter().filter(|row| row.etat == "en-attente").count();
        let unsent = self.seen.ledger.replies.iter().filter(|reply| reply.etat != "envoyee").count();
        let counts = [("mails in the inbox", left), ("mails", open), ("counts", waiting), ("replies", unsent)];
        counts.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("left: {count} {what}")).collect()
    }

    /// One verdict on each mail, the right one, and the mail in its folder.
    fn one_verdict(&self, trial: &Trial<'_>) -> Vec<String> {
        let letter = trial.letter;
        let Some(mail) = trial.mail else { return vec![format!("lost: {} is not in the store", letter.id)] };
        let mut faults = Vec::new();
        let copies = trial.mails.iter().filter(|other| other.id != mail.id);
        let wrong = copies.filter(|copy| copy.verdict.as_deref() != Some("doublon")).count();
        if wrong > 0 || trial.mails.len() > letter.copies {
            faults.push(format!("verdict: {} has {} mails, {wrong} too many judged", letter.id, trial.mails.len()));
        }
        let (verdict, folder) = self.due(trial);
        if mail.verdict.as_deref() != Some(verdict) {
            faults.push(format!("verdict: {} is {:?}, expected {verdict}", letter.id, mail.verdict));
        }
        let elsewhere = trial.files.keys().filter(|name| **name != folder && **name != "Doublons").count();
        if !trial.files.contains_key(folder) || elsewhere > 0 {
            faults.push(format!("folder: {} is in {:?}, expected {folder}", letter.id, trial.files));
        }
        if letter.fate != Fate::Quarantined && trial.files.contains_key("Quarantaine") {
            faults.push(format!("quarantine: {} is innocent", letter.id));
        }
        faults
    }

    /// The verdict and the folder that this mail must have come to.
    fn due(&self, trial: &Trial<'_>) -> (&'static str, &'static str) {
        let refused = trial.rows.iter().any(|row| row.etat == "rejetee");
        match trial.letter.fate {
            _ if self.repeats(trial) => ("doublon", "Doublons"),
            Fate::Integrated if refused => ("rejete", "Traites"),
            Fate::Integrated => ("integre", "Traites"),
            Fate::Partly => ("partiellement-integre", "Traites"),
            Fate::Rejected => ("rejete", "Rejets"),
            Fate::Ignored => ("ignore", "Ignores"),
            Fate::Quarantined => ("quarantaine", "Quarantaine"),
        }
    }

    /// Whether its document came before, in another mail: of several mails of one document any one may be the first to be
    /// judged, and it alone has rows.
    pub(super) fn repeats(&self, trial: &Trial<'_>) -> bool {
        let document = trial.letter.document.as_deref();
        trial.rows.is_empty() && document.is_some_and(|document| self.effects.contains_key(document))
    }

    /// One document, one effect: of the mails that carry the same, one has rows.
    fn one_effect(&self) -> Vec<String> {
        let doubled = self.effects.iter().filter(|(_, count)| **count > 1);
        doubled.map(|(document, count)| format!("effect: document « {document} » has {count}")).collect()
    }

    /// Its accepted counts are in the store, each at its end, and no other.
    fn its_counts(&self, trial: &Trial<'_>) -> Vec<String> {
        let letter = trial.letter;
        let due = if self.repeats(trial) { &[][..] } else { &letter.counts };
        let expected: BTreeSet<_> =
            due.iter().map(|count| (count.place.as_str(), count.number, count.observed)).collect();
        let found: BTreeSet<_> = trial.rows.iter().map(|row| (row.place.as_str(), row.number, row.observed)).collect();
        let mut faults = Vec::new();
        if found != expected || trial.rows.len() != due.len() {
            faults.push(format!("counts: {} has {found:?}, expected {expected:?}", letter.id));
        }
        for row in &trial.rows {
            let ends: &[&str] = match (letter.trial, row.place.ends_with(REFUSED)) {
                (true, _) => &["non-transmise-test"],
                (false, true) => &["rejetee", "depassee"],
                (false, false) => &["transmise", "depassee"],
            };
            if !ends.contains(&row.etat.as_str()) {
                faults.push(format!("counts: {} of {} ended as {}", row.place, letter.id, row.etat));
            }
        }
        faults
    }

    /// A mail that is in a folder was durable and judged before it was moved there.
    fn stored_before_moved(&self) -> Vec<String> {
        let moved = self.trials.iter().filter(|trial| !trial.files.is_empty());
        let kept = |trial: &&Trial<'_>| {
            trial.mails.iter().any(|mail| mail.judged_at.is_some() && (mail.raw || mail.settled_at.is_some()))
        };
        let lost = moved.filter(|trial| !kept(trial));
        lost.map(|trial| format!("durable: {} was moved before it was judged and stored", trial.letter.id)).collect()
    }
}

/// As the store names a mail.
pub(super) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
