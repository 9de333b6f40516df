//! The house rules that a machine can hold: lengths, openings, left-overs, machine paths.

use super::{fail_on, paths, tree};
use proc_macro2::TokenTree;

/// A source file tells one job. Four hundred lines hold a whole one; a lower bound cut implementations instead of ideas.
const LONGEST: usize = 400;

/// Folders of a developer's machine, written so that this file does not hold them itself.
const MACHINE_FOLDERS: &[&str] =
    &[concat!("/", "work/"), concat!("/", "tmp/"), concat!("/", "home/"), concat!("/", "root/")];

const LEFT_OVERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

const PRINTING: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];

#[test]
fn a_file_has_one_job() {
    let mut faults = Vec::new();
    for file in tree::rust("src/") {
        let lines = file.text.lines().count();
        if lines > LONGEST {
            faults.push(format!("{}: {lines} lines of {LONGEST}, split it by concept", file.path));
        }
    }
    fail_on(&faults);
}

#[test]
fn a_file_opens_with_its_job() {
    let mut files = tree::rust("src/");
    files.append(&mut tree::rust("tests/"));
    files.retain(|file| !file.text.starts_with("//! "));
    let faults: Vec<String> = files.iter().map(|file| format!("{}: does not open with //!", file.path)).collect();
    fail_on(&faults);
}

#[test]
fn nothing_is_left_over() {
    let ours =
        |path: &str| ["src/", "tests/", "deploy/", "schemas/", "README.md"].iter().any(|own| path.starts_with(own));
    lines_hold_none(ours, |line| {
        line.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| LEFT_OVERS.contains(&word))
    });
}

#[test]
fn no_path_of_a_machine_is_written() {
    lines_hold_none(|_| true, names_machine_folder);
}

/// Fails on every line of the files that `concerns` picks where `offends` holds.
fn lines_hold_none(concerns: impl Fn(&str) -> bool, offends: impl Fn(&str) -> bool) {
    let mut faults = Vec::new();
    // A picture has no lines.
    let files = tree::repository();
    for file in files.iter().filter(|file| !file.path.starts_with("deploy/captures/") && concerns(&file.path)) {
        let numbered = file.text.lines().enumerate().filter(|(_, line)| offends(line));
        faults.extend(numbered.map(|(rank, line)| format!("{}:{}: {line}", file.path, rank + 1)));
    }
    fail_on(&faults);
}

/// Whether a line names such a folder at the start of a path, not inside another (`/srv/home/`, `https://a.test/tmp/`).
fn names_machine_folder(line: &str) -> bool {
    let inside = |letter: char| letter.is_alphanumeric() || ['.', '-', '_', '}'].contains(&letter);
    MACHINE_FOLDERS
        .iter()
        .any(|folder| line.match_indices(folder).any(|(at, _)| !line.get(..at).unwrap_or_default().ends_with(inside)))
}

#[test]
fn a_machine_folder_is_seen_only_where_it_begins_a_path() {
    let check = |line: String, expected: bool| assert_eq!(names_machine_folder(&line), expected, "{line}");
    for folder in MACHINE_FOLDERS {
        check(format!("cd {folder}x"), true);
        check(format!("{folder}x"), true);
        check(format!("file://{folder}x"), true);
        check(format!("https://host.test{folder}x"), false);
        check(format!("../..{folder}x"), false);
    }
}

#[test]
fn only_the_command_line_prints() {
    let mut files = tree::rust("src/");
    files.retain(|file| !file.path.starts_with("src/cli/") && file.path != "src/main.rs" && prints(&file.text));
    let faults: Vec<String> = files.iter().map(|file| format!("{}: prints", file.path)).collect();
    fail_on(&faults);
}

/// Whether the code calls a printing macro; comments and strings do not count.
fn prints(source: &str) -> bool {
    let mut pending = vec![paths::tokens(source)];
    while let Some(tokens) = pending.pop() {
        let called = |pair: &[TokenTree]| matches!(pair, [name, bang] if word_in(name) && paths::word(bang) == "!");
        if tokens.windows(2).any(called) {
            return true;
        }
        let inner =
            tokens.iter().filter_map(|token| if let TokenTree::Group(group) = token { Some(group) } else { None });
        pending.extend(inner.map(|group| group.stream().into_iter().collect()));
    }
    false
}

fn word_in(name: &TokenTree) -> bool {
    PRINTING.contains(&paths::word(name).as_str())
}

#[test]
fn printing_is_seen_in_code_only() {
    let check = |source: &str, expected: bool| assert_eq!(prints(source), expected, "{source}");
    check("fn f() { if true { println!(\"x\") } }", true);
    check("fn f() { std::eprint!(\"x\") }", true);
    check("/// println!(\"x\")\nfn print() { writeln!(out, \"println!()\") }", false);
}

pub(super) fn manifest() -> toml::Table {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    text.parse().unwrap_or_else(|error| panic!("Cargo.toml: {error}"))
}

/// Where rustls lets a verifier of its own be set: the diagnosis, which only looks whom it reached.
const OWN_VERIFIER: &str = "src/doctor/presented_chain.rs";

/// What would accept a server in the place of rustls's own verification.
const ACCEPTING: &[&str] = &["assertion", "danger_accept_invalid_certs", "danger_accept_invalid_hostnames"];

#[test]
fn nothing_can_switch_the_verification_of_a_server_off() {
    let mut faults = Vec::new();
    for file in tree::rust("src/") {
        let named = words(&file.text);
        faults.extend(
            ACCEPTING.iter().filter(|word| named.contains(**word)).map(|word| format!("{}: {word}", file.path)),
        );
        if named.contains("dangerous") != (file.path == OWN_VERIFIER) {
            faults.push(format!("{}: dangerous() belongs in {OWN_VERIFIER} alone", file.path));
        }
    }
    fail_on(&faults);
}

/// Every identifier of the code; comments and strings do not count.
fn words(source: &str) -> std::collections::BTreeSet<String> {
    let mut pending = paths::tokens(source);
    let mut found = std::collections::BTreeSet::new();
    while let Some(token) = pending.pop() {
        match token {
            TokenTree::Group(group) => pending.extend(group.stream()),
            other => drop(found.insert(paths::word(&other))),
        }
    }
    found
}

#[test]
fn unsafe_code_is_forbidden() {
    let lint = &manifest()["workspace"]["lints"]["rust"]["unsafe_code"];
    assert_eq!(lint.as_str().or_else(|| lint["level"].as_str()), Some("forbid"));
}
