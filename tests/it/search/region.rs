//! A store with the history of a region, written by the database itself: so many mails in so little time.

use std::path::Path;
use std::time::Instant;

use domain::defect::{Code, Defect, Place};
use domain::finess::Finess;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions};
use store::{Store, StoreSettings};

use crate::postgres::{Cluster, create, session};
use crate::store::engine::Engine;

/// Establishments of the region.
pub(super) const ESTABLISHMENTS: i64 = 1500;
/// When the history begins: 2025-11-23T00:00:00Z, in milliseconds since 1970.
pub(super) const BEGIN: i64 = 1_763_856_000_000;
/// How long it lasts, in milliseconds: a year.
pub(super) const LENGTH: i64 = 365 * 86_400_000;

/// A year of mails in a database that goes with the value.
pub(super) struct Region {
    pub(super) store: Store,
    pub(super) mails: i64,
    pub(super) url: String,
    /// Gone with the value.
    _place: (Option<Cluster>, tempfile::TempDir),
}

/// A session of either engine that may do what the store does not.
enum Session {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Session {
    async fn open(url: &str) -> Self {
        match url.strip_prefix("sqlite://") {
            Some(path) => {
                let options = SqliteConnectOptions::new().filename(path).foreign_keys(false);
                // Without a journal: nobody else is here, and what fails is thrown away.
                let options = options.journal_mode(SqliteJournalMode::Off).pragma("synchronous", "OFF");
                let options = options.pragma("cache_size", "-262144");
                Self::Sqlite(options.connect().await.unwrap())
            }
            None => Self::Postgres(session(url).await),
        }
    }

    async fn execute(&mut self, statement: &str) {
        let text = AssertSqlSafe(statement.to_owned());
        let done = match self {
            Self::Sqlite(session) => sqlx::raw_sql(text).execute(session).await.map(drop),
            Self::Postgres(session) => sqlx::raw_sql(text).execute(session).await.map(drop),
        };
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    async fn texts(&mut self, statement: &'static str) -> Vec<String> {
        match self {
            Self::Sqlite(session) => sqlx::query_scalar(statement).fetch_all(session).await.unwrap(),
            Self::Postgres(session) => sqlx::query_scalar(statement).fetch_all(session).await.unwrap(),
        }
    }
}

impl Region {
    /// So many mails, evenly over the year, in a folder of this one.
    pub(super) async fn new(engine: Engine, mails: i64, within: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("region").tempdir_in(within).unwrap();
        let (cluster, url) = place(engine, folder.path()).await;
        Store::open(&StoreSettings::at(&url)).await.unwrap().close().await;
        let begin = Instant::now();
        let mut session = Session::open(&url).await;
        fill(&mut session, mails).await;
        drop(session);
        eprintln!("{}: {mails} mails in {:.0} s", engine.name(), begin.elapsed().as_secs_f64());
        let store = Store::open(&StoreSettings::at(&url)).await.unwrap();
        Self { store, mails, url, _place: (cluster, folder) }
    }

    /// Closes it and takes it away.
    pub(super) async fn end(self) {
        self.store.close().await;
    }
}

async fn place(engine: Engine, folder: &Path) -> (Option<Cluster>, String) {
    let cluster = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => {
            let cluster = Cluster::start_in(folder);
            create(&cluster, "region").await;
            Some(cluster)
        }
    };
    let url = match &cluster {
        Some(cluster) => cluster.url("region"),
        None => format!("sqlite://{}/region.db", folder.display()),
    };
    (cluster, url)
}

/// Indexes are made once, at the end, and references are not looked at row by row.
async fn fill(session: &mut Session, mails: i64) {
    let indexes = match session {
        Session::Sqlite(_) => "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
        Session::Postgres(_) => {
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        }
    };
    let indexes = session.texts(indexes).await;
    for index in &indexes {
        let name = index.split_whitespace().skip_while(|word| *word != "INDEX").nth(1).unwrap();
        session.execute(&format!("DROP INDEX {name}")).await;
    }
    let (series, content, empty) = match session {
        Session::Sqlite(_) => (
            format!("WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {mails}) SELECT i"),
            "randomblob(4000)",
            "x''",
        ),
        Session::Postgres(_) => {
            session.execute("SET session_replication_role = replica; SET synchronous_commit = off").await;
            session.execute("SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'").await;
            (
                format!("WITH s AS (SELECT * FROM generate_series(CAST(1 AS BIGINT), {mails}) AS s (i)) SELECT i"),
                "decode(repeat(md5(n.i::text), 125), 'hex')",
                "CAST('' AS BYTEA)",
            )
        }
    };
    session.execute("BEGIN").await;
    vocabulary(session).await;
    session.execute(&format!("{NUMBERS} {series} AS i, {RANDOM} FROM s")).await;
    for statement in HISTORY {
        let texts = [("{verdict}", VERDICT), ("{service}", SERVICE), ("{content}", content), ("{empty}", empty)];
        let statement = texts.iter().fold((*statement).to_owned(), |all, (name, text)| all.replace(name, text));
        let numbers =
            [("{recent}", mails * 92 / 100), ("{last}", mails - 20), ("{begin}", BEGIN), ("{step}", LENGTH / mails)];
        let filled = numbers.iter().fold(statement, |all, (name, number)| all.replace(name, &number.to_string()));
        session.execute(&filled).await;
    }
    session.execute("COMMIT").await;
    for index in &indexes {
        session.execute(index).await;
    }
    match session {
        Session::Sqlite(_) => {}
        Session::Postgres(_) => {
            for table in NUMBERED {
                let next =
                    format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))");
                session.execute(&next).await;
            }
            session.execute("VACUUM ANALYZE").await;
        }
    }
}

/// Tables whose rows are numbered.
const NUMBERED: &[&str] = &["mails", "documents", "updates", "attempts", "defects", "replies"];

/// One row a mail, with what chance decides of it.
const NUMBERS: &str = "CREATE TABLE n (i BIGINT PRIMARY KEY, e BIGINT NOT NULL, a BIGINT NOT NULL, v BIGINT NOT NULL,
                       c BIGINT NOT NULL); INSERT INTO n (i, e, a, v, c)";

/// The establishment (a few send every hour, most once a day), then numbers below 1000.
const RANDOM: &str = "1500 * ((i * 48271 % 2147483647 * 69621 % 2147483647) % 1000)
        * ((i * 48271 % 2147483647 * 69621 % 2147483647) % 1000) / 1000000,
    (i * 40692 % 2147483399 * 48271 % 2147483647) % 1000, (i * 39373 % 2147483647 * 40692 % 2147483399) % 1000,
    (i * 16807 % 2147483647 * 39373 % 2147483647) % 1000";

/// Numbers of the region's establishments, their keys right.
pub(super) fn finess() -> Vec<Finess> {
    let candidates = (0..).map(|number: i64| format!("{:09}", 350_000_000 + number));
    candidates.filter_map(|text| text.parse().ok()).take(usize::try_from(ESTABLISHMENTS).unwrap()).collect()
}

/// The codes that mails are rejected for, the share of each in thousandths, and those that only warn.
const CAUSES: &[(Code, i64)] = &[
    (Code::M01, 150),
    (Code::D06, 120),
    (Code::E04, 100),
    (Code::S01, 180),
    (Code::C01, 60),
    (Code::C06, 90),
    (Code::C07, 40),
    (Code::H02, 30),
    (Code::H03, 80),
    (Code::D01, 60),
    (Code::M02, 50),
    (Code::R01, 25),
    (Code::R03, 10),
    (Code::R05, 5),
];

async fn vocabulary(session: &mut Session) {
    session.execute("CREATE TABLE est (e BIGINT PRIMARY KEY, finess TEXT NOT NULL)").await;
    let rows: Vec<String> = finess().iter().enumerate().map(|(e, finess)| format!("({e}, '{finess}')")).collect();
    session.execute(&format!("INSERT INTO est VALUES {}", rows.join(", "))).await;
    session.execute("CREATE TABLE cause (low BIGINT, high BIGINT, code TEXT, severity TEXT, content TEXT)").await;
    let mut low = 0;
    for (code, share) in CAUSES {
        let content = serde_json::to_string(&Defect::new(*code, Place::mail())).unwrap().replace('\'', "’");
        let row = format!("({low}, {}, '{code}', 'rejet', '{content}')", low + share);
        session.execute(&format!("INSERT INTO cause VALUES {row}")).await;
        low += share;
    }
    assert_eq!(low, 1000);
    session.execute("CREATE TABLE who (code TEXT, word TEXT)").await;
    for (code, _) in CAUSES {
        for word in code.actors().iter().map(|actor| actor.word()).chain(["rejet"]) {
            session.execute(&format!("INSERT INTO who VALUES ('{code}', '{word}')")).await;
        }
    }
    session.execute("INSERT INTO who VALUES ('C03', 'etablissement')").await;
    session.execute("CREATE TABLE part (k BIGINT, indicator TEXT)").await;
    let parts = ["installe/courant/-/-/-/-/aucune", "disponible/courant/indifferencie/-/-/-/aucune"];
    session.execute(&format!("INSERT INTO part VALUES (0, '{}'), (1, '{}')", parts[0], parts[1])).await;
    session.execute("CREATE TABLE serv (k BIGINT)").await;
    session.execute("INSERT INTO serv VALUES (0), (1), (2), (3)").await;
}

/// The code of a service of an establishment: one that all have, one that a twentieth has, and its own.
const SERVICE: &str = "CASE (n.i + s.k) % 8 WHEN 0 THEN 'URG' WHEN 1 THEN 'MED' || (n.e % 20)
                       ELSE 'S' || n.e || '-' || ((n.i + s.k) % 8) END";

/// 88 mails in a hundred integrated, 4 in part, 4 rejected, the others ignored, received before or in quarantine.
const VERDICT: &str = "CASE WHEN n.i > {last} THEN NULL WHEN n.v < 880 THEN 'integre'
    WHEN n.v < 920 THEN 'partiellement-integre' WHEN n.v < 960 THEN 'rejete' WHEN n.v < 985 THEN 'ignore'
    WHEN n.v < 999 THEN 'doublon' ELSE 'quarantaine' END";

const HISTORY: &[&str] = &[
    "INSERT INTO mails (id, account, position, sha256, raw, size, received_at, sender, message_id, judged_at, folder,
                        moved_at, verdict, settled_at, silent)
     SELECT n.i, CASE WHEN n.a < 800 THEN 'imaps://lits@eai.test' WHEN n.a < 990 THEN 'imaps://secours@eai.test'
                      ELSE 'maildir:ancienne' END,
            '1:' || n.i, substr((100000000 + n.i * 48271 % 899999999) || '' || (n.i * 69621 % 2147483647) ||
                '0f1e2d3c4b5a69780f1e2d3c4b5a69780f1e2d3c4b5a69780f1e2d3c4b5a6978', 1, 64),
            CASE WHEN n.i > {recent} THEN {content} END, 4000, {begin} + n.i * {step},
            CASE WHEN n.v BETWEEN 955 AND 960 THEN 'inconnu' || n.c || '@ailleurs.test'
                 ELSE 'lits@ch-' || n.e || '.test' END,
            'm' || (n.i * 40692 % 2147483399) || '.' || n.i || '@ch-' || n.e || '.test',
            {begin} + n.i * {step} + 400, 'traites', {begin} + n.i * {step} + 900, {verdict},
            CASE WHEN n.i <= {last} THEN {begin} + n.i * {step} + 2000 END,
            CASE WHEN n.v BETWEEN 960 AND 984 THEN 'rien n’était à traiter' END
     FROM n ORDER BY n.i",
    "INSERT INTO documents (id, mail_id, rank, name, format, sender, identifiant, sha256, test, verdict)
     SELECT m.id, m.id, 0, 'rapport.xml', 'disponibilites-1', m.sender, 'BM-' || n.e || '-' || m.id, m.sha256, 0, m.verdict
     FROM n JOIN mails m ON m.id = n.i WHERE n.v < 960 OR n.v BETWEEN 985 AND 998 ORDER BY m.id",
    "INSERT INTO updates (mail_id, document_id, finess, service, indicator, nature, nombre, source, date_releve, etat,
                          attempts, next_at, closed_at)
     SELECT m.id, m.id, x.finess, {service}, p.indicator, 'lit', (n.i * 7 + s.k * 3 + p.k) % 30, 'bed-management',
            m.received_at - 600000,
            CASE WHEN m.verdict IS NULL THEN 'en-attente' WHEN n.c < 40 THEN 'depassee' ELSE 'transmise' END, 1,
            m.received_at, m.settled_at
     FROM n JOIN mails m ON m.id = n.i JOIN est x ON x.e = n.e CROSS JOIN serv s CROSS JOIN part p
     WHERE n.v < 920 ORDER BY m.id, s.k, p.k",
    "INSERT INTO attempts (update_id, at, operation, status, duration_ms, answer)
     SELECT id, closed_at, 'replace', 200, 40, '' FROM updates WHERE etat = 'transmise' ORDER BY id",
    "INSERT INTO defects (mail_id, document_id, code, severity, content)
     SELECT n.i, CASE WHEN d.id IS NOT NULL THEN n.i END, c.code, c.severity, c.content
     FROM n JOIN cause c ON n.c >= c.low AND n.c < c.high LEFT JOIN documents d ON d.id = n.i
     WHERE n.v BETWEEN 880 AND 959 ORDER BY n.i",
    "INSERT INTO defects (mail_id, document_id, code, severity, content)
     SELECT n.i, n.i, 'C03', 'avertissement', '{}' FROM n WHERE n.v < 30 ORDER BY n.i",
    "INSERT INTO replies (mail_id, kind, message_id, sender, recipients, return_path, content, rejections, etat,
                          created_at, next_at, closed_at)
     SELECT m.id, 'reponse', 'r' || m.id || '@eai.test', m.sender, m.sender, '', COALESCE(m.raw, {empty}), 1, 'envoyee',
            m.settled_at, m.settled_at, m.settled_at
     FROM n JOIN mails m ON m.id = n.i WHERE n.v BETWEEN 880 AND 959 AND m.settled_at IS NOT NULL ORDER BY m.id",
    "INSERT INTO journal (mail_id, received_at, account, sender, verdict)
     SELECT id, received_at, account, sender, COALESCE(verdict, 'en-cours') FROM mails ORDER BY id",
    "INSERT INTO facets (mail_id, facet, received_at, rejection, sender, verdict)
     SELECT d.mail_id, d.code, j.received_at, CASE WHEN d.severity = 'rejet' THEN 1 ELSE 0 END, j.sender, j.verdict
     FROM defects d JOIN journal j ON j.mail_id = d.mail_id ORDER BY d.mail_id",
"INSERT INTO facets (mail_id, facet, received_at, rejection, sender, verdict)
     SELECT d.mail_id, w.word, j.received_at, CASE WHEN d.severity = 'rejet' THEN 1 ELSE 0 END, j.sender, j.verdict
     FROM defects d JOIN journal j ON j.mail_id = d.mail_id JOIN who w ON w.code = d.code",
    "INSERT INTO mentions (mail_id, finess, service, received_at, sender, verdict)
     SELECT j.mail_id, x.finess, '', j.received_at, j.sender,
            CASE WHEN j.verdict IN ('en-cours', 'integre') THEN '' ELSE j.verdict END
     FROM n JOIN journal j ON j.mail_id = n.i JOIN est x ON x.e = n.e WHERE n.v < 960",
    "INSERT INTO mentions (mail_id, finess, service, received_at, sender, verdict)
     SELECT j.mail_id, x.finess, {service}, j.received_at, j.sender,
            CASE WHEN j.verdict IN ('en-cours', 'integre') THEN '' ELSE j.verdict END
     FROM n JOIN journal j ON j.mail_id = n.i JOIN est x ON x.e = n.e CROSS JOIN serv s WHERE n.v < 960",
    "INSERT INTO places (finess, service, date_releve, mail_id, advanced_at, heard_at, counts, same_since)
     SELECT finess, service, MAX(date_releve), MAX(mail_id), MAX(date_releve), MAX(date_releve), '', MAX(date_releve)
     FROM updates GROUP BY finess, service",
    "INSERT INTO handled (mail_id, at, who, note)
     SELECT n.i, {begin} + n.i * {step}, 'local:camille', '' FROM n WHERE n.v BETWEEN 920 AND 950 AND n.i <= {recent}",
    "DROP TABLE n; DROP TABLE est; DROP TABLE cause; DROP TABLE part; DROP TABLE serv; DROP TABLE who",
];
