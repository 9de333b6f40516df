//! The table of deploy/pannes.md: written by the run that proves it, and held against it by every other.

use std::fmt::Write;
use std::path::Path;
use std::sync::Mutex;

const PAGE: &str = "deploy/pannes.md";
const UPDATE: &str = "DISPOLITS_UPDATE";

/// What became of one fault at one edge.
pub(super) struct Row {
    pub(super) edge: &'static str,
    pub(super) fault: &'static str,
    pub(super) engine: &'static str,
    pub(super) told: Option<&'static str>,
    pub(super) ended: Option<&'static str>,
    pub(super) lost: usize,
}

/// Compares a part of the page with what was found; with `DISPOLITS_UPDATE=1` writes it.
pub(super) fn check(part: &str, rows: &[Row]) {
    static PAGES: Mutex<()> = Mutex::new(());
    let _one_at_a_time = PAGES.lock().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {part} -->\n"), format!("<!-- /{part} -->"));
    let (head, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("{PAGE} has no part « {part} »"));
    let (written, tail) = rest.split_once(&end).unwrap();
    let found = text(rows);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, format!("{head}{begin}{found}{end}{tail}")).unwrap();
    } else {
        assert!(written == found, "{PAGE} is not what was found; run this test with {UPDATE}=1:\n{found}");
    }
}

fn text(rows: &[Row]) -> String {
    let mut text =
        "| côté | panne | base | ce que dit la trace | à la fin | perdus |\n|---|---|---|---|---|---|\n".to_owned();
    let quoted = |line: Option<&str>, otherwise: &str| {
        line.map_or(otherwise.to_owned(), |line| format!("`{}`", line.trim_end_matches(" : ")))
    };
    for Row { edge, fault, engine, told, ended, lost } in rows {
        let (told, ended) = (quoted(*told, "rien"), quoted(*ended, "reprise sans autre trace"));
        writeln!(text, "| {edge} | {fault} | {engine} | {told} | {ended} | {lost} |").unwrap();
    }
    text
}
