//! The common path through a real Cyrus, whose folders stand below the inbox: received, judged, filed, answered.
#![cfg(test)]

use std::path::Path;

use base::clock::Clock;
use dispolits::sandbox::{Inbox, Sandbox};
use edges::mailbox::{Folders, Hindrance, Mailbox, MailboxSettings};

use crate::cli::service::mail;
use crate::cyrus::{Cyrus, FOLDERS};
use crate::served::{replies, until};

async fn start(folder: &Path, section: String) -> Sandbox {
    let inbox = Inbox::Served { section, maildir: folder.join("sans objet"), smtp: None };
    Sandbox::start(folder, inbox, Clock::System).await.unwrap()
}

/// Waits until so many mails are received and none is in progress.
async fn settled(sandbox: &Sandbox, mails: i64) {
    until(&format!("{mails} mails settled"), async || {
        let balance = sandbox.store.balance(None).await.unwrap();
        balance.recus == mails && balance.en_cours == 0
    })
    .await;
}

fn rejected(name: &str) -> String {
    format!(
        "From: Gestion des lits <lits@ch-armor.test>\r\nMessage-ID: <{name}@ch-armor.test>\r\n\r\nRien de joint.\r\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cyrus_is_read_judged_filed_and_answered() {
    let (cyrus, folder) = (Cyrus::start(), tempfile::tempdir().unwrap());
    cyrus.deliver(&rejected("premier"));
    // Said beforehand, and no reason not to read: the names lack the prefix of this server.
    let mailbox = Mailbox::new(&MailboxSettings::from(cyrus.settings()), &Folders::default()).unwrap();
    let mut look = mailbox.look().await.unwrap();
    let missing = look.missing_folders().await.unwrap();
    let hindrances = look.hindrances(&missing);
    assert_eq!(hindrances.len(), 5, "{hindrances:?}");
    let is_prefix = |one: &Hindrance| matches!(one, Hindrance::Prefix { prefixes, .. } if prefixes == &["INBOX."]);
    assert!(hindrances.iter().all(is_prefix), "{hindrances:?}");
    look.close().await;
    let sandbox = start(folder.path(), cyrus.section()).await;
    settled(&sandbox, 1).await;
    cyrus.deliver(&rejected("deuxieme"));
    settled(&sandbox, 2).await;
    until("two replies", async || replies(&sandbox, 2).await == [1, 1]).await;
    assert_eq!(cyrus.lying_in("INBOX").await, 2);
    sandbox.stop().await.unwrap();

    let sandbox = start(folder.path(), format!("{}{FOLDERS}", cyrus.section())).await;
    cyrus.deliver(&mail("cyrus", 20));
    settled(&sandbox, 3).await;
    let filed = async || (cyrus.lying_in("INBOX.Rejets").await, cyrus.lying_in("INBOX.Traites").await);
    until("all to be filed", async || filed().await == (2, 1)).await;
    assert_eq!(cyrus.lying_in("INBOX").await, 0);
    let balance = sandbox.store.balance(None).await.unwrap();
    assert_eq!((balance.rejetes, balance.integres, balance.doublons), (2, 1, 0), "{balance:?}");
    assert_eq!(replies(&sandbox, 2).await, [1, 1], "nobody is answered twice");
    sandbox.stop().await.unwrap();
}
