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

/// One line for each delivery, with the verdict that was due.
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
    let judged = |letter: &Letter| {
        let found = verdicts.get(&format!("{}@hopital.test", letter.id)).map_or(&[][..], Vec::as_slice);
        let own = found.iter().filter(|verdict| *verdict == letter.verdict).count();
        let copies = found.iter().filter(|verdict| *verdict == "doublon").count();
        let fits = match letter.due {
            Due::Twin(_) => own + copies == found.len() && own <= 1,
            _ => own == 1 && own + copies == found.len(),
        };
        let fits = fits && (letter.sent - letter.removed..=letter.sent).contains(&found.len());
        (!fits).then(|| {
            format!("verdict: {} is {found:?}, expected {}, sent {} times", letter.id, letter.verdict, letter.sent)
        })
    };
    let mut faults: Vec<String> = letters.iter().filter_map(judged).collect();
    let (lines, known) = (verdicts.len(), letters.len());
    if lines > known {
        faults.push(format!("journal: {lines} mails of {known}"));
    }
    faults
}
