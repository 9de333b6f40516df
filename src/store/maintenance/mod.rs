//! What an operator does with a whole store: look whether it is sound, keep a copy, bring it back, move to a server.

mod backup;
mod copy;
mod health;

pub use backup::{backup, restore};
pub use copy::{Copied, migrate};
pub use health::{Health, check};
