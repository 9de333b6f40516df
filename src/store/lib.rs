//! The durable state, and the only SQL of the program.
//!
//! Two engines, one behaviour. SQLite in WAL mode with `synchronous=FULL` is embedded: one connection writes, each write
//! in one `BEGIN IMMEDIATE` transaction. PostgreSQL, with `fsync` and `synchronous_commit`, serves several workers. On
//! both, when a call returns, what it wrote survives a crash, and no network but the database's own is awaited inside a
//! transaction.

mod accepted_feed;
mod accounts;
mod alert_queries;
mod audit;
mod clock_jumps;
mod documents;
mod duplicates;
mod engine;
mod error;
mod error_fr;
mod failures;
mod guards;
pub mod heads;
mod incidents;
pub mod inspect;
mod journal;
mod lease;
mod left_mails;
mod mails;
pub mod maintenance;
mod notices;
mod notifications;
mod operator_actions;
mod outcomes;
mod positions;
mod posting;
pub(crate) mod projections;
mod purging;
mod queue;
mod queue_stats;
mod recipients;
mod reminders;
mod replay;
mod replies;
pub mod search;
mod sessions;
mod settlement;
mod traces;
mod twins;
mod users;

use std::path::PathBuf;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use engine::{Engine, On, Tx, postgres, sqlite};

pub use accepted_feed::{Arrival, Arrivals};
pub use accounts::Balance;
pub use alert_queries::{Happening, Rejected, RejectionCounts, RightsRefused};
pub use audit::AuditFilter;
pub use clock_jumps::Longest;
pub use documents::{JudgedDocument, JudgedMail, Recorded};
pub use duplicates::{First, Prior};
pub use error::{Result, StoreError};
pub use failures::{Attempt, DEVICE_KEPT};
pub use journal::{RequestEntry, StoredReply};
pub use lease::task::TaskLease;
pub use lease::worker::{Renewal, WorkerLease};
pub use left_mails::{KnownUnread, NewUnread, Unfiled, Unread, UnreadCount};
pub use mails::{Judging, MailId, ReadingMark, Received, StoredMail, sha256};
pub use notices::Notice;
pub use notifications::{Alert, Due, Way};
pub use operator_actions::{Handled, Mute};
pub use positions::{KnownPosition, ToMove};
pub use posting::ReplyToSend;
pub use purging::Expiry;
pub use queue::attempts::Probe;
pub use queue::claim::{Batch, RowId, RowToSend, UNREADABLE_PAUSE};
pub use queue::completion::{Answered, Closing};
pub use queue::removals::{Removal, RemovalClosing};
pub use queue_stats::{Queue, QueueDepth, QueueStats, Unjudged};
pub use recipients::{Handing, Whereabouts};
pub use reminders::{NewReminder, StoredReminder};
pub use replay::source::StoredRow;
pub use replay::{Redo, Redone};
pub use replies::{DigestDue, NewReply, NewReplyText, Recent, ReplyId, ReplyKind};
pub use search::{Filter, JournalEntry};
pub use sessions::{NewSession, OpenSession, Stage, StoredSession};
pub use settlement::verdicts::Settlement;
pub use settlement::{NamedPlace, Past, Unsettled};
pub use traces::{NewTrace, Trace, TraceFilter};
pub use twins::{StoredTwin, Twin};
pub use users::{NewUser, User, UserChange};

use base::config_values::{Secret, Span};

/// Où Dispolits garde son état.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// Base de données : `sqlite:///var/lib/dispolits/dispolits.db`, ou `postgres://utilisateur@serveur/base` pour
    /// plusieurs services sur une même base.
    // Shown without a password that it may hold.
    #[serde(serialize_with = "without_password")]
    pub url: String,
    /// Mot de passe PostgreSQL, s’il n’est pas dans le fichier que désigne PGPASSFILE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Autorité du certificat du serveur PostgreSQL (PEM) ; à défaut, celles du système.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Durée du bail d’un service sur ce qu’il fait : s’il se tait plus longtemps, un autre prend le relais.
    #[serde(default = "default_lease")]
    pub lease: Span,
    /// Fichier où le service ajoute de lui-même la tête du journal d’audit, hors de la base et si possible sur un autre
    /// disque : « store check » voit alors que la fin du journal a été coupée. Sans lui, elle n’est écrite qu’aux traces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<PathBuf>,
}

/// The address, `***` in the place of a password.
fn without_password<S: serde::Serializer>(url: &str, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    let Some((scheme, rest)) = url.split_once("://") else { return serializer.serialize_str(url) };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.rsplit_once('@').and_then(|(login, host)| {
        let (user, _) = login.split_once(':')?;
        Some(format!("{user}:***@{host}"))
    });
    let path = match path.split_once('?') {
        Some((path, options)) if options.contains("password=") => format!("{path}?***"),
        _ => path.to_owned(),
    };
    let shown = authority.unwrap_or_else(|| rest.split('/').next().unwrap_or_default().to_owned());
    serializer.serialize_str(&format!("{scheme}://{shown}{path}"))
}

fn default_lease() -> Span {
    Span::seconds(30)
}

impl StoreSettings {
    /// Whether several workers may be at work on it: PostgreSQL.
    pub fn is_shared(&self) -> bool {
        ["postgres:", "postgresql:"].iter().any(|scheme| self.url.starts_with(scheme))
    }

    /// The database of this URL.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), password: None, ca: None, lease: default_lease(), audit_head: None }
    }
}

/// The durable state.
#[derive(Debug, Clone)]
pub struct Store {
    engine: Engine,
}

impl Store {
    /// Opens the database, makes its file if it is missing and brings its schema up to date.
    pub async fn open(settings: &StoreSettings) -> Result<Self> {
        let engine = match place(settings)? {
            LocationRow::File(path) => sqlite::open(&path).await?,
            LocationRow::Server => postgres::open(settings).await?,
        };
        Ok(Self { engine })
    }

    /// Opens the database of a service to read it, and to write what an operator asks for; it must
    /// exist, and its schema is left as it is.
    pub async fn open_existing(settings: &StoreSettings) -> Result<Self> {
        let engine = match place(settings)? {
            LocationRow::File(path) => sqlite::open_existing(&path).await?,
            LocationRow::Server => postgres::open_existing(settings).await?,
        };
        Ok(Self { engine })
    }

    /// Takes the right to be the one worker on this store, for as long as the value lives; on a server any number of
    /// workers may run. Commands may go on writing beside it.
    pub fn lock(settings: &StoreSettings) -> Result<WorkerLock> {
        let LocationRow::File(database) = place(settings)? else { return Ok(WorkerLock { _file: None }) };
        let path = database.with_extension("lock");
        let failed = |source| StoreError::Lock { path: path.clone(), source };
        let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(WorkerLock { _file: Some(file) }),
            Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Busy(database)),
            Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    async fn write(&self) -> Result<Tx> {
        self.engine.begin().await
    }

    fn read(&self) -> On<'_> {
        self.engine.reader()
    }

    fn search_in(&self) -> On<'_> {
        self.engine.searcher()
    }

    fn write_one(&self) -> On<'_> {
        self.engine.writer()
    }
}

/// The right to be a worker on a store; given back when dropped, or by the system when the process dies.
#[derive(Debug)]
pub struct WorkerLock {
    _file: Option<std::fs::File>,
}

/// Where a database is.
enum LocationRow {
    File(PathBuf),
    Server,
}

fn place(settings: &StoreSettings) -> Result<LocationRow> {
    if postgres::is_named_by(&settings.url) {
        return Ok(LocationRow::Server);
    }
    sqlite::path(&settings.url).map(LocationRow::File).ok_or_else(|| StoreError::Url(settings.url.clone()))
}

fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A length of time as instants are stored.
fn lasting(span: SignedDuration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// So long before an instant, and so long after it: what was noted outside has passed, as
/// [`has_passed`](base::config_values::has_passed) says it of one.
fn around(now: Timestamp, span: SignedDuration) -> (i64, i64) {
    let (now, span) = (millis(now), lasting(span));
    (now.saturating_sub(span), now.saturating_add(span))
}

/// A stored number of things.
fn count(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(if stored < 0 { 0 } else { u32::MAX })
}

fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A stored text through the one constructor of its type.
fn parse<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T> {
    text.parse().map_err(|error: T::Err| StoreError::Corrupt(error.to_string()))
}
