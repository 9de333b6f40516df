//! The queries that run all day long read what is open, never the history of years.

use serde_json::Value;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Executor, Row};

use super::bench::Bench;
use super::engine::Engine;

/// The files of the store whose statements run all day long.
const HOT: &[(&str, &str)] = &[
    ("accepted_feed", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/accepted_feed.rs"))),
    ("queue/claim", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/queue/claim.rs"))),
    ("queue/completion", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/queue/completion.rs"))),
    ("documents", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/documents.rs"))),
    ("lease/task", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/lease/task.rs"))),
    ("queue/complete", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/queue/complete.rs"))),
    ("positions", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/positions.rs"))),
    ("queue/holds", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/queue/holds.rs"))),
    ("queue/insert", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/queue/insert.rs"))),
    ("incidents", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/incidents.rs"))),
    ("mails", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/mails.rs"))),
    ("outcomes", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/outcomes.rs"))),
    ("posting", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/posting.rs"))),
    ("queue/precedence", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/queue/precedence.rs"))),
    ("duplicates", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/duplicates.rs"))),
    ("replies", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/replies.rs"))),
    ("settlement", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/settlement/mod.rs"))),
    ("lease/worker", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/lease/worker.rs"))),
    ("queue/takeover", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/queue/takeover.rs"))),
    ("notifications", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/notifications.rs"))),
    ("settlement/verdicts", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/settlement/verdicts.rs"))),
    ("alert_queries", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/alert_queries.rs"))),
];

/// Tables that grow for years.
const LARGE: &[&str] =
    &["journal", "facets", "mails", "documents", "mentions", "updates", "attempts", "defects", "replies"];

/// Every ten minutes.
const PURGING: (&str, &str) = ("purging", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/purging.rs")));

/// Statements of the hot files and others, each with the indexes of what is open that it must find its rows by, and
/// not by one of all of a location's history.
const OPEN: &[(&str, &str, &[&str])] = &[
    ("queue/claim", "WITH counts AS", &["updates_waiting", "updates_again", "updates_in_flight", "removals_open"]),
    ("queue/claim", "AND etat = 'en-attente' AND next_at <= $1", &["updates_open_by_key"]),
    ("queue/claim", "AND again_at IS NOT NULL AND again_at <= $1", &["updates_again"]),
    ("queue/precedence", "AND in_flight_at IS NULL\n         RETURNING id", &["updates_open_by_key"]),
    ("positions", "AS stays", &["mails_to_move", "mails_left"]),
    ("positions", "AS tried", &["mails_to_move"]),
    ("mails", "SELECT id, suspect", &["mails_to_judge"]),
    ("purging", "UPDATE mails SET raw = NULL", &["mails_with_content"]),
    ("settlement", "SELECT id, waits FROM", &["mails_to_settle"]),
    ("posting", "WHERE etat = 'a-envoyer'", &["replies_waiting"]),
];

/// What a statement is completed with where it runs.
const FILLED: [(&str, &str); 17] = [
    ("{others}", ""),
    ("{but}", ""),
    ("{LAPSED}", "(expires_at <= $1 OR expires_at - 2 * lease > $1)"),
    ("{keys}", "(0, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT))"),
    ("{asked}", "(0, CAST($1 AS BIGINT))"),
    ("{numbers}", "$1"),
    ("{marked}", "$2"),
    ("{column}", "moved_at"),
    ("{here}", "(CAST($4 AS TEXT), CAST($5 AS TEXT))"),
    (
        "{judged}",
        "(CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS TEXT))",
    ),
    ("{settled}", "(CAST($2 AS BIGINT), CAST($3 AS TEXT))"),
    ("{ranked}", "(CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT))"),
    ("{table}", "replies"),
    ("{mail}", "mail_id"),
    ("UPDATE letters", "UPDATE replies"),
    ("FROM letters WHERE", "FROM replies WHERE"),
    ("{places}", "(0, CAST($2 AS TEXT), CAST($3 AS TEXT))"),
];

/// The SQL in the string literals of a source, what it is completed with filled in.
fn statements(source: &str) -> Vec<String> {
    let literals = source.split('"').skip(1).step_by(2);
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
    let is_statement = |text: &&str| verbs.iter().any(|verb| text.starts_with(verb)) && text.contains(' ');
    let filled = |text: &str| {
        ["etat = 'en-attente' AND next_at <= $1", "again_at IS NOT NULL AND again_at <= $1"]
            .map(|due| text.replace("{due}", due).replace("{FREE}", &free()))
            .map(|text| FILLED.iter().fold(text, |text, (name, by)| text.replace(name, by)))
    };
    // The plan of an insertion of one row says SCAN for its RETURNING, and reads nothing.
    let reads = |text: &&str| !text.starts_with("INSERT") || text.contains("SELECT");
    literals.filter(is_statement).filter(reads).flat_map(filled).collect()
}

/// The condition that the statements of claiming.rs share.
fn free() -> String {
    let source = HOT.iter().find(|(name, _)| *name == "queue/claim").unwrap().1;
    let source = source.split_once("const FREE: &str = \"").unwrap().1;
    source.split_once("\";").unwrap().0.to_owned()
}

fn hot_statements() -> Vec<(&'static str, String)> {
    let all: Vec<_> =
        HOT.iter().flat_map(|(file, source)| statements(source).into_iter().map(|text| (*file, text))).collect();
    assert!(all.len() > 60, "only {} statements found", all.len());
    all
}

fn statement(file: &str, marker: &str) -> String {
    let source = HOT.iter().chain([&PURGING]).find(|(name, _)| *name == file).unwrap().1;
    statements(source).into_iter().find(|statement| statement.contains(marker)).unwrap()
}

pub(crate) async fn sqlite_plan(pool: &SqlitePool, statement: &str) -> Vec<String> {
    let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"))).fetch_all(pool).await;
    let plan = plan.unwrap_or_else(|error| panic!("{statement}: {error}"));
    plan.iter().map(|row| row.get("detail")).collect()
}

/// The steps of a plan that read a whole large table, through an index that leaves nothing out
/// or none at all.
pub(crate) async fn scans(pool: &SqlitePool, statement: &str) -> Vec<String> {
    let partial = partial_indexes(pool).await;
    let is_large = |table: &str| LARGE.contains(&table) || table.len() == 1;
    let is_scan = |detail: &String| {
        let words: Vec<&str> = detail.split_whitespace().collect();
        let scanned = words.first() == Some(&"SCAN") && words.get(1).is_some_and(|table| is_large(table));
        scanned && !partial.iter().any(|index| words.contains(&index.as_str()))
    };
    sqlite_plan(pool, statement).await.into_iter().filter(is_scan).collect()
}

async fn partial_indexes(pool: &SqlitePool) -> Vec<String> {
    sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '%WHERE%'")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn no_hot_statement_reads_a_whole_table() {
    let bench = Bench::new(Engine::Sqlite).await;
    let pool = SqlitePool::connect(&bench.settings().url).await.unwrap();
    let mut faults = Vec::new();
    for (file, statement) in hot_statements() {
        let found = scans(&pool, &statement).await;
        faults.extend(found.into_iter().map(|scan| format!("{file}: {scan} in {statement}")));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[tokio::test]
async fn what_is_open_is_found_by_an_index_of_its_own() {
    let bench = Bench::new(Engine::Sqlite).await;
    let pool = SqlitePool::connect(&bench.settings().url).await.unwrap();
    for (file, marker, indexes) in OPEN {
        let plan = sqlite_plan(&pool, &statement(file, marker)).await;
        for index in *indexes {
            assert!(plan.iter().any(|step| step.contains(index)), "{marker}: no {index} in\n{}", plan.join("\n"));
        }
    }
}

/// A server with a history, and a planner that knows it. It may still read a small table whole; what is asked is
/// whether it could do otherwise if it were large.
pub(crate) struct Server {
    _bench: Bench,
    pub(crate) session: sqlx::postgres::PgConnection,
    partial: Vec<String>,
}

const HISTORY: &str = "
    INSERT INTO mails (account, position, sha256, size, received_at, judged_at, moved_at, settled_at, verdict, folder, sender)
        SELECT 'a' || n % 4, n, n, 1, n, n, n, n,
               CASE n % 4 WHEN 0 THEN 'rejete' WHEN 1 THEN 'ignore' WHEN 2 THEN 'doublon' ELSE 'integre' END,
               'traites', 's' || n % 50 FROM generate_series(1, 3000) AS n;
    INSERT INTO documents (mail_id, rank, name, sender, identifiant, sha256, test, verdict)
        SELECT id, 0, 'r', sender, id, id, 0, 'integre' FROM mails;
    INSERT INTO journal (mail_id, received_at, account, sender, verdict)
        SELECT id, received_at, account, sender, verdict FROM mails;
    INSERT INTO mentions (mail_id, finess, service, received_at)
        SELECT mail_id, '350054680', 'S' || mail_id % 40, mail_id FROM documents;
    INSERT INTO mentions (mail_id, finess, service, received_at) SELECT mail_id, '350054680', '', mail_id FROM documents;
    INSERT INTO updates (mail_id, document_id, finess, service, indicator, nature, nombre, source, date_releve, etat,
                         next_at, closed_at)
        SELECT mail_id, id, '350054680', 'S' || id % 40, 'i' || id % 3, 'lit', 1, 'dpi', id, 'transmise', id, id
        FROM documents;
    INSERT INTO attempts (update_id, at, operation, status, duration_ms, answer) SELECT id, 1, 'replace', 200, 1, '' FROM updates;
    INSERT INTO defects (mail_id, document_id, code, severity, content) SELECT mail_id, id, 'C03', 'avertissement', '{}' FROM documents;
    INSERT INTO facets (mail_id, facet, received_at, rejection, sender, verdict)
        SELECT j.mail_id, code, received_at, 0, sender, verdict FROM defects d JOIN journal j ON j.mail_id = d.mail_id;
    INSERT INTO replies (mail_id, kind, message_id, sender, recipients, return_path, content, rejections, etat, created_at, next_at)
        SELECT id, 'reponse', id, sender, 's', '', '', 1, 'envoyee', id, id FROM mails;
    ANALYZE;
    SET enable_seqscan = off;
    SET plan_cache_mode = force_generic_plan";

impl Server {
    pub(crate) async fn new() -> Self {
        let bench = Bench::new(Engine::Postgres).await;
        let mut session = crate::postgres::session(&bench.settings().url).await;
        session.execute(HISTORY).await.unwrap();
        let partial = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '%WHERE%'";
        let partial = sqlx::query_scalar(partial).fetch_all(&mut session).await.unwrap();
        Self { _bench: bench, session, partial }
    }

    /// The nodes of the plan that serves whatever is bound to the statement.
    pub(crate) async fn plan(&mut self, statement: &str) -> Vec<Value> {
        let prepared = self.session.execute(AssertSqlSafe(format!("PREPARE essai AS {statement}"))).await;
        prepared.unwrap_or_else(|error| panic!("{statement}: {error}"));
        let bound: i32 = sqlx::query_scalar(
            "SELECT COALESCE(array_length(parameter_types, 1), 0) FROM pg_prepared_statements WHERE name = 'essai'",
        )
        .fetch_one(&mut self.session)
        .await
        .unwrap();
        let nulls = vec!["NULL"; usize::try_from(bound).unwrap()].join(", ");
        let arguments = if bound == 0 { String::new() } else { format!("({nulls})") };
        let explain = AssertSqlSafe(format!("EXPLAIN (FORMAT JSON) EXECUTE essai{arguments}"));
        let row = self.session.fetch_one(sqlx::raw_sql(explain)).await.unwrap();
        self.session.execute("DEALLOCATE essai").await.unwrap();
        let plan: Value = serde_json::from_str(row.get_unchecked::<&str, _>(0)).unwrap();
        let mut nodes = Vec::new();
        gather(&plan[0]["Plan"], &mut nodes);
        nodes
    }

    /// The nodes that read a whole large table.
    pub(crate) async fn scans(&mut self, statement: &str) -> Vec<String> {
        let nodes = self.plan(statement).await;
        nodes.iter().filter(|node| self.is_scan(node)).map(shown).collect()
    }

    fn is_partial(&self, node: &Value) -> bool {
        node["Index Name"].as_str().is_some_and(|name| self.partial.iter().any(|partial| partial == name))
    }

    fn is_scan(&self, node: &Value) -> bool {
        let kind = node["Node Type"].as_str().unwrap_or_default();
        let whole_index = kind.contains("Index") && node["Index Cond"].is_null() && !self.is_partial(node);
        // The node above a bitmap of an index tells the table.
        let is_large = node["Relation Name"].as_str().is_some_and(|table| LARGE.contains(&table));
        (is_large || kind == "Bitmap Index Scan") && (kind == "Seq Scan" || whole_index)
    }
}

fn gather(node: &Value, nodes: &mut Vec<Value>) {
    for child in node["Plans"].as_array().into_iter().flatten() {
        gather(child, nodes);
    }
    nodes.push(node.clone());
}

pub(crate) fn shown(node: &Value) -> String {
    format!("{} {} {}", node["Node Type"], node["Relation Name"], node["Index Name"])
}

#[tokio::test]
async fn no_hot_statement_reads_a_whole_table_of_a_server() {
    let mut server = Server::new().await;
    let mut faults = Vec::new();
    for (file, statement) in hot_statements() {
        let found = server.scans(&statement).await;
        faults.extend(found.into_iter().map(|scan| format!("{file}: {scan} in {statement}")));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[tokio::test]
async fn what_is_open_is_found_by_an_index_of_its_own_on_a_server() {
    let mut server = Server::new().await;
    for (file, marker, indexes) in OPEN {
        let plan = server.plan(&statement(file, marker)).await;
        for index in *indexes {
            // Another index of what is open, of the same table, is as good.
            let (table, _) = index.split_once('_').unwrap();
            let used = plan.iter().any(|node| node["Relation Name"] == table && server.is_partial(node));
            assert!(used, "{marker}: no {index} in\n{}", plan.iter().map(shown).collect::<Vec<_>>().join("\n"));
        }
    }
}
