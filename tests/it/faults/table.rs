//! The tables of deploy/pannes.md: written by the runs that prove them, and held against them by every other run.

use std::path::Path;
use std::sync::Mutex;

const PAGE: &str = "deploy/pannes.md";
const UPDATE: &str = "DISPOLITS_UPDATE";

/// Compares a table of the page with what was found; with `DISPOLITS_UPDATE=1` writes it.
#[track_caller]
pub(crate) fn check<const N: usize>(part: &str, header: [&str; N], rows: &[[String; N]]) {
    static PAGES: Mutex<()> = Mutex::new(());
    let one_at_a_time = PAGES.lock();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {part} -->\n"), format!("<!-- /{part} -->"));
    let (head, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("{PAGE} has no part « {part} »"));
    let (written, tail) = rest.split_once(&end).unwrap();
    let found = table(header, rows);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, format!("{head}{begin}{found}{end}{tail}")).unwrap();
    } else {
        assert!(written == found, "{PAGE} is not what was found; run this test with {UPDATE}=1:\n{found}");
    }
    drop(one_at_a_time);
}

fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let rule = format!("|{}\n", "---|".repeat(N));
    let rows = rows.iter().map(|row| line(row.iter().map(String::as_str).collect()));
    [line(header.into()), rule].into_iter().chain(rows).collect()
}

/// The last column of every table of the page is the one that counts what was lost: it holds zeros only.
#[test]
fn the_page_speaks_of_no_loss() {
    let page = include_str!("../../../deploy/pannes.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ") && !line.contains("| perdus")).collect();
    assert!(rows.len() >= 31 + 2 * 31 + 3, "{} rows", rows.len());
    for row in rows {
        assert!(row.ends_with("| 0 |"), "{row}");
    }
}
