//! Which modules of the crate a source file names: `use` lines, groups, full paths inside code, `super` chains.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;

/// The top-level modules that `source` reaches; `depth` is how deep its own module lies (0 for the crate's root).
///
/// Comments and strings do not count. A path that ends at the root itself (`use crate::*`) yields its last word.
pub(super) fn reached(source: &str, depth: usize) -> BTreeSet<String> {
    let mut walk = Walk { roots: &["crate", "dispolits"], found: BTreeSet::new() };
    walk.all(&tokens(source), depth);
    walk.found
}

/// The top-level modules of the standard library that `source` names: `fs`, `time`.
pub(super) fn reached_in_std(source: &str) -> BTreeSet<String> {
    let mut walk = Walk { roots: &["std"], found: BTreeSet::new() };
    // So deep that no chain of `super` leads out.
    walk.all(&tokens(source), usize::MAX / 2);
    walk.found
}

/// The tokens of a source file, groups nested.
pub(super) fn tokens(source: &str) -> Vec<TokenTree> {
    match source.parse::<TokenStream>() {
        Ok(stream) => stream.into_iter().collect(),
        Err(error) => panic!("not Rust: {error}"),
    }
}

/// Follows every path of a file that begins at one of the roots.
struct Walk {
    roots: &'static [&'static str],
    found: BTreeSet<String>,
}

impl Walk {
    fn all(&mut self, tokens: &[TokenTree], depth: usize) {
        let mut rest = tokens;
        while let [token, after @ ..] = rest {
            rest = match (word(token).as_str(), token, after) {
                ("mod", _, [TokenTree::Ident(_), TokenTree::Group(body), after @ ..]) => {
                    self.all(&content(body), depth + 1);
                    after
                }
                ("super", ..) if depth > 0 => self.below(after, depth - 1),
                (root, ..) if self.roots.contains(&root) => self.below(after, 0),
                (_, TokenTree::Group(group), _) => {
                    self.all(&content(group), depth);
                    after
                }
                _ => after,
            };
        }
    }

    /// Follows a path from the module `depth` levels below the root; `tokens` begin at its `::`. Gives what is left.
    fn below<'a>(&mut self, tokens: &'a [TokenTree], depth: usize) -> &'a [TokenTree] {
        match tokens {
            [colon, second, next, rest @ ..] if word(colon) == ":" && word(second) == ":" => {
                self.step(next, rest, depth)
            }
            _ => tokens,
        }
    }

    fn step<'a>(&mut self, next: &TokenTree, rest: &'a [TokenTree], depth: usize) -> &'a [TokenTree] {
        match next {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                for item in content(group).split(|token| word(token) == ",") {
                    if let [first, after @ ..] = item {
                        self.step(first, after, depth);
                    }
                }
            }
            TokenTree::Ident(_) if word(next) == "super" && depth > 0 => return self.below(rest, depth - 1),
            _ if depth == 0 => {
                self.found.insert(word(next));
            }
            _ => {}
        }
        rest
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
    let check = |depth: usize, source: &str, expected: &[&str]| {
        let expected = expected.iter().map(ToString::to_string).collect();
        assert_eq!(reached(source, depth), expected, "{source}");
    };
    check(1, "use crate::defect::{Defect, Place}; pub use crate::tls;", &["defect", "tls"]);
    check(2, "use crate::{clock::Clock, report::{self, model}, ror};", &["clock", "report", "ror"]);
    check(1, "fn f(x: &crate::finess::Finess) { trace!(a = crate::clock::now()) }", &["clock", "finess"]);
    check(2, "use super::super::store; use super::sibling;", &["store"]);
    check(1, "use super::{smtp, ror::Client}; use self::super::tls;", &["ror", "smtp", "tls"]);
    check(2, "use super::{super::store, sibling};", &["store"]);
    check(1, "mod tests { use super::*; use super::super::ror; }", &["ror"]);
    check(1, "use super::*;", &["*"]);
    check(1, "use crate::{self as all};", &["self"]);
    check(1, "fn main() { dispolits::cli::run() }", &["cli"]);
    check(1, "pub(crate) fn f() {} pub(in crate::defect) fn g() {} pub(super) fn h() {}", &["defect"]);
    check(
        1,
        "// crate::ror\n/// [crate::ror]\nconst A: &str = \"crate::ror\"; const B: &str = r#\"\"crate::ror\"#;",
        &[],
    );
}
