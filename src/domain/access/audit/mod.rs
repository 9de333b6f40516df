//! The audit log: who did what, when, on what, with what effect; a chain in which each record's hash covers the one
//! before it (SHA-256), so that a record that was changed, removed, inserted or moved shows.
//!
//! A chain cannot tell by itself that its end was cut off, nor that somebody rewrote all of it: keep the [`AuditHead`] of an
//! export elsewhere, and verify against it.

mod action;
mod actor;
mod record;
mod verification;

pub use action::{Deed, DeedError, on_establishment, on_location, on_mail, on_unread};
pub use actor::{name_of, source_of};
pub use record::{AuditEntry, AuditHead, HeadError, Record};
pub use verification::{Broken, Verification};
