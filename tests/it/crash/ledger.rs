//! What plain SQL finds in the store, whichever engine keeps it: nothing here is the product's own reading.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions, FromRow};

use crate::store::engine::Home;

/// What the store holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    pub(crate) mails: Vec<MailRow>,
    pub(crate) rows: Vec<CountRow>,
    pub(crate) replies: Vec<ReplyRow>,
}

/// A mail, in the order of reception.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct MailRow {
    pub(crate) id: i64,
    pub(crate) sha256: String,
    pub(crate) raw: bool,
    pub(crate) judged_at: Option<i64>,
    pub(crate) moved_at: Option<i64>,
    pub(crate) settled_at: Option<i64>,
    pub(crate) copy: bool,
    pub(crate) verdict: Option<String>,
}

/// A count on its way to the ROR.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct CountRow {
    pub(crate) mail_id: i64,
    pub(crate) place: String,
    pub(crate) number: i64,
    /// In seconds.
    pub(crate) observed: i64,
    pub(crate) etat: String,
}

/// A reply.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ReplyRow {
    pub(crate) message_id: String,
    pub(crate) etat: String,
    /// Empty once purged.
    pub(crate) content: Vec<u8>,
}

const MAILS: &str = "SELECT id, sha256, raw IS NOT NULL AS raw, judged_at, moved_at, settled_at,
    duplicate_of IS NOT NULL AS copy, verdict FROM mails ORDER BY id";
const ROWS: &str = "SELECT mail_id, '1' || finess || '/' || service AS place, nombre AS number,
    date_releve / 1000 AS observed, etat FROM updates ORDER BY id";
const REPLIES: &str = "SELECT message_id, etat, content FROM replies ORDER BY id";
const OPEN: &str = "SELECT (SELECT COUNT(*) FROM mails WHERE settled_at IS NULL OR moved_at IS NULL)
    + (SELECT COUNT(*) FROM updates WHERE etat = 'en-attente' OR in_flight_at IS NOT NULL OR again_at IS NOT NULL)
    + (SELECT COUNT(*) FROM removals WHERE done_at IS NULL)
    + (SELECT COUNT(*) FROM replies WHERE etat = 'a-envoyer')";
const UNJUDGED: &str = "SELECT COUNT(*) FROM mails WHERE judged_at IS NULL";
const BLAMED: &str = "SELECT COUNT(*) FROM mails WHERE judged_at IS NULL AND attempts > 0";

impl Ledger {
    /// All of it, while the worker runs or after it was killed.
    pub(crate) async fn read(home: &Home) -> Self {
        Self { mails: rows(home, MAILS).await, rows: rows(home, ROWS).await, replies: rows(home, REPLIES).await }
    }
}

/// How many mails, counts, removals and replies are on their way.
pub(super) async fn open_work(home: &Home) -> i64 {
    number(home, OPEN).await
}

/// How many mails were received and are not judged.
pub(super) async fn unjudged(home: &Home) -> i64 {
    number(home, UNJUDGED).await
}

/// How many mails not judged yet were cut short while they were read alone.
pub(super) async fn blamed(home: &Home) -> i64 {
    number(home, BLAMED).await
}

async fn number(home: &Home, query: &'static str) -> i64 {
    rows::<(i64,)>(home, query).await[0].0
}

async fn rows<T>(home: &Home, query: &'static str) -> Vec<T>
where
    T: for<'row> FromRow<'row, SqliteRow> + for<'row> FromRow<'row, PgRow> + Send + Unpin,
{
    match home.server().await {
        Some(pool) => sqlx::query_as(query).fetch_all(pool).await.unwrap(),
        None => sqlx::query_as(query).fetch_all(&mut read_only(&home.file()).await).await.unwrap(),
    }
}

/// What a crash left in the write-ahead log stays there.
async fn read_only(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(Duration::from_secs(30));
    options.connect().await.unwrap()
}
