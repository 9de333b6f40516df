//! What operators look for: the journal filtered, sorted and paged by key, the state of each service, the life of one
//! mail.
//!
//! None of it reads a whole table, however old the store is. The journal, what is wrong with each mail and the places it
//! names are kept in narrow tables, in the transaction of what they tell of (the store's `projections`); their rows repeat what
//! the journal is sorted by, so that a numerous filter has an index in the order of the list. A search goes through the
//! rows of one filter and looks the others up one candidate at a time (`plan`). On PostgreSQL it
//! has sessions of its own: no page makes the work wait.

mod entry;
mod export;
mod filter;
mod last_values;
mod lines;
mod mail_history;
mod page;
pub(super) mod plan;
mod services;
mod volumes;

pub use entry::{Cause, JournalEntry, PlaceNamed};
pub use export::SearchExport;
pub use filter::{Filter, Identifier, MailStatus, Sender};
pub use last_values::LastValue;
pub use mail_history::{
    LifeDocument, LifeHanding, LifeReplay, LifeReply, LifeRequest, LifeRow, MailHistory, RowBefore, RowLink,
};
pub use page::{BadCursor, Column, Cursor, FoundPage, Page, Sort};
pub use services::{LateDelivery, ServicePlace};
pub use volumes::{Flow, Rejections};
