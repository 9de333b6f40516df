//! What may happen to a real Dovecot while mails are read and filed: none is lost, none is copied twice.

use std::time::Duration;

use edges::mailbox::{
    Attempt, Folder, Folders, Haul, ImapSettings, ListedMail, Mailbox, MailboxError, MailboxSession, MailboxSettings,
    Moved, Position, Security,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::world::{ALL, mail, positions};
use crate::dovecot::{ClientCertificate, Dovecot, QUOTA};

/// What Dovecot offers, but for MOVE.
const WITHOUT_MOVE: &str = "imap_capability = IMAP4rev1 SASL-IR ID IDLE UIDPLUS\n";
fn mailbox(settings: ImapSettings) -> Mailbox {
    Mailbox::new(&MailboxSettings::from(settings), &Folders::default()).unwrap()
}

async fn listed(dovecot: &Dovecot) -> (MailboxSession, Vec<ListedMail>) {
    mailbox(dovecot.settings(Security::Starttls)).open().await.unwrap().list().await.unwrap()
}

fn to_traites(entries: &[ListedMail]) -> Vec<(Position, Folder)> {
    positions(entries).into_iter().map(|position| (position, Folder::Traites)).collect()
}

#[tokio::test]
async fn without_move_mails_are_filed_all_the_same() {
    let dovecot = Dovecot::start_with(ClientCertificate::Unasked, WITHOUT_MOVE);
    for rank in 0..3 {
        dovecot.deliver(&mail(&format!("courriel {rank}"), 100), &format!("170000000{rank}.M1.serveur"));
    }
    let (session, entries) = listed(&dovecot).await;
    let (session, outcomes) = session.file(&to_traites(&entries[..2]), Attempt::First).await.unwrap();
    assert_eq!(outcomes, [Moved::Done, Moved::Done]);
    let (session, outcomes) = session.file(&to_traites(&entries), Attempt::Again { others: 0 }).await.unwrap();
    assert_eq!(outcomes, [Moved::Gone, Moved::Gone, Moved::Done]);
    assert_eq!(session.list().await.unwrap().1, []);
    assert_eq!((dovecot.mails("").len(), dovecot.mails("Traites").len()), (0, 3));
}

#[tokio::test]
async fn a_copy_that_a_crash_left_is_not_made_again() {
    for more in ["", WITHOUT_MOVE] {
        let dovecot = Dovecot::start_with(ClientCertificate::Unasked, more);
        let mails = ["copié", "pas encore"].map(|subject| mail(subject, 100));
        for (rank, bytes) in mails.iter().enumerate() {
            dovecot.deliver(bytes, &format!("170000000{rank}.M1.serveur"));
        }
        let (session, entries) = listed(&dovecot).await;
        // As long as the first mail, and not the same.
        dovecot.deliver_to("Traites", &mail("autre", 100), "1600000000.M1.serveur");
        dovecot.deliver_to("Traites", &mails[0], "1600000001.M1.serveur");
        let (session, outcomes) = session.file(&to_traites(&entries), Attempt::Again { others: 0 }).await.unwrap();
        assert_eq!(outcomes, [Moved::Done, Moved::Done], "{more}");
        let filed = dovecot.mails("Traites");
        for bytes in &mails {
            assert_eq!(filed.iter().filter(|one| *one == bytes).count(), 1, "{more}");
        }
        assert_eq!(filed.len(), 3);
        // The session goes on as it was.
        dovecot.deliver(&mail("suivant", 10), "1700000009.M1.serveur");
        assert_eq!(session.list().await.unwrap().1.len(), 1);
    }
}

/// What differs beyond the first 64 KiB differs.
#[tokio::test]
async fn a_mail_that_begins_like_another_is_no_copy_of_it() {
    for more in ["", WITHOUT_MOVE] {
        let dovecot = Dovecot::start_with(ClientCertificate::Unasked, more);
        let long = |end: &str| [mail("grand", 150 * 1024), format!("{end}\r\n").into_bytes()].concat();
        dovecot.deliver(&long("fin"), "1700000000.M1.serveur");
        let (session, entries) = listed(&dovecot).await;
        dovecot.deliver_to("Traites", &long("bof"), "1600000000.M1.serveur");
        let (_, outcomes) = session.file(&to_traites(&entries), Attempt::Again { others: 0 }).await.unwrap();
        assert_eq!(outcomes, [Moved::Done]);
        let filed = dovecot.mails("Traites");
        assert!(filed.contains(&long("fin")) && filed.len() == 2, "{more}: {} filed", filed.len());
    }
}

#[tokio::test]
async fn one_copy_pays_for_one_mail() {
    for more in ["", WITHOUT_MOVE] {
        let dovecot = Dovecot::start_with(ClientCertificate::Unasked, more);
        for rank in 0..3 {
            dovecot.deliver(&mail("jumeau", 100), &format!("170000000{rank}.M1.serveur"));
        }
        let (session, entries) = listed(&dovecot).await;
        dovecot.deliver_to("Traites", &mail("jumeau", 100), "1600000000.M1.serveur");
        let (_, outcomes) = session.file(&to_traites(&entries), Attempt::Again { others: 0 }).await.unwrap();
        assert_eq!(outcomes, [Moved::Done; 3]);
        assert_eq!((dovecot.mails("").len(), dovecot.mails("Traites").len()), (0, 3), "{more}");
    }
}

/// Files that are known to be of other mails pay for none: of those beyond them, one for each.
#[tokio::test]
async fn copies_of_other_mails_pay_for_none() {
    for more in ["", WITHOUT_MOVE] {
        let dovecot = Dovecot::start_with(ClientCertificate::Unasked, more);
        for (files, others, filed) in [(1, 1, 2), (2, 1, 2), (2, 2, 3), (3, 2, 3), (1, 2, 2)] {
            let bytes = mail(&format!("jumeau {files} {others}"), 100);
            dovecot.deliver(&bytes, &format!("1700000000.M{files}x{others}.serveur"));
            let (session, entries) = listed(&dovecot).await;
            for file in 0..files {
                dovecot.deliver_to("Traites", &bytes, &format!("1600000000.M{files}x{others}x{file}.serveur"));
            }
            let (_, outcomes) = session.file(&to_traites(&entries), Attempt::Again { others }).await.unwrap();
            assert_eq!((outcomes, dovecot.mails("").len()), (vec![Moved::Done], 0));
            let equal = dovecot.mails("Traites").iter().filter(|one| **one == bytes).count();
            assert_eq!(equal, filed, "{files} files, {others} of other mails {more}");
        }
    }
}

/// The process that serves us dies where it removes the first mail, its copies being made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_inside_a_move_leaves_no_mail_twice() {
    for more in ["", WITHOUT_MOVE] {
        let dovecot = Dovecot::start_with(ClientCertificate::Unasked, more);
        for rank in 0..9 {
            dovecot.deliver(&mail(&format!("courriel {rank}"), 100), &format!("170000000{rank}.M1.serveur"));
        }
        let (session, entries) = listed(&dovecot).await;
        let killer = dovecot.kill_at_removals();
        let cut = session.file(&to_traites(&entries), Attempt::First).await;
        assert!(cut.is_err(), "the server did not die: {cut:?}");
        drop(killer);
        dovecot.await_rest();
        let (left, filed) = (dovecot.mails("").len(), dovecot.mails("Traites").len());
        assert!(left + filed > 9, "nothing was twice to begin with: {left} and {filed}");
        let (session, _) = listed(&dovecot).await;
        let (_, outcomes) = session.file(&to_traites(&entries), Attempt::Again { others: 0 }).await.unwrap();
        assert!(outcomes.iter().all(|one| matches!(one, Moved::Done | Moved::Gone)), "{outcomes:?}");
        assert_eq!((dovecot.mails("").len(), dovecot.mails("Traites").len()), (0, 9), "{more}");
    }
}

#[tokio::test]
async fn a_full_mailbox_refuses_copies_and_loses_nothing() {
    let full = format!("{WITHOUT_MOVE}{QUOTA}");
    let mut dovecot = Dovecot::start_with(ClientCertificate::Unasked, &full);
    let bytes = mail("grand", 70 * 1024);
    dovecot.deliver(&bytes, "1700000000.M1.serveur");
    let (session, entries) = listed(&dovecot).await;
    let (session, outcomes) = session.file(&to_traites(&entries), Attempt::First).await.unwrap();
    assert_eq!(outcomes, [Moved::Refused]);
    assert!(session.refusals()[&Folder::Traites].contains("uota"), "{:?}", session.refusals());
    // The session goes on.
    session.list().await.unwrap().0.close().await;
    assert_eq!((dovecot.mails(""), dovecot.mails("Traites").len()), (vec![bytes], 0));
    // Some space is made.
    dovecot.set_more(WITHOUT_MOVE);
    let (session, entries) = listed(&dovecot).await;
    let (_, outcomes) = session.file(&to_traites(&entries), Attempt::Again { others: 0 }).await.unwrap();
    assert_eq!((outcomes, dovecot.mails("").len(), dovecot.mails("Traites").len()), (vec![Moved::Done], 0, 1));
}

#[tokio::test]
async fn moves_need_no_space() {
    let dovecot = Dovecot::start_with(ClientCertificate::Unasked, QUOTA);
    dovecot.deliver(&mail("grand", 70 * 1024), "1700000000.M1.serveur");
    let (session, entries) = listed(&dovecot).await;
    let (_, outcomes) = session.file(&to_traites(&entries), Attempt::First).await.unwrap();
    assert_eq!((outcomes, dovecot.mails("Traites").len()), (vec![Moved::Done], 1));
}

#[tokio::test]
async fn a_folder_that_is_taken_away_is_made_again() {
    for more in ["", WITHOUT_MOVE] {
        let dovecot = Dovecot::start_with(ClientCertificate::Unasked, more);
        dovecot.deliver(&mail("courriel", 100), "1700000000.M1.serveur");
        let (session, entries) = listed(&dovecot).await;
        std::fs::remove_dir_all(dovecot.maildir().join(".Traites")).unwrap();
        let (_, outcomes) = session.file(&to_traites(&entries), Attempt::First).await.unwrap();
        assert_eq!((outcomes, dovecot.mails("Traites").len()), (vec![Moved::Done], 1));
    }
}

#[tokio::test]
async fn the_folder_that_is_read_may_be_taken_away() {
    let dovecot = Dovecot::start(ClientCertificate::Unasked);
    // Made as the server makes folders.
    let making = Folders { quarantaine: "Entree".to_owned(), ..Folders::default() };
    let settings = MailboxSettings::from(dovecot.settings(Security::Starttls));
    Mailbox::new(&settings, &making).unwrap().open().await.unwrap().close().await;
    dovecot.deliver_to("Entree", &mail("courriel", 100), "1700000000.M1.serveur");
    let mut mailbox = mailbox(ImapSettings { folder: "Entree".to_owned(), ..dovecot.settings(Security::Starttls) });
    let (session, entries) = mailbox.open().await.unwrap().list().await.unwrap();
    assert_eq!(entries.len(), 1);
    std::fs::remove_dir_all(dovecot.maildir().join(".Entree")).unwrap();
    // The end of the folder is not taken for an empty one, nor made good by a new folder.
    let is_missing =
        |error: &MailboxError| matches!(error, MailboxError::FolderMissing { folder, .. } if folder == "Entree");
    let error = session.list().await.unwrap_err();
    assert!(is_missing(&error), "{error:?}");
    let error = mailbox.open().await.unwrap_err();
    assert!(is_missing(&error), "{error:?}");
}

#[tokio::test]
async fn a_server_killed_in_the_middle_of_a_mail_gives_none_of_it() {
    let mut dovecot = Dovecot::start(ClientCertificate::Unasked);
    dovecot.deliver(&mail("petit", 100), "1700000000.M1.serveur");
    dovecot.deliver(&mail("grand", 8 * 1024 * 1024), "1700000001.M1.serveur");
    let settings = dovecot.settings(Security::Tls);
    let (port, halfway, go_on) = relay(settings.port, 2 * 1024 * 1024).await;
    let mut cut = mailbox(ImapSettings { port, ..settings });
    let (session, entries) = cut.open().await.unwrap().list().await.unwrap();
    let fetching = tokio::spawn(async move { session.fetch(&positions(&entries), ALL).await.map(|_| ()) });
    halfway.await.unwrap();
    dovecot.stop();
    go_on.send(()).unwrap();
    let error = fetching.await.unwrap().unwrap_err();
    assert!(matches!(error, MailboxError::Broken(_)) && error.is_transient(), "{error:?}");
    dovecot.restart();
    let (session, entries) = listed(&dovecot).await;
    let (session, Haul { mails: fetched, .. }) = session.fetch(&positions(&entries), ALL).await.unwrap();
    assert_eq!(fetched.iter().map(|mail| mail.raw.clone()).collect::<Vec<_>>().len(), 2);
    drop(session);
}

/// Between the client and the server: tells when so many bytes have come from the server, and waits there.
async fn relay(port: u16, bytes: usize) -> (u16, oneshot::Receiver<()>, oneshot::Sender<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let own = listener.local_addr().unwrap().port();
    let (tell, halfway) = oneshot::channel();
    let (go_on, wait) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let (mut from_client, mut to_client) = listener.accept().await.unwrap().0.into_split();
        let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
        let mut first = (&mut from_server).take(bytes as u64);
        tokio::io::copy(&mut first, &mut to_client).await.unwrap();
        tell.send(()).unwrap();
        wait.await.unwrap();
        let mut rest = Vec::new();
        let _ = from_server.read_to_end(&mut rest).await;
        let _ = to_client.write_all(&rest).await;
    });
    (own, halfway, go_on)
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_shut_down_says_so() {
    let mut dovecot = Dovecot::start(ClientCertificate::Unasked);
    let (session, _) = listed(&dovecot).await;
    let waiting = tokio::spawn(async move { session.wait(Duration::from_hours(1), &CancellationToken::new()).await });
    dovecot.await_idle();
    dovecot.shut_down();
    let error = tokio::time::timeout(crate::PATIENCE, waiting).await.unwrap().unwrap().unwrap_err();
    assert!(matches!(&error, MailboxError::Refused { text, .. } if text.contains("shut")), "{error:?}");
    assert!(error.is_transient());
    dovecot.restart();
    listed(&dovecot).await;
}
