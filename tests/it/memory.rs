//! However much waits, the service holds little of it in memory.

use crate::crash::REST;
use crate::crash::region::{Outbox, Plan, Post, Region};
use crate::store::engine::Engine;

const MAILS: usize = 2500;
const BYTES: usize = 64 * 1024;
/// In MiB. Less than all the mails, which are 156.
const MOST: u64 = 110;

/// The most memory that a process had at a time, in MiB.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
fn many_large_mails_are_not_held_at_once() {
    let region =
        Region::start(Plan { engine: Engine::Sqlite, post: Post::Dovecot, outbox: Outbox::Maildir, places: 3 });
    let dovecot = region.dovecot.as_ref().unwrap();
    let text = format!("{}\r\n", "Rien à lire ici.".repeat(4)).repeat(BYTES / 70);
    dovecot.fill((0..MAILS).map(|rank| {
        let head = "From: inconnu@ailleurs.test\r\nTo: eai@eai.test\r\nMIME-Version: 1.0\r\n";
        let mail = format!("{head}Message-ID: <{rank}@ailleurs.test>\r\nContent-Type: text/plain\r\n\r\n{text}");
        (format!("1.{rank:06}.essai"), mail.into_bytes())
    }));
    let service = region.run(None);
    region.settle(3 * REST);
    let peak = peak(service.pid());
    assert_eq!(dovecot.mails("Rejets").len(), MAILS);
    assert!(service.stop().0.success());
    assert!(peak < MOST, "{peak} MiB");
}
