//! The whole system on one machine, with nothing to configure: three fictitious hospital groups, the
//! simulated ROR, the worker, and the cahier de tests played through them.

mod compare;
mod front;
mod observe;
pub mod pki;
mod play;
mod post;
mod servers;
mod setup;
pub mod simulator;

pub use front::{Front, FrontError};
pub use observe::{ObserveError, Observed};
pub use play::{PlayError, Played, Player};
pub use post::PostError;
pub use servers::{CLOCK_VARIABLES, PASSWORD as SERVERS_PASSWORD, Ports, ServersError};
pub use setup::{Inbox, Sandbox, SandboxError, claim_folder, place};
