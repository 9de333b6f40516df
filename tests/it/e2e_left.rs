//! A server that can neither move nor remove single mails: what is judged stays, and is judged once.
#![cfg(test)]

use std::time::{Duration, Instant};

use dispolits::sandbox::Sandbox;
use edges::mailbox::Security;
use store::{Balance, MailId};

use crate::PATIENCE;
use crate::dovecot::{ClientCertificate, Dovecot};
use crate::served::{deliver, replies, start, until};

/// What Dovecot offers, but for MOVE and UIDPLUS.
const NEITHER: &str = "imap_capability = IMAP4rev1 SASL-IR ID IDLE\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_moved_is_judged_and_answered_once() {
    let mut dovecot = Dovecot::start_with(ClientCertificate::Required, NEITHER);
    let folder = tempfile::tempdir().unwrap();
    let sandbox = start(folder.path(), &dovecot, dovecot.section(Security::Starttls)).await;
    deliver(&dovecot, "a", "premier");
    deliver(&dovecot, "b", "second");
    assert_eq!(settled(&sandbox, 2).await.rejetes, 2);
    // The same bytes in another mail, beside the first.
    deliver(&dovecot, "c", "premier");
    let balance = settled(&sandbox, 3).await;
    assert_eq!((balance.rejetes, balance.doublons), (2, 1), "{balance:?}");
    let answered = replies(&sandbox, 3).await;
    assert_eq!(answered[..2], [1, 1]);
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
        let sandbox = start(folder.path(), &dovecot, dovecot.section(Security::Starttls)).await;
        deliver(&dovecot, &format!("temoin-{round}"), &format!("temoin-{round}"));
        let balance = settled(&sandbox, 4 + round).await;
        assert_eq!((balance.rejetes, balance.doublons), (3 + i64::try_from(round).unwrap(), 1), "{balance:?}");
        assert_eq!(replies(&sandbox, 3).await, answered, "nobody is answered twice");
        sandbox.stop().await.unwrap();
    }
    assert_eq!(dovecot.mails("").len(), 5);
    assert!(!dovecot.maildir().join(".Rejets").exists(), "no folder is made that nothing is moved to");
}

/// Numbers that change under one UIDVALIDITY: each mail would lie where its neighbour was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mails_that_change_their_numbers_are_no_duplicates() {
    let mut dovecot = Dovecot::start_with(ClientCertificate::Unasked, NEITHER);
    let folder = tempfile::tempdir().unwrap();
    let sandbox = start(folder.path(), &dovecot, dovecot.section(Security::Tls)).await;
    for name in ["a", "b", "c"] {
        deliver(&dovecot, name, &format!("courriel-{name}"));
    }
    assert_eq!(settled(&sandbox, 3).await.rejetes, 3);
    sandbox.stop().await.unwrap();
    dovecot.stop();
    dovecot.shift_numbers();
    dovecot.restart();
    let sandbox = start(folder.path(), &dovecot, dovecot.section(Security::Tls)).await;
    deliver(&dovecot, "d", "courriel-d");
    let balance = settled(&sandbox, 4).await;
    assert_eq!((balance.rejetes, balance.doublons), (4, 0), "{balance:?}");
    until("a reply to the last", async || replies(&sandbox, 4).await.last() == Some(&1)).await;
    assert_eq!(replies(&sandbox, 4).await, [1; 4], "each is answered once");
    sandbox.stop().await.unwrap();
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
