//! The arrows between modules, held against the table in the header of src/lib.rs.

mod dependencies;
mod glossary;
mod paths;
mod readers;
mod table;
mod tidy;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use table::Row;

/// What pure modules never name: waiting, other people's edges, the time of day.
const IMPURE: &[&str] = &["async", "await", "tokio", "reqwest", "sqlx", "SystemTime", "Instant"];

/// The parts of the standard library that reach outside.
const OUTSIDE: &[&str] = &["env", "fs", "net", "os", "process", "thread"];

#[track_caller]
fn fail_on(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn library() -> String {
    tree::rust("src/lib.rs").swap_remove(0).text
}

fn rows() -> BTreeMap<String, Row> {
    let rows = table::rows(&library());
    assert!(!rows.is_empty(), "src/lib.rs has no table | module | may use |");
    rows
}

/// The arrows that the code draws: from each module to those it names, itself left out.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in tree::rust("src/").iter().filter(|file| file.path != "src/lib.rs") {
        let module = file.module();
        let from = module.first().unwrap_or(&"main");
        let mut to = paths::reached(&file.text, module.len());
        to.remove(*from);
        arrows.entry((*from).to_owned()).or_default().append(&mut to);
    }
    arrows
}

#[test]
fn the_table_names_every_module_and_no_other() {
    let named: BTreeSet<String> = rows().into_keys().collect();
    let declared = paths::tokens(&library());
    let words: Vec<String> = declared.iter().map(paths::word).collect();
    let mut modules: BTreeSet<String> =
        words.windows(2).filter(|pair| pair[0] == "mod").map(|pair| pair[1].clone()).collect();
    modules.insert("main".to_owned());
    assert_eq!(named, modules, "rows of the table, modules declared");
}

#[test]
fn every_arrow_is_listed_and_every_listed_arrow_is_drawn() {
    let (rows, arrows) = (rows(), arrows());
    let mut faults = Vec::new();
    for (from, to) in &arrows {
        let listed = rows.get(from).map(|row| row.may_use.clone()).unwrap_or_default();
        faults.extend(to.difference(&listed).map(|to| format!("{from} uses {to}: not in the table of src/lib.rs")));
        faults.extend(listed.difference(to).map(|to| format!("{from} may use {to}: nothing does, drop it")));
    }
    fail_on(&faults);
}

#[test]
fn no_module_reaches_itself_through_others() {
    let rows = rows();
    let mut left: BTreeMap<&String, &Row> = rows.iter().collect();
    loop {
        let free: Vec<&String> = left
            .iter()
            .filter(|(_, row)| !row.may_use.iter().any(|used| left.contains_key(used)))
            .map(|(name, _)| *name)
            .collect();
        if free.is_empty() {
            break;
        }
        left.retain(|name, _| !free.contains(name));
    }
    assert!(left.is_empty(), "these use each other in a circle, or use one that does: {:?}", left.keys());
}

#[test]
fn no_edge_uses_another() {
    let rows = rows();
    let is_edge = |name: &String| rows.get(name).is_some_and(|row| row.layer == "edges");
    let edges: Vec<(&String, &Row)> = rows.iter().filter(|(name, _)| is_edge(name)).collect();
    assert!(!edges.is_empty(), "the table has no layer **edges**");
    let faults: Vec<String> = edges
        .iter()
        .flat_map(|(name, row)| row.may_use.iter().filter(|used| is_edge(used)).map(move |used| (name, used)))
        .map(|(name, used)| format!("{name} may use {used}, both are edges"))
        .collect();
    fail_on(&faults);
}

#[test]
fn pure_modules_neither_wait_nor_look_outside() {
    let rows = rows();
    let mut faults = Vec::new();
    for file in tree::rust("src/") {
        let module = file.module().first().copied().unwrap_or("main").to_owned();
        if rows.get(&module).is_some_and(|row| row.layer == "pure") {
            let found = impurities(&file.text);
            faults.extend(found.iter().map(|word| format!("{}: pure, yet names {word}", file.path)));
        }
    }
    assert!(rows.values().any(|row| row.layer == "pure"), "the table has no layer **pure**");
    fail_on(&faults);
}

/// What the code of `source` names of [`IMPURE`] and [`OUTSIDE`], comments and strings left out.
fn impurities(source: &str) -> BTreeSet<&'static str> {
    let std = paths::reached_in_std(source);
    let mut found: BTreeSet<&str> = OUTSIDE.iter().copied().filter(|module| std.contains(*module)).collect();
    let mut pending = paths::tokens(source);
    while let Some(token) = pending.pop() {
        if let proc_macro2::TokenTree::Group(group) = &token {
            pending.extend(group.stream());
        }
        found.extend(IMPURE.iter().filter(|word| **word == paths::word(&token)));
    }
    found
}

#[test]
fn impurities_are_seen_in_code_only() {
    let check = |source: &str, expected: &[&str]| {
        assert_eq!(impurities(source), expected.iter().copied().collect(), "{source}");
    };
    check("use std::{fs::File, io};", &["fs"]);
    check("fn f() -> Option<String> { ::std::env::var(\"A\").ok() }", &["env"]);
    check("fn process(net: &str) -> std::io::Result<()> { super::fs::read(net) }", &[]);
    check("fn f() { if true { g(async { h().await }) } }", &["async", "await"]);
    check("// tokio\n/// std::fs\nconst A: &str = \"tokio\"; fn netting() {}", &[]);
}
