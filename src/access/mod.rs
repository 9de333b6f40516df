//! Who may do what in the operators' journal. Pure: no clock, no store, no request.

mod person;
mod right;
mod role;

pub use person::{Means, Person};
pub use right::{Right, Rights};
pub use role::Role;
