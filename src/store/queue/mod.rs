//! The queue of the ROR: the life of a row from its insertion to its completion.

pub(super) mod attempts;
pub(super) mod claim;
pub(super) mod complete;
pub(super) mod completion;
pub(super) mod holds;
pub(super) mod insert;
pub(super) mod precedence;
pub(super) mod removals;
pub(super) mod row;
pub(super) mod takeover;
