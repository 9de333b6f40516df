//! The servers of others: the mailbox, the submission server, the ROR. None knows another.

pub mod mailbox;
pub mod ror;
pub mod smtp;
