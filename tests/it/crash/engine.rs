//! The engines of the store, and what plain SQL finds in them: nothing here is the product's own reading.

use std::path::Path;
use std::str::FromStr;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, FromRow};

/// Where the store is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
}

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

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
        }
    }

    /// The value of `store.url` for a store in this folder.
    pub(crate) fn url(self, folder: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", folder.join("dispolits.db").display()),
        }
    }

    /// All of it, while the worker runs or after it was killed.
    pub(crate) async fn ledger(self, folder: &Path) -> Ledger {
        let mut connection = self.connect(folder).await;
        Ledger {
            mails: sqlx::query_as(MAILS).fetch_all(&mut connection).await.unwrap(),
            rows: sqlx::query_as(ROWS).fetch_all(&mut connection).await.unwrap(),
            replies: sqlx::query_as(REPLIES).fetch_all(&mut connection).await.unwrap(),
        }
    }

    /// How many mails, counts, removals and replies are on their way.
    pub(crate) async fn open_work(self, folder: &Path) -> i64 {
        sqlx::query_scalar(OPEN).fetch_one(&mut self.connect(folder).await).await.unwrap()
    }

    /// How many mails were received and are not judged.
    pub(crate) async fn unjudged(self, folder: &Path) -> i64 {
        sqlx::query_scalar(UNJUDGED).fetch_one(&mut self.connect(folder).await).await.unwrap()
    }

    /// How many mails not judged yet were cut short while they were read alone.
    pub(crate) async fn blamed(self, folder: &Path) -> i64 {
        sqlx::query_scalar(BLAMED).fetch_one(&mut self.connect(folder).await).await.unwrap()
    }

    /// Read-only: what a crash left in the write-ahead log stays there.
    async fn connect(self, folder: &Path) -> SqliteConnection {
        let options: SqliteConnectOptions = self.url(folder).parse().unwrap();
        options.read_only(true).busy_timeout(std::time::Duration::from_secs(30)).connect().await.unwrap()
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Sqlite].into_iter().find(|engine| engine.name() == name).ok_or_else(|| format!("no engine « {name} »"))
    }
}
