//! What happens to a real IMAP server while the service reads it: it stands still, it is full, it numbers its mails
//! anew. The mailbox is tried again, over one connection, the others go on, and nobody is answered twice.
#![cfg(all(test, target_os = "linux"))]

use std::path::Path;

use dispolits::sandbox::Sandbox;
use edges::mailbox::{MailboxSettings, Security};
use store::TraceFilter;

use crate::dovecot::{ClientCertificate, Dovecot, QUOTA, USER};
use crate::served::{deliver, deliver_large, replies, start, until};
use census::Census;

mod census;

/// What Dovecot offers, but for MOVE: to file a mail takes space.
const WITHOUT_MOVE: &str = "imap_capability = IMAP4rev1 SASL-IR ID IDLE UIDPLUS\n";

/// Configuration of the second server: whatever its mailbox is called, it is the one there is.
const ANY_NAME: &str = "auth_username_format = bal-labo@hopital.test\n";

/// The mailboxes `principale` and `brest`, whose servers may be silent for two seconds.
async fn start_both(folder: &Path, main: &Dovecot, brest: &Dovecot) -> Sandbox {
    let section = |dovecot: &Dovecot| {
        format!("{}timeout = \"2s\"\nlogin_interval = \"0s\"\n", dovecot.section(Security::Starttls))
    };
    let further = section(brest)
        .replace("[mailbox.imap]", "[mailboxes.brest]\npoll = \"1s\"\n[mailboxes.brest.imap]")
        .replace(USER, "brest@hopital.test");
    start(folder, main, section(main) + &further).await
}

fn brest() -> Dovecot {
    Dovecot::start_with(ClientCertificate::Unasked, ANY_NAME)
}

/// Waits until so many mails are settled, and as many filed in each mailbox as said.
async fn rest(sandbox: &Sandbox, settled: i64, filed: &[(&Dovecot, usize)]) {
    let what = format!("{settled} mails settled");
    until(&what, async || {
        let balance = sandbox.store.balance(None).await.unwrap();
        let is_filed = |(dovecot, number): &(&Dovecot, usize)| dovecot.mails("Rejets").len() == *number;
        balance.recus == settled && balance.en_cours == 0 && filed.iter().all(is_filed)
    })
    .await;
}

/// Waits for the replies: each mail has one, and no mail was taken for another.
async fn answered_once(sandbox: &Sandbox, mails: usize) {
    let one_each = vec![1; mails];
    until("one reply to each", async || replies(sandbox, mails).await == one_each).await;
    assert_eq!(sandbox.store.balance(None).await.unwrap().recus, i64::try_from(mails).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_still_is_tried_again_while_others_go_on() {
    let (main, brest) = (Dovecot::start(ClientCertificate::Required), brest());
    let folder = tempfile::tempdir().unwrap();
    let census = Census::of([&main, &brest].map(|dovecot| dovecot.settings(Security::Starttls).port));
    let sandbox = start_both(folder.path(), &main, &brest).await;
    deliver(&main, "a", "avant");
    deliver(&brest, "b", "avant-brest");
    rest(&sandbox, 2, &[(&main, 1), (&brest, 1)]).await;

    // The process of our session stands still for ever; the server takes other connections.
    let stopped = main.stop_sessions();
    deliver(&main, "c", "apres");
    rest(&sandbox, 3, &[(&main, 2)]).await;
    assert_eq!(stopped.len(), 1, "one connection was open");

    // The whole server stands still.
    main.signal("STOP");
    deliver(&main, "d", "pendant");
    deliver(&brest, "e", "pendant-brest");
    rest(&sandbox, 4, &[(&brest, 2)]).await;
    main.signal("CONT");
    rest(&sandbox, 5, &[(&main, 3), (&brest, 2)]).await;
    // A move is a link in the folder first.
    until("the inboxes to be empty", async || main.mails("").is_empty() && brest.mails("").is_empty()).await;
    answered_once(&sandbox, 5).await;
    sandbox.stop().await.unwrap();
    assert_eq!(census.most_open(), [1, 1], "connections of one mailbox at a time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_ends_again_and_again_has_one_connection_at_most() {
    let (mut main, brest) = (Dovecot::start(ClientCertificate::Unasked), brest());
    let folder = tempfile::tempdir().unwrap();
    let census = Census::of([main.settings(Security::Starttls).port]);
    let sandbox = start_both(folder.path(), &main, &brest).await;
    for round in 1..=3 {
        deliver(&main, &format!("m{round}"), &format!("tour-{round}"));
        rest(&sandbox, round, &[(&main, usize::try_from(round).unwrap())]).await;
        // With and without taking leave.
        if round == 2 {
            main.shut_down();
        } else {
            main.stop();
        }
        main.restart();
    }
    sandbox.stop().await.unwrap();
    assert_eq!(census.most_open(), [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_mailbox_renumbered_is_filed_once_and_nobody_answered_twice() {
    let full = format!("{WITHOUT_MOVE}{QUOTA}");
    let mut main = Dovecot::start_with(ClientCertificate::Unasked, &full);
    let brest = brest();
    let folder = tempfile::tempdir().unwrap();
    let sandbox = start_both(folder.path(), &main, &brest).await;
    deliver_large(&main, "a", "grand", 70);
    let account = MailboxSettings::from(main.settings(Security::Starttls)).account();
    let refused = TraceFilter { action: Some("classement".to_owned()), failed: true, ..TraceFilter::default() };
    until("a copy to be refused", async || {
        let refusals = sandbox.store.traces(&refused, 1).await.unwrap();
        !refusals.is_empty() && sandbox.store.balance(None).await.unwrap().en_cours == 0
    })
    .await;
    let waiting = sandbox.store.to_move(&account, &[], None, 10).await.unwrap();
    assert_eq!(waiting.len(), 1, "it is still to be filed");
    deliver(&brest, "b", "brest");
    rest(&sandbox, 2, &[(&main, 0), (&brest, 1)]).await;
    assert_eq!(main.mails("").len(), 1, "judged, answered, and still there");

    main.stop();
    main.forget_numbers();
    main.set_more(WITHOUT_MOVE);
    rest(&sandbox, 2, &[(&main, 1)]).await;
    until("the mail to leave the inbox", async || main.mails("").is_empty()).await;
    // Another one: every sweep before it saw nothing new.
    deliver(&main, "c", "ensuite");
    rest(&sandbox, 3, &[(&main, 2)]).await;
    answered_once(&sandbox, 3).await;
    assert!(sandbox.store.to_move(&account, &[], None, 10).await.unwrap().is_empty());
    sandbox.stop().await.unwrap();
}
