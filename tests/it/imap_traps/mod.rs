//! What async-imap 0.12 makes of servers that fail. Several failures come back as success: these
//! tests state today's behaviour, which `mailbox::imap` works around, so that an upgrade which
//! changes any of it is noticed. A green test here is no praise.
#![cfg(test)]

mod idle;
mod layers;
mod parser;
mod writing;

use std::fmt::Debug;

use async_imap::{Client, Session};
use futures_util::TryStreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// What the client says, and what is answered; `{T}` is the tag.
type Steps = Vec<(&'static str, &'static str)>;

/// What the server does after the last step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Closes,
    IsSilent,
}

/// Runs one command on a server that does this, and states what async-imap makes of it.
async fn check(
    steps: &[(&'static str, &'static str)],
    then: Then,
    command: impl AsyncFnOnce(Session<DuplexStream>) -> String,
    expected: &str,
) {
    let session = login(steps.to_vec(), then).await;
    let told = command(session).await;
    assert!(told.contains(expected), "{steps:?}: {told}, expected {expected}");
}

async fn login(steps: Steps, then: Then) -> Session<DuplexStream> {
    let (ours, mut theirs) = duplex(1 << 16);
    theirs.write_all(b"* OK bonjour\r\n").await.unwrap();
    let mut all = vec![("LOGIN", "{T} OK [CAPABILITY IMAP4rev1 IDLE] fait\r\n")];
    all.extend(steps);
    tokio::spawn(play(theirs, all, then));
    authenticated(ours).await
}

async fn authenticated<S>(stream: S) -> Session<S>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Debug + Send,
{
    let mut client = Client::new(stream);
    client.read_response().await.unwrap().unwrap();
    client.login("bal", "secret").await.map_err(|(error, _)| error).unwrap()
}

async fn play(mut stream: DuplexStream, steps: Steps, then: Then) {
    let mut read = Vec::new();
    for (wanted, say) in steps {
        let line = line(&mut stream, &mut read).await;
        assert!(line.contains(wanted), "{wanted} expected, not {line}");
        let tag = line.split(' ').next().unwrap();
        stream.write_all(say.replace("{T}", tag).as_bytes()).await.unwrap();
    }
    if then == Then::IsSilent {
        std::future::pending::<()>().await;
    }
}

async fn line(stream: &mut DuplexStream, read: &mut Vec<u8>) -> String {
    loop {
        if let Some(end) = read.windows(2).position(|window| window == b"\r\n") {
            let line = String::from_utf8(read.drain(..end + 2).collect()).unwrap();
            return line.trim_end().to_owned();
        }
        assert!(stream.read_buf(read).await.unwrap() > 0, "the client left");
    }
}

/// The UIDs of a fetch, as its stream gives them.
async fn fetch(session: &mut Session<DuplexStream>) -> String {
    let stream = session.uid_fetch("1:2", "(UID RFC822.SIZE)").await.unwrap();
    told(stream.map_ok(|fetch| fetch.uid).try_collect::<Vec<_>>().await)
}

async fn fence(session: &mut Session<DuplexStream>) -> String {
    told(session.run_command_and_check_ok("NOOP").await)
}

fn told(outcome: impl Debug) -> String {
    format!("{outcome:?}")
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_connection_reads_as_success() {
    let one = "* 1 FETCH (UID 1 RFC822.SIZE 10)\r\n";
    let closes = Then::Closes;
    check(&[("SELECT", "")], closes, async |mut s| told(s.select("INBOX").await), "Ok(Mailbox {").await;
    let cut = "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n";
    check(&[("SELECT", cut)], closes, async |mut s| told(s.select("INBOX").await), "exists: 3").await;
    check(&[("FETCH", "")], closes, async |mut s| fetch(&mut s).await, "Ok([])").await;
    check(&[("FETCH", one)], closes, async |mut s| fetch(&mut s).await, "Ok([Some(1)])").await;
    check(&[("FETCH", "* BYE arrêt\r\n")], closes, async |mut s| fetch(&mut s).await, "Ok([])").await;
    let status = async |mut s: Session<_>| told(s.status("INBOX", "(UIDNEXT)").await.map(|status| status.uid_next));
    check(&[("STATUS", "")], closes, status, "Ok(None)").await;
    let capabilities = async |mut s: Session<_>| told(s.capabilities().await.map(|offered| offered.len()));
    check(&[("CAPABILITY", "")], closes, capabilities, "Ok(0)").await;
}

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "shows why they are")]
async fn the_disallowed_methods_hide_failures() {
    let search = async |mut s: Session<_>| told(s.uid_search("ALL").await);
    check(&[("SEARCH", "")], Then::Closes, search, "Ok({})").await;
    check(&[("SEARCH", "* SEARCH 4\r\n")], Then::Closes, search, "Ok({4})").await;
    check(&[("SEARCH", "{T} NO panne\r\n")], Then::IsSilent, search, "Ok({})").await;
    check(&[("NOOP", "")], Then::Closes, async |mut s| told(s.noop().await), "Ok(())").await;
    let store = async |mut s: Session<_>| {
        let stream = s.uid_store("1", "+FLAGS (\\Seen)").await.unwrap();
        told(Box::pin(stream).try_next().await.map(|fetch| fetch.map(|fetch| fetch.uid)))
    };
    check(&[("STORE", "")], Then::Closes, store, "Ok(None)").await;
    check(&[("STORE", "{T} NO lecture seule\r\n")], Then::IsSilent, store, "Ok(None)").await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_fetch_reads_as_an_empty_one() {
    let refused = [("FETCH", "{T} NO [SERVERBUG] panne\r\n")];
    check(&refused, Then::IsSilent, async |mut s| fetch(&mut s).await, "Ok([])").await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_waited_for_without_end() {
    let select = async |mut s: Session<_>| {
        let day = std::time::Duration::from_hours(24);
        told(tokio::time::timeout(day, s.select("INBOX")).await.is_err())
    };
    check(&[("SELECT", "")], Then::IsSilent, select, "true").await;
}

#[tokio::test(start_paused = true)]
async fn a_checked_noop_tells_the_truth_behind_a_fetch() {
    let one = "* 1 FETCH (UID 1)\r\n";
    let fenced = async |mut s: Session<_>| format!("{} {}", fetch(&mut s).await, fence(&mut s).await);
    check(&[("FETCH", one)], Then::Closes, fenced, "Ok([Some(1)]) Err(").await;
    let healthy = [("FETCH", "* 1 FETCH (UID 1)\r\n{T} OK\r\n"), ("NOOP", "{T} OK\r\n")];
    check(&healthy, Then::IsSilent, fenced, "Ok([Some(1)]) Ok(())").await;
}
