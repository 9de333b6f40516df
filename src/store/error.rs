//! What can go wrong with the store: always ours, never a verdict on a mail.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error_fr;
use base::config_values::SecretError;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("base de données : {}", error_fr::in_french(.0))]
    Database(sqlx::Error),
    /// The server gave no answer in time.
    #[error("base de données : le serveur ne répond pas")]
    Unreachable,
    /// The schema could not be brought up to date.
    #[error("mise à niveau de la base de données : {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored value that this version cannot read.
    #[error("valeur illisible dans la base de données : {0}")]
    Corrupt(String),
    /// The URL names no known engine.
    #[error(
        "store.url « {0} » : attendu sqlite:///chemin/absolu.db, sqlite://chemin/relatif.db ou postgres://utilisateur@serveur/base"
    )]
    Url(String),
    /// The database file wants a folder that is not there.
    #[error("store.url : le dossier {} n’existe pas ; créez-le et donnez-le à l’utilisateur du service", .0.display())]
    NoFolder(PathBuf),
    /// The URL is shown where passwords must not be.
    #[error(
        "store.url ne doit pas contenir de mot de passe : écrivez-le dans store.password, ou dans un fichier que désigne PGPASSFILE"
    )]
    PasswordInUrl,
    /// The password cannot be read.
    #[error("store.password : {0}")]
    Password(#[from] SecretError),
    /// A server that may forget what it acknowledged, or garble it.
    #[error("serveur PostgreSQL refusé : {setting} = {found}, il faut {setting} = {wanted}")]
    Setting {
        /// The server's setting.
        setting: &'static str,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// A pooler in between gives the session of one to another.
    #[error(
        "un répartiteur de connexions (PgBouncer ou un autre) en mode « transaction » ou « statement » est placé devant la base : il change de session entre deux requêtes, si bien que délais, verrous et requêtes préparées se perdent sans un mot ; mettez pool_mode = session, ou désignez le serveur lui-même par store.url"
    )]
    Pooled,
    /// Whatever answers does not keep a setting of the session.
    #[error(
        "le réglage {0} d’une session n’est pas gardé : le serveur PostgreSQL, ou le répartiteur placé devant lui, l’oublie d’une requête à l’autre"
    )]
    NotKept(&'static str),
    /// A server without what is asked of it.
    #[error("PostgreSQL {found} est trop ancien : il faut la version {oldest} ou une plus récente")]
    TooOld {
        /// Its version.
        found: String,
        /// The oldest that serves.
        oldest: u32,
    },
    /// There is no database yet.
    #[error("la base {} n’existe pas : le service n’a jamais été lancé avec cette configuration", .0.display())]
    Missing(PathBuf),
    /// There is no copy of this name.
    #[error("la copie {} n’existe pas", .0.display())]
    NoCopy(PathBuf),
    /// There is a database, and nothing in it yet.
    #[error("la base {0} est vide : le service n’a jamais été lancé avec cette configuration")]
    Empty(String),
    /// The database file cannot be made.
    #[error("la base {} ne peut être créée : {source}", path.display())]
    Create {
        /// The database file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that would be written over.
    #[error("{} existe déjà : rien n’y est écrit ; déplacez-le ou donnez un autre nom", .0.display())]
    Exists(PathBuf),
    /// A file that cannot be copied, or made.
    #[error("copie {} : {source}", path.display())]
    Copy {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A database or its copy that is not as it should be.
    #[error("{} n’est pas une base saine : {findings}", path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        findings: String,
    },
    /// PostgreSQL has its own tools to keep a copy.
    #[error(
        "la base est sur PostgreSQL : sauvegardez-la par « pg_dump --format=custom --file=dispolits.dump BASE », service en marche ou non"
    )]
    ServerBackup,
    /// And to bring it back.
    #[error(
        "la base est sur PostgreSQL : arrêtez tous les services, puis « pg_restore --exit-on-error --single-transaction --dbname=BASE_VIDE dispolits.dump », puis « dispolits store check »"
    )]
    ServerRestore,
    /// From what to what a store can be copied.
    #[error("la copie va d’un fichier (--depuis sqlite://…) vers PostgreSQL (store.url de la configuration)")]
    MigrationEnds,
    /// A database that must be empty and is not.
    #[error("la base de destination n’est pas vide (table {0}) : rien n’est copié")]
    NotEmpty(&'static str),
    /// A copy that misses rows.
    #[error("copie de la table {table} : {rows} enregistrements lus, {arrived} écrits ; rien n’est gardé")]
    CopyDiffers {
        /// The table.
        table: &'static str,
        /// Read.
        rows: u64,
        /// Written.
        arrived: u64,
    },
    /// Another worker runs on this store.
    #[error("un autre « dispolits run » utilise déjà cette base ({}) ; arrêtez-le d’abord", .0.display())]
    Busy(PathBuf),
    /// A failure that struck what several tasks had written together.
    #[error(transparent)]
    Shared(#[from] Arc<Self>),
    /// Another worker took over what this one was at: nothing was written.
    #[error("un autre service a pris le relais")]
    Lapsed,
    /// The lock file cannot be made.
    #[error("fichier de verrou {} inutilisable : {source}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What could not be stored or read.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Not its source: what it says is in English, and said in French here.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl StoreError {
    /// Whether the same call may succeed later without anybody's help: a lock, a disk that is busy or full, too little
    /// memory, a server that is gone or coming back. A read-only or broken database needs somebody.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Shared(failure) => failure.is_transient(),
            Self::Unreachable | Self::Database(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) => true,
            _ => match self.code() {
                Some(ErrorCode::Sqlite(code)) => matches!(code, BUSY | LOCKED | NOMEM | INTERRUPT | IOERR | FULL),
                Some(ErrorCode::Postgres(state)) => TRANSIENT_STATES.iter().any(|prefix| state.starts_with(prefix)),
                None => false,
            },
        }
    }

    /// Whether the fault is in one record alone, so that the others can be gone on with: a value that cannot be read,
    /// or one that the schema forbids.
    pub fn is_of_one_record(&self) -> bool {
        match self {
            Self::Shared(failure) => failure.is_of_one_record(),
            Self::Corrupt(_) | Self::Database(sqlx::Error::ColumnDecode { .. } | sqlx::Error::RowNotFound) => true,
            _ => match self.code() {
                Some(ErrorCode::Sqlite(code)) => matches!(code, TOOBIG | CONSTRAINT | MISMATCH),
                Some(ErrorCode::Postgres(state)) => RECORD_STATES.iter().any(|prefix| state.starts_with(prefix)),
                None => false,
            },
        }
    }

    /// Whether what is stored is damaged.
    pub(super) fn is_damage(&self) -> bool {
        match self.code() {
            Some(ErrorCode::Sqlite(code)) => matches!(code, CORRUPT | NOTADB),
            Some(ErrorCode::Postgres(state)) => state.starts_with("XX"),
            None => false,
        }
    }

    fn code(&self) -> Option<ErrorCode> {
        let Self::Database(sqlx::Error::Database(error)) = self else { return None };
        let code = error.code()?;
        // Five letters and digits for PostgreSQL; the other engine's are numbers below 10 000.
        if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
            return Some(ErrorCode::Postgres(code.into_owned()));
        }
        code.parse::<i32>().ok().map(|extended| ErrorCode::Sqlite(extended & 0xff))
    }
}

/// What an engine calls an error.
enum ErrorCode {
    /// The primary result code (<https://www.sqlite.org/rescode.html>).
    Sqlite(i32),
    /// SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
    Postgres(String),
}

const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NOMEM: i32 = 7;
const INTERRUPT: i32 = 9;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const TOOBIG: i32 = 18;
const CONSTRAINT: i32 = 19;
const MISMATCH: i32 = 20;
const NOTADB: i32 = 26;

/// Connection lost; session closed for its idleness; serialization or deadlock; resources; lock not available;
/// operator's intervention (shutdown, start, cancelled statement); system error such as I/O.
const TRANSIENT_STATES: [&str; 7] = ["08", "25P03", "40", "53", "55P03", "57", "58"];
/// A value that cannot be; a constraint; a row too large for its page or index.
const RECORD_STATES: [&str; 3] = ["22", "23", "54"];
