//! Waiting for mail on a real Dovecot.

use std::time::Duration;

use base::config_values::Span;
use edges::mailbox::{Folders, Mailbox, MailboxError, MailboxSession, MailboxSettings, Security};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::world::{ALL, mail};
use crate::PATIENCE;
use crate::dovecot::{ClientCertificate, Dovecot};

const DAY: Duration = Duration::from_hours(24);
/// What Dovecot offers, but for IDLE.
const WITHOUT_IDLE: &str = "imap_capability = IMAP4rev1 SASL-IR ID UIDPLUS MOVE\n";

async fn open(dovecot: &Dovecot, timeout: Span) -> MailboxSession {
    let settings = edges::mailbox::ImapSettings { timeout, ..dovecot.settings(Security::Starttls) };
    Mailbox::new(&MailboxSettings::from(settings), &Folders::default()).unwrap().open().await.unwrap()
}

async fn listed(session: MailboxSession) -> (MailboxSession, usize) {
    let (session, entries) = session.list().await.unwrap();
    (session, entries.len())
}

#[tokio::test]
async fn mail_that_comes_ends_the_wait() {
    let dovecot = Dovecot::start(ClientCertificate::Required);
    let (mut session, _) = listed(open(&dovecot, Span::seconds(60)).await).await;
    for rank in 1..=3 {
        let waiting = tokio::spawn(async move { session.wait(DAY, &CancellationToken::new()).await.unwrap() });
        // During the wait, or perhaps before it began: both are to be noticed.
        if rank != 2 {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        dovecot.deliver(&mail(&format!("courriel {rank}"), 10), &format!("170000000{rank}.M1.serveur"));
        session = timeout(PATIENCE, waiting).await.expect("the mail is not noticed").unwrap();
        let number;
        (session, number) = listed(session).await;
        assert_eq!(number, rank);
    }
}

#[tokio::test]
async fn mail_that_came_between_the_list_and_the_wait_is_noticed() {
    let dovecot = Dovecot::start(ClientCertificate::Unasked);
    let stop = CancellationToken::new();
    dovecot.deliver(&mail("premier", 10), "1700000001.M1.serveur");
    let (session, entries) = open(&dovecot, Span::seconds(60)).await.list().await.unwrap();
    dovecot.deliver(&mail("second", 10), "1700000002.M1.serveur");
    // This command is told of it; IDLE, which follows, has no reason to repeat it.
    let (session, _) = session.fetch(&super::world::positions(&entries), ALL).await.unwrap();
    let session = timeout(PATIENCE, session.wait(DAY, &stop)).await.expect("the mail is missed").unwrap();
    assert_eq!(listed(session).await.1, 2);
}

#[tokio::test]
async fn a_stop_ends_the_wait_and_the_session_lives_on() {
    for more in ["", WITHOUT_IDLE] {
        let dovecot = Dovecot::start_with(ClientCertificate::Unasked, more);
        let (session, _) = listed(open(&dovecot, Span::seconds(60)).await).await;
        let stop = CancellationToken::new();
        let waiting = tokio::spawn({
            let stop = stop.clone();
            async move { session.wait(DAY, &stop).await.unwrap() }
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        stop.cancel();
        let session = timeout(PATIENCE, waiting).await.expect("the stop is not noticed").unwrap();
        listed(session).await.0.close().await;
    }
}

#[tokio::test]
async fn without_idle_the_wait_is_the_interval() {
    let dovecot = Dovecot::start_with(ClientCertificate::Unasked, WITHOUT_IDLE);
    let (session, _) = listed(open(&dovecot, Span::seconds(60)).await).await;
    dovecot.deliver(&mail("courriel", 10), "1700000001.M1.serveur");
    let stop = CancellationToken::new();
    let interval = Duration::from_millis(1500);
    let begin = std::time::Instant::now();
    let session = session.wait(interval, &stop).await.unwrap();
    assert!(begin.elapsed() >= interval);
    assert_eq!(listed(session).await.1, 1);
}

#[tokio::test]
async fn the_end_of_the_server_ends_the_wait() {
    let mut dovecot = Dovecot::start(ClientCertificate::Unasked);
    let (session, _) = listed(open(&dovecot, Span::seconds(60)).await).await;
    let waiting = tokio::spawn(async move { session.wait(DAY, &CancellationToken::new()).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    dovecot.stop();
    let error = timeout(PATIENCE, waiting).await.expect("the end is not noticed").unwrap().unwrap_err();
    assert!(matches!(error, MailboxError::Broken(_)) && error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn a_server_that_stands_still_is_left_and_found_again() {
    let dovecot = Dovecot::start(ClientCertificate::Unasked);
    dovecot.deliver(&mail("avant", 10), "1700000001.M1.serveur");
    let stop = CancellationToken::new();
    // Its processes stand still while the connection waits, then while a command runs.
    let (session, _) = listed(open(&dovecot, Span::seconds(2)).await).await;
    dovecot.signal("STOP");
    let error = session.wait(Duration::from_millis(500), &stop).await.unwrap_err();
    assert!(matches!(error, MailboxError::Timeout(_)) && error.is_transient(), "{error:?}");
    let settings = edges::mailbox::ImapSettings { timeout: Span::seconds(2), ..dovecot.settings(Security::Starttls) };
    let mut mailbox = Mailbox::new(&MailboxSettings::from(settings), &Folders::default()).unwrap();
    let error = mailbox.open().await.unwrap_err();
    assert!(matches!(error, MailboxError::Timeout(_)), "{error:?}");
    dovecot.signal("CONT");
    assert_eq!(listed(open(&dovecot, Span::seconds(60)).await).await.1, 1);

    let (session, _) = listed(open(&dovecot, Span::seconds(2)).await).await;
    dovecot.signal("STOP");
    let error = session.list().await.unwrap_err();
    assert!(matches!(error, MailboxError::Timeout(_)), "{error:?}");
    dovecot.signal("CONT");
    assert_eq!(listed(open(&dovecot, Span::seconds(60)).await).await.1, 1);
}
