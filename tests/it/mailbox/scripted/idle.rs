//! Waiting for mail on servers that announce it early, late, wrongly or never.

use std::time::{Duration, Instant};

use edges::mailbox::{Folders, Mailbox, MailboxError, MailboxSettings, Security};
use tokio_util::sync::CancellationToken;

use super::converse;
use super::server::Instead::{Close, Say, SayAndLetTimePass, Silence};
use super::server::Trick;

const OFFERED: Trick = ("A0001 CAPABILITY", Say("* CAPABILITY IMAP4rev1 MOVE UIDPLUS ID IDLE\r\n{T} OK\r\n"));
const LONG: Duration = Duration::from_hours(1);
/// The shortest wait that the mailbox does not prolong.
const SHORT: Duration = Duration::from_millis(1100);

/// Lists, waits `at_most`, lists again. Says how that went, and what the client said from the first
/// list on.
fn check(tricks: &[Trick], at_most: Duration, expected: &str) -> String {
    let tricks: Vec<Trick> = [OFFERED].into_iter().chain(tricks.iter().copied()).collect();
    let begin = Instant::now();
    let (told, seen) =
        converse(Security::Tls, &tricks, |_, _| {}, |settings| async move { wait(&settings, at_most).await });
    assert!(told.starts_with(expected), "{told}, expected {expected}; {seen}");
    assert!(at_most == LONG || begin.elapsed() >= at_most, "ended too early: {seen}");
    seen.split_once("INTERNALDATE)\n").map_or("", |(_, after)| after).to_owned()
}

/// How long IDLE lasts, on the clock of the client, where nothing comes and the mailbox is to be read so often.
fn idled(poll: Duration) -> Duration {
    let tricks = [OFFERED, ("IDLE", SayAndLetTimePass("+ j’attends\r\n"))];
    let (told, seen) = converse(
        Security::Tls,
        &tricks,
        |_, _| {},
        |settings| async move {
            let stop = CancellationToken::new();
            let (session, _) = Mailbox::new(&settings, &Folders::default()).unwrap().open().await?.list().await?;
            let begin = tokio::time::Instant::now();
            let (session, entries) = session.wait(poll, &stop).await?.list().await?;
            let waited = begin.elapsed();
            session.close().await;
            Ok(format!("{} {}", entries.len(), waited.as_secs()))
        },
    );
    assert!(seen.contains(" IDLE\nDONE\n"), "{told}; {seen}");
    Duration::from_secs(told.strip_prefix("2 ").unwrap_or_else(|| panic!("{told}; {seen}")).parse().unwrap())
}

/// Routers forget a connection that is silent for some minutes, and only a word of ours shows it.
#[test]
fn idle_is_begun_again_every_five_minutes_however_seldom_the_mailbox_is_to_be_read() {
    for (poll, expected) in [(1, 1), (4, 4), (5, 5), (6, 5), (29, 5), (24 * 60, 5)] {
        let (poll, expected) = (Duration::from_mins(poll), Duration::from_mins(expected));
        let waited = idled(poll);
        assert!(
            waited >= expected && waited < expected + Duration::from_secs(30),
            "{poll:?}: {waited:?}, not {expected:?}"
        );
    }
}

async fn wait(settings: &MailboxSettings, at_most: Duration) -> Result<String, MailboxError> {
    let stop = CancellationToken::new();
    let mut mailbox = Mailbox::new(settings, &Folders::default()).unwrap();
    let (session, _) = mailbox.open().await?.list().await?;
    let (session, entries) = session.wait(at_most, &stop).await?.list().await?;
    session.close().await;
    Ok(format!("{} listed", entries.len()))
}

#[test]
fn new_mail_ends_idle_and_is_listed() {
    for announced in [
        "+ j’attends\r\n* 3 EXISTS\r\n",
        "+ \r\n* OK toujours là\r\n* 2 EXISTS\r\n* 3 EXISTS\r\n* 1 RECENT\r\n",
        // One goes, one comes: as many as before.
        "+ \r\n* 1 EXPUNGE\r\n* 2 EXISTS\r\n",
        // Before the server is ready.
        "* 3 EXISTS\r\n+ \r\n",
    ] {
        let seen = check(&[("IDLE", Say(announced))], LONG, "2 listed");
        let orders: Vec<&str> = seen.lines().collect();
        let [idle, "DONE", select, fetch, _logout] = orders.as_slice() else { panic!("{announced}: {seen}") };
        assert!(idle.ends_with(" IDLE") && select.contains("SELECT") && fetch.contains("UID FETCH 1:*"), "{seen}");
    }
}

#[test]
fn chatter_does_not_end_idle() {
    for chatter in ["+ \r\n", "+ \r\n* 2 EXISTS\r\n* OK toujours là\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 0 RECENT\r\n"] {
        let seen = check(&[("IDLE", Say(chatter))], SHORT, "2 listed");
        assert!(seen.contains("IDLE\nDONE\n"), "{seen}");
    }
}

#[test]
fn mail_announced_before_idle_is_not_waited_for() {
    let line = "* 1 FETCH (UID 4 RFC822.SIZE 18)\r\n* 2 FETCH (UID 7 RFC822.SIZE 18)\r\n";
    let announced: &'static str = Box::leak(format!("{line}* 3 EXISTS\r\n{{T}} OK\r\n").into_boxed_str());
    let seen = check(&[("1:*", Say(announced))], LONG, "2 listed");
    assert!(!seen.contains("IDLE"), "{seen}");
    // As many as SELECT said: nothing came.
    let same: &'static str = Box::leak(format!("{line}* 2 EXISTS\r\n{{T}} OK\r\n").into_boxed_str());
    let seen = check(&[("1:*", Say(same)), ("IDLE", Say("+ \r\n"))], SHORT, "2 listed");
    assert!(seen.contains("IDLE\nDONE\n"), "{seen}");
}

#[test]
fn a_server_that_refuses_idle_is_polled() {
    for refusal in ["{T} NO pas ici\r\n", "{T} BAD inconnu\r\n"] {
        let seen = check(&[("IDLE", Say(refusal))], SHORT, "2 listed");
        assert!(!seen.contains("DONE"), "{seen}");
    }
}

#[test]
fn a_server_that_ends_idle_itself_is_listed() {
    let seen = check(&[("IDLE", Say("+ \r\n{T} OK assez attendu\r\n"))], LONG, "2 listed");
    assert!(!seen.contains("DONE"), "{seen}");
    let refused = "Refused { step: Wait, text: \"panne\" }";
    check(&[("IDLE", Say("+ \r\n{T} NO panne\r\n"))], LONG, refused);
    check(&[("IDLE", Say("+ \r\n")), ("DONE", Say("{T} NO panne\r\n"))], SHORT, refused);
}

#[test]
fn the_end_of_the_connection_is_not_taken_for_the_end_of_the_wait() {
    check(&[("IDLE", Close(""))], LONG, "Broken(Wait)");
    check(&[("IDLE", Close("+ \r\n"))], LONG, "Broken(Wait)");
    check(&[("IDLE", Close("+ \r\n* BYE arrêt\r\n"))], LONG, "Refused { step: Wait, text: \"arrêt\" }");
    check(&[("IDLE", Say("+ \r\n")), ("DONE", Close(""))], SHORT, "Broken(Wait)");
}

#[test]
fn a_dead_line_is_noticed_when_done_has_no_answer() {
    check(&[("IDLE", Silence)], LONG, "Timeout(Wait)");
    check(&[("IDLE", Say("+ \r\n")), ("DONE", Silence)], SHORT, "Timeout(Wait)");
}

#[test]
fn a_server_that_says_nonsense_in_idle_is_left() {
    for nonsense in ["+ \r\n+ \r\n", "+ \r\nA9999 OK une autre\r\n", "{T} OK sans attendre\r\n"] {
        check(&[("IDLE", Say(nonsense))], LONG, "Protocol { step: Wait");
    }
}
