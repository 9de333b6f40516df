//! The journal of the operators, on the web: pages made on the server, complete without script.
//!
//! Whatever comes out of a mail is escaped where it is shown, and nothing of it is ever run. Who asks is found before
//! any page is made ([`Visitor`]); each page says which right it takes.

mod acting;
pub mod api;
mod asked;
mod guard;
pub mod layout;
mod pages;
mod refusal;
mod server;
mod sight;
mod sign_in;
mod state;
mod style;
mod visitor;

pub use refusal::Refusal;
pub use server::{ServeError, router, serve};
use sign_in::Via;
pub use sign_in::try_provider;
pub use state::State;
pub use visitor::{FormToken, Visitor};
