//! Names of attachments: shown to people, never trusted, never used as a path.

use std::collections::HashSet;

use domain::defect::excerpt;

/// The names given out in one mail, so that no two documents bear the same.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// `name`, or `name (2)` with its ending kept if it is taken.
    pub(super) fn unique(&mut self, name: String) -> String {
        if self.0.insert(name.clone()) {
            return name;
        }
        let (stem, ending) = name.rfind('.').and_then(|at| name.split_at_checked(at)).unwrap_or((&name, ""));
        let numbered = |number: usize| format!("{stem} ({number}){ending}");
        let free = (2..=self.0.len() + 2).map(numbered).find(|other| self.0.insert(other.clone()));
        free.unwrap_or(name)
    }
}

/// A name fit to be shown: path and control characters removed, shortened; `(sans nom)` and the
/// given ending if nothing is left.
pub(super) fn shown(name: Option<&str>, ending: &str) -> String {
    let last = name.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last.chars().filter(|character| !character.is_control()).collect();
    match visible.trim() {
        "" => format!("(sans nom){ending}"),
        visible => excerpt(visible),
    }
}

/// Whether a name ends in `.xml` or the like, whatever the case.
pub(super) fn ends_in(name: &str, ending: &str) -> bool {
    let name = name.trim().as_bytes();
    name.len()
        .checked_sub(ending.len())
        .and_then(|at| name.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case(ending.as_bytes()))
}
