//! The table of allowed arrows in the header of src/lib.rs, read as data.

use std::collections::{BTreeMap, BTreeSet};

/// What the header says of one module.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// The bold line that the row stands under: `base`, `pure`, `edges`…
    pub(super) layer: String,
    /// The modules it may import from.
    pub(super) may_use: BTreeSet<String>,
}

/// The rows of the table `| module | may use |` among the `//!` lines of `source`, by module.
///
/// A row whose first cell is bold opens a layer. Backticks and link brackets are decoration.
pub(super) fn rows(source: &str) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    let mut layer = String::new();
    for (name, uses) in source.lines().filter_map(cells).skip_while(|(name, _)| *name != "module").skip(1) {
        if let Some(title) = name.strip_prefix("**") {
            layer = title.trim_end_matches("**").into();
        } else if !name.starts_with("--") {
            let may_use = uses.split([' ', ',']).map(plain).filter(|word| !word.is_empty()).collect();
            let row = Row { layer: layer.clone(), may_use };
            assert!(rows.insert(plain(name), row).is_none(), "the table names {name} twice");
        }
    }
    rows
}

/// The two cells of a table line, blanks trimmed.
fn cells(line: &str) -> Option<(&str, &str)> {
    let inner = line.strip_prefix("//! |")?.trim_end().strip_suffix('|')?;
    let (name, uses) = inner.split_once('|')?;
    Some((name.trim(), uses.trim()))
}

fn plain(word: &str) -> String {
    word.trim().trim_matches(['[', ']', '`']).to_owned()
}

#[test]
fn a_table_is_read_with_its_layers() {
    let source = "//! Title.\n//! | other | table |\n//!\n//! | module | may use |\n//! |---|---|\n//! | **base** | |\n\
                  //! | [`a`] | |\n//! | **edges** | |\n//! | [`b`] | `a`, `c` |\npub mod a;";
    let row = |layer: &str, may_use: &[&str]| Row {
        layer: layer.to_owned(),
        may_use: may_use.iter().map(ToString::to_string).collect(),
    };
    let expected = [("a".to_owned(), row("base", &[])), ("b".to_owned(), row("edges", &["a", "c"]))];
    assert_eq!(rows(source), BTreeMap::from(expected));
}
