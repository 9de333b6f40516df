//! From a filter to the statement that finds the mails of one page.

pub(super) mod drive;
pub(crate) mod filters;
pub(crate) mod sql;
pub(super) mod statement;
pub(super) mod walk;
