//! The members of the workspace: what each may use, what the members of values leave alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{fail_on, paths, tidy, tree};

/// What code of values never names: waiting, other people's edges, the time of day.
const IMPURE: &[&str] = &["async", "await", "tokio", "reqwest", "sqlx", "SystemTime", "Instant"];

/// The parts of the standard library that reach outside.
const OUTSIDE: &[&str] = &["env", "fs", "net", "os", "process", "thread"];

/// The members of values, and the files of theirs that read a file all the same.
const OF_VALUES: &[(&str, &[&str])] =
    &[("domain", &[]), ("reading", &[]), ("judging", &["src/judging/referential/watch.rs"])];

/// What the packages that test an EAI from outside, or decide at the door, must never see.
const INSIDE: &[&str] = &["store", "service", "web", "dispolits"];

/// What each member may use, as the head of src/lib.rs tells it: `| [`name`] | holds | `other` … |`.
fn told() -> BTreeMap<String, BTreeSet<String>> {
    let library = tree::rust("src/lib.rs").swap_remove(0).text;
    let rows = library.lines().filter_map(|line| line.strip_prefix("//! | [`")?.strip_suffix(" |"));
    let row = |row: &str| {
        let (name, rest) = row.split_once("`]")?;
        let used = rest.rsplit_once('|')?.1.split_whitespace().map(|word| word.trim_matches('`').to_owned());
        Some((name.to_owned(), used.collect()))
    };
    rows.filter_map(row).collect()
}

/// The manifests under src/, by member.
fn manifests() -> BTreeMap<String, toml::Table> {
    let named = |file: &tree::File| Some(file.path.strip_prefix("src/")?.strip_suffix("/Cargo.toml")?.to_owned());
    let read = |file: tree::File| Some((named(&file)?, file.text.parse().unwrap()));
    tree::repository().into_iter().filter_map(read).collect()
}

/// The members that a manifest names.
fn used(manifest: &toml::Table, members: &BTreeSet<String>) -> BTreeSet<String> {
    manifest["dependencies"].as_table().unwrap().keys().filter(|name| members.contains(*name)).cloned().collect()
}

#[test]
fn the_head_of_the_library_tells_the_members() {
    let manifests = manifests();
    let members = manifests.keys().cloned().collect();
    let drawn: BTreeMap<String, BTreeSet<String>> =
        manifests.iter().map(|(name, manifest)| (name.clone(), used(manifest, &members))).collect();
    assert_eq!(told(), drawn, "what src/lib.rs tells, what the manifests say");
}

#[test]
fn what_sees_an_eai_from_outside_sees_nothing_inside() {
    let manifests = manifests();
    for name in ["campaign", "edges", "reading", "judging", "domain", "base"] {
        let members = INSIDE.iter().map(ToString::to_string).collect();
        assert_eq!(used(&manifests[name], &members), BTreeSet::new(), "{name}");
    }
}

#[test]
fn every_manifest_takes_its_rules_from_the_workspace() {
    for (name, manifest) in manifests() {
        assert_eq!(manifest["lints"]["workspace"].as_bool(), Some(true), "{name}");
        assert_eq!(manifest["package"]["publish"].as_bool(), Some(false), "{name}");
        for (used, how) in manifest["dependencies"].as_table().unwrap() {
            assert_eq!(how["workspace"].as_bool(), Some(true), "{name}: {used} has its version in one place");
        }
    }
    assert_eq!(tidy::manifest()["lints"]["workspace"].as_bool(), Some(true));
}

#[test]
fn members_of_values_neither_wait_nor_look_outside() {
    let mut faults = Vec::new();
    for (member, but) in OF_VALUES {
        for file in tree::rust(&format!("src/{member}/")) {
            let found = impurities(&file.text);
            if but.contains(&file.path.as_str()) == found.is_empty() {
                faults.push(format!("{}: of values, yet names {found:?}", file.path));
            }
        }
    }
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
