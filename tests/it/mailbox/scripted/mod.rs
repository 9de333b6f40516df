//! IMAP servers that fail, lie or attack: each ends in the right error, and never in a session with
//! wrong content.

mod answers;
mod certificate;
mod connecting;
mod facts;
mod filing;
mod idle;
pub(crate) mod server;

use std::fmt::Write;

use edges::mailbox::{
    Attempt, FetchLimits, Folder, Folders, ImapSettings, Mailbox, MailboxError, MailboxSettings, Security,
};
pub(super) use server::Instead::Say;
use server::{MAILS, Server, Trick};

use crate::dovecot::Pki;

use super::world::{ALL, positions};

/// What a whole cycle on the well-behaved server gives.
pub(super) const ALL_WELL: &str = "2 listed, fetched 4 7, header true, filed [Done, Done]";

/// Runs a whole cycle against a server with these tricks, and compares its result, or how the error
/// begins. Gives what the client said.
fn check(security: Security, tricks: &[Trick], expected: &str) -> String {
    let (told, seen) = play(security, tricks);
    let names: Vec<&str> = tricks.iter().map(|(line, _)| *line).collect();
    assert!(told.starts_with(expected), "{security:?} {names:?}: {told}, expected {expected}");
    seen
}

/// The same with other settings, over TLS.
pub(super) fn check_with(change: impl Fn(&mut ImapSettings, &Pki), tricks: &[Trick], expected: &str) -> String {
    let (told, seen) = play_with(Security::Tls, change, tricks);
    assert!(told.starts_with(expected), "{told}, expected {expected}; {seen}");
    seen
}

/// The same where the moves were asked for before.
fn check_again(tricks: &[Trick], expected: &str) -> String {
    let again = |settings| async move { cycle(&settings, Attempt::Again { others: 0 }).await };
    let (told, seen) = converse(Security::Tls, tricks, |_, _| {}, again);
    assert!(told.starts_with(expected), "{told}, expected {expected}; {seen}");
    seen
}

/// The result of a whole cycle, and what the client said.
pub(super) fn play(security: Security, tricks: &[Trick]) -> (String, String) {
    play_with(security, |_, _| {}, tricks)
}

fn play_with(security: Security, change: impl Fn(&mut ImapSettings, &Pki), tricks: &[Trick]) -> (String, String) {
    converse(security, tricks, change, |settings| async move { cycle(&settings, Attempt::First).await })
}

/// What a client made of a server with these tricks, and what it said.
fn converse<F>(
    security: Security,
    tricks: &[Trick],
    change: impl Fn(&mut ImapSettings, &Pki),
    client: impl FnOnce(MailboxSettings) -> F,
) -> (String, String)
where
    F: Future<Output = Result<String, MailboxError>> + Send + 'static,
{
    // One runtime for each, since some servers stop its clock.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (told, seen) = runtime.block_on(async {
        let server = Server::bind(directory.path(), security).await;
        let mut settings = server.settings();
        change(&mut settings, server.pki());
        let seen = server.seen();
        tokio::spawn(server.serve(tricks.to_vec()));
        // As the worker does, which needs futures that can be sent to another thread.
        let made = tokio::spawn(client(MailboxSettings::from(settings))).await.unwrap();
        let told = made.unwrap_or_else(|error| format!("{error:?}"));
        (told, seen)
    });
    let seen = seen.lock().unwrap().join("\n");
    (told, seen)
}

async fn cycle(settings: &MailboxSettings, attempt: Attempt) -> Result<String, MailboxError> {
    let mut mailbox = Mailbox::new(settings, &Folders::default()).unwrap();
    let (session, entries) = mailbox.open().await?.list().await?;
    let mut summary = format!("{} listed, fetched", entries.len());
    let (session, haul) = session.fetch(&positions(&entries), ALL).await?;
    for mail in haul.mails {
        let uid = mail.position.to_string().replace("5:", "");
        let whole = MAILS.iter().any(|(known, text)| known.to_string() == uid && text.as_bytes() == mail.raw);
        write!(summary, " {uid}{}", if whole { "" } else { " WRONG" }).unwrap();
    }
    for left in haul.left {
        write!(summary, " left {} {}", left.position.to_string().replace("5:", ""), left.cause.word()).unwrap();
    }
    let header = FetchLimits { whole: 10, header: 30 };
    let (session, haul) = session.fetch(&[entries[0].position.clone()], header).await?;
    let header = haul.mails.first().is_some_and(|mail| mail.header_only && mail.raw == b"From: a\r\n\r\n");
    let moves: Vec<_> = positions(&entries).into_iter().map(|position| (position, Folder::Traites)).collect();
    let (session, outcomes) = session.file(&moves, attempt).await?;
    write!(summary, ", header {header}, filed {outcomes:?}").unwrap();
    session.close().await;
    Ok(summary)
}
