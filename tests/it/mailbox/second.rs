//! A server that shares nothing with Dovecot: what the common behaviour leaves out, and what this server cannot do.

use std::time::Duration;

use base::config_values::Secret;
use edges::mailbox::{
    Attempt, Auth, Folder, Folders, Haul, ImapSettings, ListedMail, Mailbox, MailboxError, MailboxSession,
    MailboxSettings, Moved, Security,
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::world::{ALL, files, mail, positions};
use crate::pymap::Pymap;

fn mailbox(settings: ImapSettings) -> Mailbox {
    Mailbox::new(&MailboxSettings::from(settings), &Folders::default()).unwrap()
}

async fn listed(pymap: &Pymap) -> (MailboxSession, Vec<ListedMail>) {
    mailbox(pymap.settings()).open().await.unwrap().list().await.unwrap()
}

fn deliver(pymap: &Pymap, rank: usize) {
    let mail = String::from_utf8(mail(&format!("courriel {rank}"), 100)).unwrap().replace("\r\n", "\n");
    let unique = format!("170000000{rank}.M{rank}.serveur");
    edges::mailbox::deliver(&pymap.maildir(), mail.as_bytes(), &unique).unwrap();
}

#[tokio::test]
async fn positions_outlive_the_server_but_not_its_numbers() {
    let mut pymap = Pymap::start();
    deliver(&pymap, 0);
    let (session, before) = listed(&pymap).await;
    session.close().await;
    pymap.restart();
    let (session, same) = listed(&pymap).await;
    assert_eq!(positions(&same), positions(&before));
    assert_eq!(session.fetch(&positions(&before), ALL).await.unwrap().1.mails.len(), 1);
    pymap.stop();
    pymap.forget_numbers();
    pymap.restart();
    let (session, after) = listed(&pymap).await;
    assert_eq!(after.len(), 1);
    assert_ne!(positions(&after), positions(&before));
    let (session, Haul { mails: fetched, .. }) = session.fetch(&positions(&before), ALL).await.unwrap();
    assert_eq!(fetched, []);
    let moves = [(before[0].position.clone(), Folder::Traites)];
    let (session, outcomes) = session.file(&moves, Attempt::Again { others: 0 }).await.unwrap();
    assert_eq!(outcomes, [Moved::Gone], "another mail may have that number now");
    assert_eq!(session.list().await.unwrap().1, after);
}

#[tokio::test]
async fn without_move_mails_are_copied_and_removed_by_number() {
    let pymap = Pymap::start_without_move();
    (0..3).for_each(|rank| deliver(&pymap, rank));
    let (session, entries) = listed(&pymap).await;
    let moves: Vec<_> = positions(&entries[..2]).into_iter().map(|one| (one, Folder::Traites)).collect();
    let (session, outcomes) = session.file(&moves, Attempt::First).await.unwrap();
    assert_eq!(outcomes, [Moved::Done, Moved::Done]);
    assert_eq!(positions(&session.list().await.unwrap().1), [entries[2].position.clone()]);
    let copies = files(&pymap.maildir().join(".Traites/new"));
    assert_eq!(copies.len(), 2);
    // What a copy holds cannot be asked of this server: it copies the flags, and no byte.
    assert!(copies.values().all(|bytes| bytes.trim_ascii().is_empty()), "pymap has learned to copy: compare the bytes");
}

#[tokio::test]
async fn mail_that_comes_ends_the_wait() {
    let pymap = Pymap::start();
    let (session, entries) = listed(&pymap).await;
    assert_eq!(entries, []);
    let day = Duration::from_hours(24);
    let waiting = tokio::spawn(async move { session.wait(day, &CancellationToken::new()).await.unwrap() });
    tokio::time::sleep(Duration::from_millis(300)).await;
    deliver(&pymap, 0);
    let session = timeout(crate::PATIENCE, waiting).await.expect("the mail is not noticed").unwrap();
    assert_eq!(session.list().await.unwrap().1.len(), 1);
}

/// How the opening fails.
async fn refused(pymap: &Pymap, change: impl FnOnce(&mut ImapSettings)) -> MailboxError {
    let mut settings = pymap.settings();
    change(&mut settings);
    mailbox(settings).open().await.unwrap_err()
}

#[tokio::test]
async fn refusals_have_the_names_that_they_have_elsewhere() {
    let pymap = Pymap::start();
    let error = refused(&pymap, |settings| settings.password = Some(Secret::Inline("faux".into()))).await;
    assert!(matches!(error, MailboxError::CredentialRefused(_)), "{error:?}");
    let error = refused(&pymap, |settings| settings.ca = Some(pymap.pki.path("stranger-ca"))).await;
    assert!(matches!(error, MailboxError::Tls(_)), "{error:?}");
    let error = refused(&pymap, |settings| settings.folder = "Nulle part".to_owned()).await;
    assert!(matches!(error, MailboxError::FolderMissing { .. }), "{error:?}");
}

#[tokio::test]
async fn what_this_server_cannot_do() {
    let pymap = Pymap::start();
    // It neither asks for a client certificate, nor lets one log in.
    let identity = Some(pymap.pki.identity("stranger"));
    let shown = ImapSettings { identity: identity.clone(), ..pymap.settings() };
    mailbox(shown).open().await.expect("pymap asks for a certificate now: test it").close().await;
    let by_certificate = |settings: &mut ImapSettings| {
        (settings.auth, settings.password, settings.identity) = (Auth::External, None, identity);
    };
    let error = refused(&pymap, by_certificate).await;
    assert!(matches!(error, MailboxError::Unsupported(_)), "{error:?}");
    // It does not speak TLS from the first byte on.
    let error = refused(&pymap, |settings| settings.security = Security::Tls).await;
    assert!(matches!(error, MailboxError::Tls(_)), "{error:?}");
}
