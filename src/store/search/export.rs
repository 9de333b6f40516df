//! All that a filter finds, page by page: no more than one page is ever held.

use super::entry::JournalEntry;
use super::filter::Filter;
use super::page::{Page, Sort};
use crate::{Result, Store};

/// Lines read at a time.
const STEP: u32 = 500;

/// A list read from its beginning to its end.
#[derive(Debug)]
pub struct SearchExport {
    store: Store,
    filter: Filter,
    /// What is read next; `None` at the end.
    page: Option<Page>,
}

impl Store {
    /// All lines of the journal that a filter finds. What is received meanwhile may be among them, and no line comes
    /// twice.
    pub fn export(&self, filter: Filter, sort: Sort) -> SearchExport {
        let page = Page { sort, from: None, limit: STEP };
        SearchExport { store: self.clone(), filter, page: Some(page) }
    }
}

impl SearchExport {
    /// The next lines; none at the end.
    pub async fn next(&mut self) -> Result<Vec<JournalEntry>> {
        let Some(page) = &self.page else { return Ok(Vec::new()) };
        let found = self.store.journal(&self.filter, page).await?;
        self.page = found.next.map(|next| Page { sort: page.sort, from: Some(next), limit: STEP });
        Ok(found.lines)
    }
}
