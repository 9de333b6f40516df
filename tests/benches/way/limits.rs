//! What each part does alone, on the same machine: none can be faster than its part.

use std::sync::Arc;
use std::time::Instant;

use base::clock::Clock;
use base::config_values::Span;
use domain::capacity::Update;
use edges::mailbox::{Attempt, Folder, Folders, Mailbox, MailboxSettings, Security, batches};
use edges::ror;
use edges::ror::Client;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use tokio::task::JoinSet;

use crate::dovecot::{ClientCertificate, Dovecot};
use crate::field::{DURABLE, Field};
use crate::hospital;

const MAILS: usize = 2000;
const COMMITS: usize = 2000;
/// Mails whose counts are sent, and how many requests are under way at a time: as many as the program has.
const MAILS_SENT: usize = 300;
const CONCURRENCY: usize = 8;

/// How many in a second.
pub(crate) struct Limits {
    pub(crate) mails: f64,
    pub(crate) commits: f64,
    pub(crate) requests: f64,
}

pub(crate) fn measure(field: &Field) -> Limits {
    field.runtime.block_on(async {
        Limits { mails: fetch_and_move().await, commits: commit().await, requests: patch(field).await }
    })
}

/// Mails listed, fetched and moved in batches, nothing else being done with them.
async fn fetch_and_move() -> f64 {
    let dovecot = Dovecot::start_with(ClientCertificate::Required, DURABLE);
    let now = Clock::System.now();
    dovecot.fill((0..MAILS).map(|rank| (format!("1.M{rank:07}.banc"), hospital::mail(rank, MAILS, now))));
    let settings = edges::mailbox::ImapSettings { login_interval: Span::seconds(0), ..dovecot.settings(Security::Tls) };
    let begin = Instant::now();
    let mut mailbox = Mailbox::new(&MailboxSettings::Imap(Box::new(settings)), &Folders::default()).unwrap();
    let (mut session, entries) = mailbox.open().await.unwrap().list().await.unwrap();
    assert_eq!(entries.len(), MAILS);
    for batch in batches(&entries) {
        let positions: Vec<_> = batch.iter().map(|entry| entry.position.clone()).collect();
        let all = edges::mailbox::FetchLimits { whole: u64::MAX, header: 1 };
        let (open, haul) = session.fetch(&positions, all).await.unwrap();
        assert_eq!(haul.mails.len(), batch.len());
        let moves: Vec<_> = positions.into_iter().map(|position| (position, Folder::Traites)).collect();
        (session, _) = open.file(&moves, Attempt::First).await.unwrap();
    }
    let rate = rate(MAILS, begin);
    session.close().await;
    rate
}

/// Mails put into a database of the same settings, one commit each.
async fn commit() -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("limite.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("CREATE TABLE mails (id INTEGER PRIMARY KEY, raw BLOB)").execute(&mut connection).await.unwrap();
    let mail = hospital::mail(0, 1, Clock::System.now());
    let begin = Instant::now();
    for _ in 0..COMMITS {
        sqlx::query("INSERT INTO mails (raw) VALUES ($1)").bind(&mail).execute(&mut connection).await.unwrap();
    }
    rate(COMMITS, begin)
}

/// Counts sent, several at a time.
async fn patch(field: &Field) -> f64 {
    let settings: ror::RorSettings = toml::from_str(&field.api()).unwrap();
    let client = Arc::new(Client::new(&settings, Clock::System).unwrap());
    client.token().await.unwrap();
    let now = Clock::System.now();
    let updates: Vec<Update> =
        (0..MAILS_SENT).flat_map(|rank| hospital::judged(&hospital::mail(rank, field.wards, now), now).1).collect();
    let (number, begin) = (updates.len(), Instant::now());
    let mut sending = JoinSet::new();
    for share in updates.chunks(number.div_ceil(CONCURRENCY)) {
        let (client, share) = (Arc::clone(&client), share.to_vec());
        sending.spawn(async move {
            for update in share {
                client.put(&update).await.result.unwrap();
            }
        });
    }
    sending.join_all().await;
    rate(number, begin)
}

fn rate(number: usize, begin: Instant) -> f64 {
    f64::from(u32::try_from(number).unwrap()) / begin.elapsed().as_secs_f64()
}
