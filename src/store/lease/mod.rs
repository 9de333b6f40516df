//! Leases on the database's clock: of a worker, and of a task with its fence.

pub(super) mod task;
pub(super) mod worker;
