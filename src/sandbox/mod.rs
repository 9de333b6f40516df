//! The whole system on one machine, with nothing to configure: three fictitious hospital groups, the
//! simulated ROR, the worker, and the cahier de tests played through them.

mod compare;
mod observe;
pub mod pki;
mod run;
mod servers;
mod setup;
mod transport;
mod web_access;

pub use observe::{ObserveError, Observed};
pub use run::{PlayError, Played, Player};
pub use servers::{CLOCK_VARIABLES, PASSWORD as SERVERS_PASSWORD, Ports, ServersError};
pub use setup::{Inbox, Sandbox, SandboxError, claim_folder, place};
pub use transport::PostError;
pub use web_access::{Front, FrontError};
