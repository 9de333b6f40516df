//! The whole system reading real IMAP servers: how it is started, sent to, and looked at.
#![cfg(test)]

use std::path::Path;
use std::time::{Duration, Instant};

use base::clock::Clock;
use dispolits::sandbox::{Inbox, Sandbox};
use store::MailId;
use store::search::{Filter, Page};

use crate::PATIENCE;
use crate::dovecot::Dovecot;

/// In a folder that outlives it; the sections of the mailboxes are those of the configuration.
pub(crate) async fn start(folder: &Path, dovecot: &Dovecot, section: String) -> Sandbox {
    let inbox = Inbox::Served { section, maildir: dovecot.maildir(), smtp: None };
    Sandbox::start(folder, inbox, Clock::System).await.unwrap()
}

/// A mail without any report, which is rejected and answered.
pub(crate) fn deliver(dovecot: &Dovecot, unique: &str, subject: &str) {
    deliver_large(dovecot, unique, subject, 1);
}

/// The same, of so many KiB.
pub(crate) fn deliver_large(dovecot: &Dovecot, unique: &str, subject: &str, kib: usize) {
    let text = "Rien de joint, et rien à en tirer.\r\n".repeat(kib * 1024 / 36);
    let mail = format!(
        "From: Gestion des lits <lits@ch-armor.test>\r\nMessage-ID: <{subject}@ch-armor.test>\r\n\
         Subject: {subject}\r\n\r\n{text}"
    );
    dovecot.deliver(mail.as_bytes(), &format!("1700000000.{unique}.serveur"));
}

/// How many replies each of the first mails got. Receipt numbers only grow: some may be left out.
pub(crate) async fn replies(sandbox: &Sandbox, mails: usize) -> Vec<usize> {
    let mut entries = sandbox.store.journal(&Filter::default(), &Page::newest(100)).await.unwrap().lines;
    entries.sort_by_key(|entry| entry.numero);
    let mut numbers = Vec::new();
    for entry in entries.iter().take(mails) {
        numbers.push(sandbox.store.replies(MailId::of(entry.numero)).await.unwrap().len());
    }
    numbers
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < end, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
