//! The two halves of the way of a mail, joined by the store only: *intake* (mailbox to judgement)
//! and *delivery* (store to ROR, store to sender).

mod ailing;
mod answering;
mod breaker;
mod comparison;
mod composing;
mod court;
mod courthouse;
mod delivery;
mod desk;
mod digest;
mod docket;
mod examine;
mod filing;
mod holding;
mod intake;
mod judge;
mod leaving;
mod noticing;
mod outages;
mod posting;
mod probing;
mod quota;
mod refusing;
mod renumbering;
mod replaying;
mod round;
mod seat;
mod serving;
mod settling;
mod sheaf;
mod strays;
mod tracer;
mod unpacking;

pub use answering::ReplyRules;
pub use breaker::{Breaker, Failed};
pub use courthouse::Courthouse;
pub use delivery::Delivery;
pub use examine::ExamineError;
pub use intake::{Intake, IntakeError, Sweep};
pub use judge::Judge;
pub use posting::{Posting, Transport, maildir_of};
pub use replaying::{Gain, Impossible, Proposal, Replaying, Selection};
pub use seat::Seat;
pub use settling::Settling;
pub use tracer::Tracer;
