//! The journal of the operators, on the web: pages made on the server, complete without script.
//!
//! Whatever comes out of a mail is escaped where it is shown, and nothing of it is ever run. Who asks is found before
//! any page is made ([`Visitor`]); each page says which right it takes.

mod actions;
pub mod api;
mod current_user;
mod error;
mod headers;
pub mod layout;
mod pages;
mod query;
mod server;
mod sign_in;
mod state;
mod style;
mod visibility;

pub use current_user::{FormToken, Visitor};
pub use error::WebRefusal;
pub use server::{ServeError, router, serve};
use sign_in::Via;
pub use sign_in::try_provider;
pub use state::WebState;
