//! The ROR write service: one indicator a request.
//!
//! Reading order: [`RorSettings`], then [`Client`], which sends what `path` and `body` write, with the
//! token of `token`, over `http`, and reads the answer with `response`, `operation_outcome` and `meaning`. All
//! that can go wrong is a [`PushFailure`].
//!
//! Specification: ANS, documentation d'intégration du ROR, page « patch-capacitaire »; FHIR IG ROR
//! 0.7.0, scenarios 2, 2 bis and 3.
//!
//! Deliberately absent: retries, schedules and the circuit breaker (they are the delivery's), the
//! four `Ror-*` headers of the read service on a write (`read` sends them, as a client of its own if there is one), and any following of redirects, which would hand the
//! token to whoever the answer names.

mod body;
mod client;
mod failure;
mod http;
mod http_client;
mod meaning;
mod operation_outcome;
mod path;
mod read;
mod response;
mod sanitize;
mod settings;
mod token;

pub use client::{Attempted, Client, Exchange, MaySend, Operation, Receipt};
pub use failure::{OurFault, PushFailure, RorRefusal, RorSetupError};
pub use read::{Read, RorHolding, RorValue};
pub use settings::{Reader, RorSettings};
