//! The verdict on a mail and the reply, as values of values.

pub mod dry_run;
pub mod judgement;
pub mod referential;
pub mod reply;
