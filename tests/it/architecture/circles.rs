//! No circle of imports in a folder: what lies side by side has an order in which it can be read.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenTree};

use super::paths::{tokens, word};
use super::{fail_on, tree};

/// Folders that had a circle before circles were looked for; the list only grows shorter.
const OLDER: &[&str] = &[
    "base::tls",
    "campaign::cahier",
    "dispolits::cli::journal",
    "dispolits::doctor",
    "dispolits::sandbox",
    "dispolits::worker",
    "domain::alerts",
    "domain::defect",
    "edges::mailbox",
    "edges::mailbox::imap",
    "edges::ror",
    "judging::reply",
    "service::config",
    "service::health",
    "service::pipeline::settle",
    "store",
    "store::queue",
    "web",
];

/// The words of a path from the root of its package, the package's name first.
type Path = Vec<String>;

/// What a file names: the paths that its code uses, and those that it makes its own by `pub use`.
#[derive(Debug, Default)]
struct Named {
    used: Vec<Path>,
    passed_on: Vec<Path>,
}

/// A package of code: where each module stands, and what it passes on.
struct Code {
    modules: BTreeMap<Path, tree::File>,
    passed_on: BTreeMap<Path, BTreeMap<String, Path>>,
}

impl Code {
    fn read(files: Vec<tree::File>) -> Self {
        let modules: BTreeMap<Path, tree::File> = files.into_iter().map(|file| (module(&file.path), file)).collect();
        let mut passed_on: BTreeMap<Path, BTreeMap<String, Path>> = BTreeMap::new();
        for (module, file) in &modules {
            for path in named(&file.text, module).passed_on {
                let Some(name) = path.last() else { continue };
                passed_on.entry(module.clone()).or_default().insert(name.clone(), path);
            }
        }
        Self { modules, passed_on }
    }

    /// The module in which what a path names is written: where it leads, or where it was passed on from.
    fn home(&self, path: &[String], steps: usize) -> Path {
        let depth = (1..=path.len()).rev().find(|depth| self.modules.contains_key(&path[..*depth])).unwrap_or(1);
        let (module, rest) = path.split_at(depth);
        let origin = rest.first().and_then(|name| self.passed_on.get(module)?.get(name));
        match origin {
            Some(origin) if steps > 0 && origin != path => self.home(origin, steps - 1),
            _ => module.to_vec(),
        }
    }

    /// In each folder, who uses whom of those side by side.
    fn beside(&self) -> BTreeMap<Path, BTreeMap<String, BTreeSet<String>>> {
        let mut folders: BTreeMap<Path, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for (module, file) in &self.modules {
            for used in named(&file.text, module).used {
                let home = self.home(&used, 8);
                let common = module.iter().zip(&home).take_while(|(mine, theirs)| mine == theirs).count();
                if let (Some(from), Some(to)) = (module.get(common), home.get(common)) {
                    let folder = folders.entry(module[..common].to_vec()).or_default();
                    folder.entry(from.clone()).or_default().insert(to.clone());
                }
            }
        }
        folders
    }
}

/// `src/store/queue/claim.rs` is `store::queue::claim`; what lies in no member is of the package itself.
fn module(path: &str) -> Path {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut words: Path = inside.split('/').map(ToOwned::to_owned).collect();
    if words.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        words.pop();
    }
    let is_member = words.first().is_some_and(|first| tree::is_member(first));
    if is_member { words } else { [vec!["dispolits".to_owned()], words].concat() }
}

/// What the code of a module names in its own package, its tests left out.
fn named(text: &str, module: &[String]) -> Named {
    let mut named = Named::default();
    let before = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    walk(&tokens(before), module, &mut named);
    named
}

fn walk(tokens: &[TokenTree], module: &[String], named: &mut Named) {
    let mut rest = tokens;
    let mut is_public = false;
    while let [token, after @ ..] = rest {
        match (word(token).as_str(), token) {
            ("use", _) => {
                let end = after.iter().position(|token| word(token) == ";").unwrap_or(after.len());
                let paths = if is_public { &mut named.passed_on } else { &mut named.used };
                leaves(&after[..end], module, &[], paths);
                rest = &after[end..];
                is_public = false;
                continue;
            }
            ("crate" | "super" | "self", _) if begins_path(after) => {
                let end = 1 + path_length(after);
                leaves(&rest[..end], module, &[], &mut named.used);
                rest = &rest[end..];
                continue;
            }
            (_, TokenTree::Group(group)) if is_public && group.delimiter() == Delimiter::Parenthesis => {}
            (_, TokenTree::Group(group)) => {
                walk(&group.stream().into_iter().collect::<Vec<_>>(), module, named);
                is_public = false;
            }
            (text, _) => is_public = text == "pub",
        }
        rest = after;
    }
}

fn begins_path(after: &[TokenTree]) -> bool {
    matches!(after, [first, second, ..] if word(first) == ":" && word(second) == ":")
}

/// How many tokens of `::name::name` follow.
fn path_length(mut after: &[TokenTree]) -> usize {
    let mut length = 0;
    while let [first, second, name @ TokenTree::Ident(_), rest @ ..] = after {
        if word(first) != ":" || word(second) != ":" || word(name).is_empty() {
            break;
        }
        length += 3;
        after = rest;
    }
    length
}

/// The paths of a `use` tree, from the root of the package. Those into other packages are left out.
fn leaves(tree: &[TokenTree], module: &[String], before: &[String], found: &mut Vec<Path>) {
    let mut path = before.to_vec();
    for token in tree {
        match (token, word(token).as_str()) {
            (TokenTree::Group(group), _) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                inner.split(|token| word(token) == ",").for_each(|one| leaves(one, module, &path, found));
                return;
            }
            (_, "as" | "*") => break,
            (_, ":") => {}
            (_, "self") if !path.is_empty() => {}
            (_, "crate") if path.is_empty() => path = module[..1].to_vec(),
            (_, "super") if path.is_empty() => path = module[..module.len().saturating_sub(1)].to_vec(),
            (_, "super") => drop(path.pop()),
            (_, "self") => path = module.to_vec(),
            // A child, or another package: no module has such a path then.
            (_, name) if path.is_empty() => path = [module, &[name.to_owned()]].concat(),
            (_, name) => path.push(name.to_owned()),
        }
    }
    if !tree.is_empty() {
        found.push(path);
    }
}

/// Those of a folder that use each other in a circle: what is left when nobody is first or last any more.
fn circle(mut uses: BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    loop {
        let callers: BTreeSet<String> = uses.keys().cloned().collect();
        let wanted: BTreeSet<String> = uses.values().flatten().cloned().collect();
        let before = uses.len();
        uses.retain(|name, others| {
            others.retain(|other| callers.contains(other));
            !others.is_empty() && wanted.contains(name)
        });
        if uses.len() == before {
            return uses.into_keys().collect();
        }
    }
}

#[test]
fn no_folder_has_a_circle_of_imports() {
    let mut faults = Vec::new();
    for (folder, uses) in Code::read(tree::rust("src/")).beside() {
        let (circle, folder) = (circle(uses), folder.join("::"));
        if circle.is_empty() == OLDER.contains(&folder.as_str()) {
            faults.push(format!("{folder}: {circle:?}"));
        }
    }
    fail_on(&faults);
}

#[test]
fn a_circle_is_seen_through_what_is_passed_on() {
    let file = |path: &str, text: &str| tree::File { path: path.to_owned(), text: text.to_owned() };
    let check = |inside: [&str; 3], expected: &[&str]| {
        let files = ["src/store/mod.rs", "src/store/a.rs", "src/store/b.rs"].iter().zip(inside);
        let code = Code::read(files.map(|(path, text)| file(path, text)).collect());
        let found = code.beside().remove(&vec!["store".to_owned()]).map(circle).unwrap_or_default();
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{inside:?}");
    };
    check(["", "use super::b::B;", "use crate::a::A;"], &["a", "b"]);
    check(["pub use b::B;", "use super::B;", "fn f(x: super::a::A) {}"], &["a", "b"]);
    check(["pub(crate) use b::{B, C as D};", "use super::{x, B};", "use super::a;"], &["a", "b"]);
    check(["use a::A; use b::B;", "use super::b::B;", "use super::C;"], &[]);
    check(["", "use super::b::B;", "#[cfg(test)]\nmod tests { use super::super::a::A; }"], &[]);
}
