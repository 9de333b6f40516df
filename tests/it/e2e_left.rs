//! A server that can neither move nor remove single mails: what is judged stays, and is judged once.
#![cfg(test)]

use std::path::Path;
use std::time::{Duration, Instant};

use dispolits::clock::Clock;
use dispolits::mailbox::Security;
use dispolits::sandbox::{Inbox, Sandbox};
use dispolits::store::{Balance, MailId};

use crate::dovecot::{ClientCertificate, Dovecot};

/// What Dovecot offers, but for MOVE and UIDPLUS.
const NEITHER: &str = "imap_capability = IMAP4rev1 SASL-IR ID IDLE\n";
const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_moved_is_judged_and_answered_once() {
    let mut dovecot = Dovecot::start_with(ClientCertificate::Required, NEITHER);
    let folder = tempfile::tempdir().unwrap();
    let sandbox = start(folder.path(), &dovecot).await;
    deliver(&dovecot, "a", "premier");
    deliver(&dovecot, "b", "second");
    assert_eq!(settled(&sandbox, 2).await.rejetes, 2);
    // The same bytes in another mail, beside the first.
    deliver(&dovecot, "c", "premier");
    let balance = settled(&sandbox, 3).await;
    assert_eq!((balance.rejetes, balance.doublons), (2, 1), "{balance:?}");
    let replies = replies(&sandbox, 3).await;
    assert_eq!(replies[..2], [1, 1]);
    for number in 1..=3 {
        let mail = sandbox.store.mail(MailId::of(number)).await.unwrap().unwrap();
        assert!(mail.left_at.is_some(), "mail {number}");
    }
    sandbox.stop().await.unwrap();

    // Restarted, then with every mail at another position: nothing of it is new.
    for (round, renumbered) in [false, true].into_iter().enumerate() {
        if renumbered {
            dovecot.stop();
            dovecot.forget_numbers();
            dovecot.restart();
        }
        let sandbox = start(folder.path(), &dovecot).await;
        deliver(&dovecot, &format!("temoin-{round}"), &format!("temoin-{round}"));
        let balance = settled(&sandbox, 4 + round).await;
        assert_eq!((balance.rejetes, balance.doublons), (3 + i64::try_from(round).unwrap(), 1), "{balance:?}");
        assert_eq!(self::replies(&sandbox, 3).await, replies, "nobody is answered twice");
        sandbox.stop().await.unwrap();
    }
    assert_eq!(dovecot.mails("").len(), 5);
    assert!(!dovecot.maildir().join(".Rejets").exists(), "no folder is made that nothing is moved to");
}

async fn start(folder: &Path, dovecot: &Dovecot) -> Sandbox {
    let inbox = Inbox::Served { section: dovecot.section(Security::Starttls), maildir: dovecot.maildir(), smtp: None };
    Sandbox::start(folder, inbox, Clock::System).await.unwrap()
}

/// A mail without any report, which is rejected and answered.
fn deliver(dovecot: &Dovecot, unique: &str, subject: &str) {
    let mail = format!(
        "From: Gestion des lits <lits@ch-armor.test>\r\nMessage-ID: <{subject}@ch-armor.test>\r\n\
         Subject: {subject}\r\n\r\nRien de joint.\r\n"
    );
    dovecot.deliver(mail.as_bytes(), &format!("1700000000.{unique}.serveur"));
}

/// The balance once so many mails are received, settled and dealt with in the mailbox.
async fn settled(sandbox: &Sandbox, mails: usize) -> Balance {
    let end = Instant::now() + PATIENCE;
    loop {
        let balance = sandbox.store.balance(None).await.unwrap();
        let number = i64::try_from(mails).unwrap();
        if balance.recus >= number && balance.en_cours == 0 && all_left(sandbox, number).await {
            assert_eq!(balance.recus, number);
            return balance;
        }
        assert!(Instant::now() < end, "{balance:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn all_left(sandbox: &Sandbox, mails: i64) -> bool {
    for number in 1..=mails {
        let mail = sandbox.store.mail(MailId::of(number)).await.unwrap();
        if mail.is_none_or(|mail| mail.left_at.is_none()) {
            return false;
        }
    }
    true
}

/// How many replies each of the first mails got.
async fn replies(sandbox: &Sandbox, mails: i64) -> Vec<usize> {
    let mut numbers = Vec::new();
    for number in 1..=mails {
        numbers.push(sandbox.store.replies(MailId::of(number)).await.unwrap().len());
    }
    numbers
}
