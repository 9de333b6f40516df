//! What the program says of itself at the end: its journal, its balance, the state of its store, and its traces.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::mails::{Due, Letter};
use super::stand::Stand;

pub(super) fn faults(stand: &Stand, letters: &[Letter]) -> Vec<String> {
    let mut faults = journal(stand, letters);
    let balance = stand.command(&["journal", "balance"]);
    if balance.code != 0 {
        faults.push(format!("balance: {}{}", balance.out, balance.err));
    }
    let check = stand.command(&["store", "check"]);
    if check.code != 0 {
        faults.push(format!("store: {}{}", check.out, check.err));
    }
    faults
}

/// No worker may have panicked, nor named a fault of the store's records.
pub(super) fn traces(stand: &Stand) -> Vec<String> {
    let is_bad =
        |line: &&str| ["panicked at", "illisible", "ne peut être réglé"].iter().any(|word| line.contains(word));
    let logs = stand.logs();
    let bad = logs.iter().flat_map(|(path, log)| log.lines().filter(is_bad).map(move |line| (path, line)));
    bad.map(|(path, line)| format!("trace: {line} ({})", path.display())).collect()
}

/// A line for each mail, with the verdict that was due, and one for each copy, which names no mail.
fn journal(stand: &Stand, letters: &[Letter]) -> Vec<String> {
    let exported = stand.command(&["journal", "export", "--format", "json"]);
    if exported.code != 0 {
        return vec![format!("journal: {}", exported.err)];
    }
    let mut verdicts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in exported.out.lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        let word = |name: &str| line[name].as_str().unwrap_or_default().trim_matches(['<', '>']).to_owned();
        verdicts.entry(word("message_id")).or_default().push(word("verdict"));
    }
    let copies = verdicts.remove("").unwrap_or_default();
    let judged = |letter: &Letter| {
        let found = verdicts.get(&format!("{}@hopital.test", letter.id)).map_or(&[][..], Vec::as_slice);
        let fits = match (letter.due, found) {
            (Due::Twin(_), [one]) => [letter.verdict, "doublon"].contains(&one.as_str()),
            (_, [one]) => one == letter.verdict,
            _ => false,
        };
        (!fits).then(|| format!("verdict: {} is {found:?}, expected {}", letter.id, letter.verdict))
    };
    let mut faults: Vec<String> = letters.iter().filter_map(judged).collect();
    let most = letters.iter().map(|letter| letter.sent - 1).sum::<usize>();
    let fewest = most - letters.iter().map(|letter| letter.removed).sum::<usize>();
    let fit = (fewest..=most).contains(&copies.len()) && copies.iter().all(|verdict| verdict == "doublon");
    if !fit || verdicts.len() > letters.len() {
        faults.push(format!("journal: {} mails of {}, copies {copies:?} of {most}", verdicts.len(), letters.len()));
    }
    faults
}
