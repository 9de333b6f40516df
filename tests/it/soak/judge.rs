//! The judge of the soak: an own model of what must have become of each mail, from what was sent. It believes what is
//! seen from outside, and nothing that the store says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::held::{Address, Held, Key, Value};
use super::mails::{Due, Fate, Letter};
use super::replies::Replies;
use super::seen::Seen;
use crate::crash::letter::{Count, Indicator};

/// What is not there yet, and what must never be.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) missing: Vec<String>,
    pub(super) wrong: Vec<String>,
}

/// Judges all that was sent. Digests are not waited for before the end.
pub(super) fn judge(letters: &[Letter], seen: &Seen, held: &Held, cuts: usize, digests: bool) -> Findings {
    let mut findings = Findings::default();
    let replies = Replies::of(letters, seen);
    for letter in letters {
        filed(letter, seen, &mut findings);
        replies.judge(letter, digests, &mut findings);
    }
    twins_are_filed(letters, seen, &mut findings);
    nothing_else(letters, seen, &mut findings);
    replies.judge_all(cuts, &mut findings);
    newest(letters, held, &mut findings);
    findings.wrong.extend(held.faults().iter().cloned());
    inventions(letters, held, &mut findings.wrong);
    findings
}

/// As often as it was sent: once in its folder, its copies in theirs.
fn filed(letter: &Letter, seen: &Seen, findings: &mut Findings) {
    let folder = match letter.fate {
        Fate::Treated => "Traites",
        Fate::Rejected => "Rejets",
        Fate::Ignored => "Ignores",
    };
    let nowhere = BTreeMap::new();
    let files = seen.files.get(&letter.hash).unwrap_or(&nowhere);
    let at = |folder: &str| files.get(folder).copied().unwrap_or_default();
    let (found, sent) = (files.values().sum::<usize>(), letter.sent);
    let fits = (sent - letter.removed..=sent).contains(&found);
    if !fits && found < sent {
        findings.missing.push(format!("lost: {} was sent {sent} times and is found {found} times", letter.id));
    } else if !fits {
        findings.wrong.push(format!("lost: {} was sent {sent} times and is found {found} times", letter.id));
    }
    if at("") > 0 {
        findings.missing.push(format!("left: {} is in the inbox", letter.id));
    }
    let elsewhere = files.keys().any(|name| ![folder, "Doublons", ""].contains(name));
    let one = matches!(letter.due, Due::Twin(_)) || at(folder) == 1 || found < sent;
    if elsewhere || !one && at("") == 0 {
        findings.wrong.push(format!("folder: {} is in {files:?}, expected {folder}", letter.id));
    }
}

/// Of the mails of one document one is treated and the others came twice.
fn twins_are_filed(letters: &[Letter], seen: &Seen, findings: &mut Findings) {
    let mut groups: BTreeMap<usize, Vec<&Letter>> = BTreeMap::new();
    for letter in letters {
        if let Due::Twin(group) = letter.due {
            groups.entry(group).or_default().push(letter);
        }
    }
    for twins in groups.values() {
        let treated = |letter: &&Letter| {
            seen.files.get(&letter.hash).and_then(|files| files.get("Traites")).copied().unwrap_or_default()
        };
        let treated: usize = twins.iter().map(treated).sum();
        if treated > 1 {
            findings.wrong.push(format!("effect: the document of {} has {treated}", twins[0].id));
        } else if treated == 0 {
            findings.missing.push(format!("effect: the document of {} has none", twins[0].id));
        }
    }
}

fn nothing_else(letters: &[Letter], seen: &Seen, findings: &mut Findings) {
    let known: BTreeSet<_> = letters.iter().map(|letter| letter.hash).collect();
    let strange = seen.files.keys().filter(|hash| !known.contains(*hash)).count();
    if strange > 0 {
        findings.wrong.push(format!("invented: {strange} mails that nobody sent"));
    }
}

/// Of each indicator the ROR holds the newest value, or one of several of the same instant.
fn newest(letters: &[Letter], held: &Held, findings: &mut Findings) {
    let mut newest: BTreeMap<Address, Vec<Value>> = BTreeMap::new();
    for count in letters.iter().flat_map(|letter| &letter.counts) {
        let (address, value) = (address(count), value(count));
        let all = newest.entry(address).or_default();
        match all.first().map(|other| other.observed.cmp(&value.observed)) {
            None | Some(std::cmp::Ordering::Equal) => all.push(value),
            Some(std::cmp::Ordering::Less) => *all = vec![value],
            Some(std::cmp::Ordering::Greater) => {}
        }
    }
    for (address, values) in &newest {
        let got = held.values().get(address);
        if got.is_none_or(|got| !values.contains(got)) {
            findings.missing.push(format!("newest: {address:?} is {got:?}, expected {values:?}"));
        }
    }
}

/// Writes of values that nobody observed, or of a trial.
fn inventions(letters: &[Letter], held: &Held, wrong: &mut Vec<String>) {
    let counts = letters.iter().flat_map(|letter| letter.counts.iter().chain(&letter.refused));
    let observed: BTreeSet<(Address, i64, Timestamp)> =
        counts.map(|count| (address(count), count.number, value(count).observed)).collect();
    for write in held.writes() {
        let Some(Value { number, observed: at }) = &write.value else { continue };
        let told = ((write.place.clone(), write.key.clone()), *number, *at);
        if !observed.contains(&told) {
            wrong.push(format!("request: {told:?} was observed by nobody"));
        }
    }
}

fn value(count: &Count) -> Value {
    Value { number: count.number, observed: Timestamp::from_second(count.observed).unwrap() }
}

/// The codes of the nomenclatures, as the documentation of the ROR names them.
fn address(count: &Count) -> Address {
    let (status, more) = match count.indicator {
        Indicator::Installed => ("01", None),
        Indicator::Free => ("02", Some(("genderCapacityAvailable", "03"))),
        Indicator::FreeForWomen => ("02", Some(("genderCapacityAvailable", "01"))),
        Indicator::Closed => ("05", Some(("capacityClosingType", "01"))),
    };
    let usual = [("capacityStatus", status), ("temporalityCapacity", "01"), ("temporaryAssignement", "01")];
    let key: Key = usual.into_iter().chain(more).map(|(name, code)| (name.to_owned(), code.to_owned())).collect();
    (count.place.clone(), key)
}
