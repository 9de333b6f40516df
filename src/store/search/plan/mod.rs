//! From a filter to the statement that finds the mails of one page.

pub(super) mod drive;
pub(in crate::store) mod filters;
pub(in crate::store) mod sql;
pub(super) mod statement;
pub(super) mod walk;
