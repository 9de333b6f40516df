//! The queries that run all day long read what is open, never the history of years.

use sqlx::Row;
use sqlx::sqlite::SqlitePool;

use super::bench::Bench;

/// The files of the store whose statements run all day long.
const HOT: &[(&str, &str)] = &[
    ("claiming.rs", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/claiming.rs"))),
    ("closing.rs", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/closing.rs"))),
    ("documents.rs", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/documents.rs"))),
    ("mails.rs", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/mails.rs"))),
    ("outcomes.rs", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/outcomes.rs"))),
    ("precedence.rs", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/precedence.rs"))),
    ("replies.rs", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/replies.rs"))),
    ("settling.rs", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/settling.rs"))),
];

/// Statements that run when contents are purged, every ten minutes.
const RARE: &[&str] = &["UPDATE replies SET content = x''"];

/// Tables that grow for years.
const LARGE: &[&str] = &["mails", "documents", "mentions", "updates", "attempts", "defects", "replies"];

/// The SQL in the string literals of a source, `{due}` filled in.
fn statements(source: &str) -> Vec<String> {
    let literals = source.split('"').skip(1).step_by(2);
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
    let is_statement = |text: &&str| verbs.iter().any(|verb| text.starts_with(verb)) && text.contains(' ');
    let filled = |text: &str| {
        ["etat = 'en-attente' AND next_at <= $3", "again_at IS NOT NULL AND again_at <= $3"]
            .map(|due| text.replace("{due}", due))
    };
    // The plan of an insertion of one row says SCAN for its RETURNING, and reads nothing.
    let reads = |text: &&str| !text.starts_with("INSERT") || text.contains("SELECT");
    literals.filter(is_statement).filter(reads).flat_map(filled).collect()
}

/// The steps of a plan that read a whole large table, through an index that leaves nothing out
/// or none at all.
async fn scans(pool: &SqlitePool, statement: &str) -> Vec<String> {
    let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"))).fetch_all(pool).await;
    let plan = plan.unwrap_or_else(|error| panic!("{statement}: {error}"));
    let details = plan.iter().map(|row| row.get::<String, _>("detail"));
    let partial = partial_indexes(pool).await;
    let is_large = |table: &str| LARGE.contains(&table) || table.len() == 1;
    details
        .filter(|detail| {
            let words: Vec<&str> = detail.split_whitespace().collect();
            let scanned = words.first() == Some(&"SCAN") && words.get(1).is_some_and(|table| is_large(table));
            scanned && !partial.iter().any(|index| words.contains(&index.as_str()))
        })
        .collect()
}

async fn partial_indexes(pool: &SqlitePool) -> Vec<String> {
    sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '%WHERE%'")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn no_hot_statement_reads_a_whole_table() {
    let bench = Bench::new().await;
    let pool = bench.sql().await;
    let mut seen = 0;
    let mut faults = Vec::new();
    for (file, source) in HOT {
        for statement in statements(source) {
            seen += 1;
            let found = scans(&pool, &statement).await;
            if !RARE.iter().any(|rare| statement.starts_with(rare)) {
                faults.extend(found.into_iter().map(|scan| format!("{file}: {scan} in {statement}")));
            }
        }
    }
    assert!(seen > 60, "only {seen} statements found");
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// What is open must be found through an index of what is open, not through one of all of a
/// location's history.
#[tokio::test]
async fn what_is_open_is_found_by_an_index_of_its_own() {
    let bench = Bench::new().await;
    let pool = bench.sql().await;
    let check = async |file: &str, marker: &str, indexes: &[&str]| {
        let source = HOT.iter().find(|(name, _)| *name == file).unwrap().1;
        let statement = statements(source).into_iter().find(|statement| statement.contains(marker)).unwrap();
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"))).fetch_all(&pool).await;
        let plan: Vec<String> = rows.unwrap().iter().map(|row| row.get("detail")).collect();
        for index in indexes {
            assert!(plan.iter().any(|step| step.contains(index)), "{marker}: no {index} in\n{}", plan.join("\n"));
        }
    };
    let due = ["updates_waiting", "updates_again", "updates_in_flight", "removals_open"];
    check("claiming.rs", "WITH due AS", &due).await;
    check("claiming.rs", "AND etat = 'en-attente' AND next_at <= $3", &["updates_open_by_key"]).await;
    check("claiming.rs", "AND again_at IS NOT NULL AND again_at <= $3", &["updates_again"]).await;
    check("precedence.rs", "AND in_flight_at IS NULL\n         RETURNING id", &["updates_open_by_key"]).await;
    check("mails.rs", "SELECT position, id", &["mails_to_move"]).await;
    check("mails.rs", "SELECT id, suspect", &["mails_to_judge"]).await;
    check("mails.rs", "UPDATE mails SET raw = NULL", &["mails_with_content"]).await;
    check("settling.rs", "SELECT id, waits FROM", &["mails_to_settle"]).await;
    check("replies.rs", "WHERE etat = 'a-envoyer'", &["replies_waiting"]).await;
}
