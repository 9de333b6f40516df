//! What the catalogue says of a code.

use super::code::{Actor, Scope, Severity};

/// The catalogue's article on one code.
pub(super) struct Article {
    pub(super) name: &'static str,
    pub(super) scope: Scope,
    pub(super) severity: Severity,
    pub(super) actors: &'static [Actor],
    pub(super) sentence: &'static str,
    pub(super) hint: &'static str,
}
