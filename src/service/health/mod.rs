//! Whether the worker works, for whoever watches it: probes, metrics, and the service manager.
//!
//! The tasks tell what they do to a [`Heartbeat`]; the store is looked at from outside them. A [`Diagnosis`] is made of
//! both, so that a task that hangs cannot hide it. An outage of the ROR or of the relay is shown, and is no fault of
//! the worker: starting it again would mend nothing.
//!
//! Deliberately absent: any address but loopback, any content, any name of a sender.

mod counters;
mod disk;
mod faults;
mod heartbeat;
mod metrics;
mod readiness;
mod server;
mod settings;
pub mod systemd;

pub use disk::Room;
pub use faults::{Concern, Faults, HealthFault, Mailbox};
pub use heartbeat::{Exchange, Heartbeat, Task};
pub use readiness::{Diagnosis, Trouble};
pub use server::{ServeError, serve};
pub use settings::HealthSettings;
