//! The real program is killed at every durable step, and started again; an oracle of its own compares
//! what was sent with the mailbox, the store, the simulated ROR and the mailboxes of the hospitals.

mod answers;
mod configuration;
pub(crate) mod evidence;
mod ledger;
pub(crate) mod letter;
mod moments;
mod newest;
pub(crate) mod oracle;
mod points;
pub(crate) mod region;
mod sight;
pub(crate) mod traffic;
mod twin;

/// How long a region may take to come to rest.
pub(crate) use crate::PATIENCE as REST;

/// Does the same with several, all at once, and fails as the first that fails.
pub(crate) fn at_once<T: Send, R: Send, const N: usize>(all: [T; N], act: impl Fn(T) -> R + Sync) -> [R; N] {
    std::thread::scope(|scope| {
        let act = &act;
        let running = all.map(|one| scope.spawn(move || act(one)));
        running.map(|run| run.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault)))
    })
}

/// Fails on what the oracle found, the first faults of many.
#[track_caller]
pub(crate) fn fail_on(when: &str, faults: &[String]) {
    let shown: Vec<&str> = faults.iter().take(20).map(String::as_str).collect();
    assert!(faults.is_empty(), "{when}: {} faults\n{}", faults.len(), shown.join("\n"));
}
