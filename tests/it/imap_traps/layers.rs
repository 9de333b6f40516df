//! What lies below async-imap (timeouts) and beside it (logs).

use std::cell::RefCell;
use std::pin::Pin;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use super::{Steps, Then, authenticated, login, play, told};

async fn with_read_timeout(steps: Steps) -> async_imap::Session<Pin<Box<TimeoutStream<DuplexStream>>>> {
    let (ours, mut theirs) = duplex(1 << 16);
    theirs.write_all(b"* OK bonjour\r\n").await.unwrap();
    let mut all = vec![("LOGIN", "{T} OK fait\r\n")];
    all.extend(steps);
    tokio::spawn(play(theirs, all, Then::IsSilent));
    let mut stream = TimeoutStream::new(ours);
    stream.set_read_timeout(Some(Duration::from_mins(1)));
    authenticated(Box::pin(stream)).await
}

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "shows why NOOP is")]
async fn a_read_timeout_ends_the_silence_and_leaves_a_session_that_looks_well() {
    let mut session = with_read_timeout(vec![("SELECT", "* 1 EXISTS\r\n")]).await;
    let start = Instant::now();
    let selected = told(session.select("INBOX").await);
    assert!(selected.contains("TimedOut") || selected.contains("timed out"), "{selected}");
    assert_eq!(start.elapsed().as_secs(), 60);
    assert!(session.noop().await.is_ok());
    assert!(session.run_command_and_check_ok("NOOP").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_read_timeout_ends_idle_unless_it_is_lifted() {
    for (lift, seconds) in [(false, 60), (true, 300)] {
        let mut handle = with_read_timeout(vec![("IDLE", "+ \r\n")]).await.idle();
        handle.init().await.unwrap();
        if lift {
            let stream: &mut Pin<Box<TimeoutStream<DuplexStream>>> = handle.as_mut();
            stream.as_mut().set_read_timeout_pinned(None);
        }
        let start = Instant::now();
        let (waiting, _stop) = handle.wait_with_timeout(Duration::from_mins(5));
        assert_eq!(waiting.await.is_ok(), lift);
        assert_eq!(start.elapsed().as_secs(), seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_cancelled_by_a_deadline_spills_into_the_next_command() {
    let (ours, mut theirs) = duplex(1 << 16);
    theirs.write_all(b"* OK bonjour\r\n").await.unwrap();
    tokio::spawn(async move {
        let mut read = [0; 4096];
        for answer in ["A0001 OK\r\n", "* 1 FETCH (UID 1 BODY[] {10}\r\nhel"] {
            assert!(theirs.read(&mut read).await.unwrap() > 0);
            theirs.write_all(answer.as_bytes()).await.unwrap();
        }
        sleep(Duration::from_secs(30)).await;
        theirs.write_all(b"lo12345)\r\nA0002 OK\r\n").await.unwrap();
        assert!(theirs.read(&mut read).await.unwrap() > 0);
        theirs.write_all(b"* 9 FETCH (UID 9)\r\nA0003 OK\r\n").await.unwrap();
        std::future::pending::<()>().await;
    });
    let mut session = authenticated(ours).await;
    {
        let mut stream = session.uid_fetch("1", "(UID BODY.PEEK[])").await.unwrap();
        assert!(timeout(Duration::from_secs(5), stream.try_next()).await.is_err());
    }
    let next = session.uid_fetch("9", "(UID)").await.unwrap();
    let uids: Vec<_> = next.map_ok(|fetch| fetch.uid).try_collect().await.unwrap();
    assert_eq!(uids, [Some(1), Some(9)], "the mail of the first command answers the second");
}

thread_local! {
    static LOGGED: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("async_imap")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            LOGGED.with_borrow_mut(|logged| logged.push_str(&record.args().to_string()));
        }
    }

    fn flush(&self) {}
}

#[tokio::test(start_paused = true)]
async fn the_password_is_logged_at_trace_and_not_above() {
    log::set_boxed_logger(Box::new(Logger)).expect("another test of this binary has set a logger");
    for (level, logged) in [(log::LevelFilter::Debug, false), (log::LevelFilter::Trace, true)] {
        LOGGED.with_borrow_mut(String::clear);
        log::set_max_level(level);
        login(vec![], Then::IsSilent).await;
        log::set_max_level(log::LevelFilter::Off);
        assert_eq!(LOGGED.with_borrow(|text| text.contains("secret")), logged, "{level}");
    }
}
