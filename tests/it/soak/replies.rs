//! One reply for each mail that is due one, in its form and with its codes; beyond the cap a digest.

use std::collections::{BTreeMap, BTreeSet};

use super::hospitals::CAP;
use super::judge::Findings;
use super::mails::{Due, Letter};
use super::seen::{Reply, Seen};

/// The replies that were found, by the mail that they answer.
pub(super) struct Replies<'a> {
    letters: BTreeMap<&'a str, &'a Letter>,
    /// Different ones that answer a mail alone, to its sender and to others.
    alone: BTreeMap<&'a str, Vec<&'a Reply>>,
    copies: BTreeMap<&'a str, Vec<(&'a str, &'a Reply)>>,
    /// What digests say of a mail to its sender.
    digested: BTreeMap<&'a str, Vec<&'a [String]>>,
    /// How many mails each sender was told of alone that were rejected.
    rejections: BTreeMap<&'a str, usize>,
    twins: BTreeMap<usize, Vec<&'a Letter>>,
    /// Found in no place where one could be expected.
    strange: Vec<String>,
    repeated: usize,
    differing: Vec<&'a str>,
}

impl<'a> Replies<'a> {
    pub(super) fn of(letters: &'a [Letter], seen: &'a Seen) -> Self {
        let mut replies = Self {
            letters: letters.iter().map(|letter| (letter.id.as_str(), letter)).collect(),
            alone: BTreeMap::new(),
            copies: BTreeMap::new(),
            digested: BTreeMap::new(),
            rejections: BTreeMap::new(),
            twins: BTreeMap::new(),
            strange: Vec::new(),
            repeated: 0,
            differing: Vec::new(),
        };
        for (address, found) in &seen.boxes {
            let mut known: BTreeMap<&str, &Reply> = BTreeMap::new();
            for reply in found {
                match known.insert(&reply.id, reply) {
                    None => replies.take(address, reply),
                    Some(other) => {
                        replies.repeated += 1;
                        if other.bytes != reply.bytes {
                            replies.differing.push(&reply.id);
                        }
                    }
                }
            }
        }
        for letter in letters {
            if let Due::Twin(group) = letter.due {
                replies.twins.entry(group).or_default().push(letter);
            }
        }
        replies
    }

    fn take(&mut self, address: &'a str, reply: &'a Reply) {
        if reply.answers.is_empty() {
            return self.take_digest(address, reply);
        }
        let Some(letter) = self.letters.get(reply.answers.as_str()) else {
            return self.strange.push(format!("reply: {} to {address} answers no mail", reply.id));
        };
        if letter.sender == *address {
            self.alone.entry(&reply.answers).or_default().push(reply);
            if matches!(letter.due, Due::Rejection | Due::RejectionAlone) {
                *self.rejections.entry(address).or_default() += 1;
            }
        } else {
            self.copies.entry(&reply.answers).or_default().push((address, reply));
        }
    }

    fn take_digest(&mut self, address: &'a str, reply: &'a Reply) {
        for (about, codes) in &reply.reports {
            match self.letters.get(about.as_str()) {
                Some(letter) if letter.sender == *address => self.digested.entry(about).or_default().push(codes),
                Some(letter) if letter.contact.as_deref() == Some(address) => {}
                _ => self.strange.push(format!("reply: {} to {address} speaks of « {about} »", reply.id)),
            }
        }
        if reply.reports.is_empty() || !reply.text.contains("écapitulatif") {
            self.strange.push(format!("reply: {} to {address} answers nothing: {}", reply.id, reply.text));
        }
    }

    /// What is due to one mail.
    pub(super) fn judge(&self, letter: &Letter, digests: bool, findings: &mut Findings) {
        let alone = self.alone.get(letter.id.as_str()).map_or(&[][..], Vec::as_slice);
        let digested = self.digested.get(letter.id.as_str()).map_or(&[][..], Vec::as_slice);
        let told = alone.len() + digested.len();
        let (due, most) = match letter.due {
            Due::Nothing => (0, 0),
            Due::Twin(_) => (0, 1),
            Due::Rejection if !digests && self.is_beyond_the_cap(letter) => (0, 1),
            _ => (1, 1),
        };
        if told < due {
            findings.missing.push(format!("reply: {} has none ({:?})", letter.id, letter.due));
        }
        if told > most {
            findings.wrong.push(format!(
                "reply: {} has {} and is in {} digests ({:?})",
                letter.id,
                alone.len(),
                digested.len(),
                letter.due
            ));
        }
        if !digested.is_empty() && letter.due != Due::Rejection {
            findings.wrong.push(format!("reply: {} is in a digest ({:?})", letter.id, letter.due));
        }
        for reply in alone {
            findings.wrong.extend(form(letter, reply));
        }
        let wrong = digested.iter().filter(|codes| !is_told(letter, codes));
        findings.wrong.extend(wrong.map(|codes| format!("codes: {} is told {codes:?} in a digest", letter.id)));
        self.copied(letter, findings);
    }

    fn is_beyond_the_cap(&self, letter: &Letter) -> bool {
        self.rejections.get(letter.sender.as_str()).is_some_and(|told| *told >= CAP)
    }

    fn copied(&self, letter: &Letter, findings: &mut Findings) {
        let copies = self.copies.get(letter.id.as_str()).map_or(&[][..], Vec::as_slice);
        let strange = copies.iter().any(|(address, _)| letter.contact.as_deref() != Some(address));
        let is_rejection = matches!(letter.due, Due::Rejection | Due::RejectionAlone);
        if strange || copies.len() > usize::from(is_rejection) {
            let addresses: Vec<&str> = copies.iter().map(|(address, _)| *address).collect();
            findings.wrong.push(format!("reply: that to {} was copied to {addresses:?}", letter.id));
        }
    }

    /// What is due of all together.
    pub(super) fn judge_all(&self, cuts: usize, findings: &mut Findings) {
        for twins in self.twins.values() {
            let told = twins.iter().filter(|letter| self.alone.contains_key(letter.id.as_str())).count();
            if told + 1 < twins.len() {
                findings.missing.push(format!("reply: nobody was told that {} came twice", twins[0].id));
            } else if told + 1 > twins.len() {
                findings
                    .wrong
                    .push(format!("reply: {told} mails of the document of {} are said to be copies", twins[0].id));
            }
        }
        findings.wrong.extend(self.strange.iter().cloned());
        findings.wrong.extend(self.differing.iter().map(|id| format!("reply: {id} was repeated with other bytes")));
        if self.repeated > 2 * cuts {
            findings.wrong.push(format!("reply: {} were repeated after {cuts} cuts", self.repeated));
        }
    }
}

/// Whether software is told what was wrong, and nothing else.
fn is_told(letter: &Letter, codes: &[String]) -> bool {
    let expected: BTreeSet<&str> = letter.codes.iter().copied().collect();
    codes.iter().map(String::as_str).collect::<BTreeSet<_>>() == expected
}

/// Whether a reply is of the kind that is due, for people and for software.
fn form(letter: &Letter, reply: &Reply) -> Vec<String> {
    let mut faults = Vec::new();
    let normal = "Retour à la normale";
    let (wanted, unwanted) = match letter.due {
        Due::Nothing => return faults,
        Due::Rejection | Due::RejectionAlone => ("rejeté", normal),
        Due::BackToNormal => (normal, "À corriger"),
        Due::Receipt => ("intégré", normal),
        Due::Trial => ("envoi d’essai", normal),
        Due::Twin(_) => ("déjà été reçu", normal),
    };
    let says =
        |words: &str| reply.text.contains(words) || words == "déjà été reçu" && reply.text.contains("a déjà été reçu");
    if !says(wanted) || says(unwanted) {
        faults.push(format!("reply: {} ({:?}) is told « {} »", letter.id, letter.due, reply.text));
    }
    if letter.due == Due::Receipt {
        faults.extend(notification(letter, reply));
    } else if reply.notification.is_some() {
        faults.push(format!("form: the reply to {} is a disposition notification", letter.id));
    } else if reply.reports.len() != 1 || reply.reports[0].0 != letter.id || !is_told(letter, &reply.reports[0].1) {
        faults.push(format!("codes: {} is told {:?}, expected {:?}", letter.id, reply.reports, letter.codes));
    }
    faults
}

/// RFC 8098: the null sender, the mail that it is about, the mailbox that it was for, and what was done by a machine.
fn notification(letter: &Letter, reply: &Reply) -> Vec<String> {
    let Some(source) = &reply.notification else { return vec![format!("form: {} has no notification", letter.id)] };
    let mut due = vec![format!("Original-Message-ID: <{}@hopital.test>", letter.id)];
    due.push(format!("Final-Recipient: rfc822;{}", crate::crash::letter::EAI));
    due.push("Disposition: automatic-action/MDN-sent-automatically; processed".to_owned());
    due.push("Content-Type: message/disposition-notification".to_owned());
    let missing: Vec<String> = due.into_iter().filter(|line| !source.contains(line)).collect();
    let fault = !missing.is_empty() || reply.return_path != "<>";
    let fault =
        fault.then(|| format!("form: the notification of {} lacks {missing:?}, from {}", letter.id, reply.return_path));
    fault.into_iter().collect()
}
