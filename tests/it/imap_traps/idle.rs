//! IDLE, for the day we use it.

use std::time::Duration;

use async_imap::Session;
use async_imap::extensions::idle::IdleResponse;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep, timeout};

use super::{Then, authenticated, check, login, told};

const FIVE_MINUTES: Duration = Duration::from_mins(5);

/// Idles, waits, and leaves.
async fn idle(session: Session<DuplexStream>) -> String {
    let mut handle = session.idle();
    if let Err(error) = handle.init().await {
        return format!("init {error:?}");
    }
    let waited = {
        let (waiting, _stop) = handle.wait_with_timeout(FIVE_MINUTES);
        told(waiting.await)
    };
    let done = timeout(Duration::from_secs(15), handle.done()).await;
    format!("{waited} done {}", told(done.map(|done| done.map(drop))))
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_connection_reads_as_our_own_stop() {
    let expected = "Ok(ManualInterrupt) done Ok(Err(Io(";
    check(&[("IDLE", "+ \r\n")], Then::Closes, idle, expected).await;
    check(&[("IDLE", "+ \r\n* BYE arrêt\r\n")], Then::Closes, idle, "Ok(NewData(").await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_idle() {
    check(&[("IDLE", "{T} BAD inconnu\r\n")], Then::IsSilent, idle, "init").await;
    let ten_minutes = async |session: Session<_>| told(timeout(Duration::from_mins(10), idle(session)).await);
    check(&[("IDLE", "{T} NO non\r\n")], Then::IsSilent, ten_minutes, "Err(Elapsed(").await;
}

#[tokio::test(start_paused = true)]
async fn keepalives_renew_the_wait() {
    let (ours, mut theirs) = duplex(1 << 16);
    theirs.write_all(b"* OK bonjour\r\n").await.unwrap();
    tokio::spawn(async move {
        let mut read = [0; 4096];
        for answer in ["A0001 OK\r\n", "+ \r\n"] {
            assert!(theirs.read(&mut read).await.unwrap() > 0);
            theirs.write_all(answer.as_bytes()).await.unwrap();
        }
        for _ in 0..10 {
            sleep(Duration::from_secs(200)).await;
            theirs.write_all(b"* OK toujours la\r\n").await.unwrap();
        }
        theirs.write_all(b"* 4 EXISTS\r\n").await.unwrap();
        std::future::pending::<()>().await;
    });
    let mut handle = authenticated(ours).await.idle();
    handle.init().await.unwrap();
    let start = Instant::now();
    let (waiting, _stop) = handle.wait_with_timeout(FIVE_MINUTES);
    assert!(matches!(waiting.await.unwrap(), IdleResponse::NewData(_)));
    assert_eq!(start.elapsed().as_secs(), 2000, "the wait of 300 s lasts as long as the server chats");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_stop_source_ends_the_wait() {
    let session = login(vec![("IDLE", "+ \r\n"), ("DONE", "A0002 OK\r\n")], Then::IsSilent).await;
    let mut handle = session.idle();
    handle.init().await.unwrap();
    let waited = {
        let (waiting, stop) = handle.wait_with_timeout(FIVE_MINUTES);
        tokio::spawn(async move {
            sleep(Duration::from_secs(7)).await;
            drop(stop);
        });
        waiting.await
    };
    assert!(matches!(waited, Ok(IdleResponse::ManualInterrupt)), "{waited:?}");
    handle.done().await.unwrap();
}
