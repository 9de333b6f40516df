//! Which modules of the standard library a source file names: `use` lines, groups, full paths inside code.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;

/// The top-level modules of the standard library that `source` names: `fs`, `time`. Comments and strings do not count.
pub(super) fn reached_in_std(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    all(&tokens(source), &mut found);
    found
}

/// The tokens of a source file, groups nested.
pub(super) fn tokens(source: &str) -> Vec<TokenTree> {
    match source.parse::<TokenStream>() {
        Ok(stream) => stream.into_iter().collect(),
        Err(error) => panic!("not Rust: {error}"),
    }
}

fn all(tokens: &[TokenTree], found: &mut BTreeSet<String>) {
    let mut rest = tokens;
    while let [token, after @ ..] = rest {
        match (word(token).as_str(), token, after) {
            ("std", _, [colon, second, next, ..]) if word(colon) == ":" && word(second) == ":" => first(next, found),
            (_, TokenTree::Group(group), _) => all(&content(group), found),
            _ => {}
        }
        rest = after;
    }
}

/// The first word of each path of a `use` tree.
fn first(next: &TokenTree, found: &mut BTreeSet<String>) {
    match next {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            content(group).split(|token| word(token) == ",").filter_map(<[_]>::first).for_each(|one| first(one, found));
        }
        _ => drop(found.insert(word(next))),
    }
}

fn content(group: &proc_macro2::Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

/// The text of a single token; empty for a group.
pub(super) fn word(token: &TokenTree) -> String {
    if matches!(token, TokenTree::Group(_)) { String::new() } else { token.to_string() }
}

#[test]
fn every_way_of_naming_a_module_is_seen() {
    let check = |source: &str, expected: &[&str]| {
        let expected = expected.iter().map(ToString::to_string).collect();
        assert_eq!(reached_in_std(source), expected, "{source}");
    };
    check("use std::fs::{File, self}; pub use std::net;", &["fs", "net"]);
    check("use std::{env, io::{self, Read}, fs};", &["env", "fs", "io"]);
    check("fn f(x: &std::path::Path) { trace!(a = ::std::env::var()) }", &["env", "path"]);
    check("use base::fs; fn std() {} fn f() { crate::net::g() }", &[]);
    check("// std::fs\n/// [std::fs]\nconst A: &str = \"std::fs\"; const B: &str = r#\"\"std::fs\"#;", &[]);
}
