//! The two halves of the way of a mail, joined by the store only: *intake* (mailbox to judgement)
//! and *delivery* (store to ROR, store to sender).

mod deliver;
mod intake;
mod judge;
mod lease;
mod mailbox_trace;
mod replay;
mod send_replies;
mod settle;

pub use deliver::Delivery;
pub use deliver::breaker::{Breaker, Failed};
pub use intake::left_mails::LONGEST_UNREAD;
pub use intake::{Intake, IntakeError, Sweep};
pub use judge::Judge;
pub use judge::context::SharedContext;
pub use judge::read_mail::ExamineError;
pub use lease::TaskHold;
pub use mailbox_trace::MailboxTrace;
pub use replay::{Gain, Impossible, Proposal, ReplaySelection, Replaying};
pub use send_replies::{Posting, Transport, maildir_of};
pub use settle::Settling;
pub use settle::reply_rules::ReplyRules;
