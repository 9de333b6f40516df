//! Certificates, theirs and ours: forms, names, revocation, hierarchies, ends.

mod clients;
mod environments;
mod expiry;
pub(crate) mod forge;
mod lists;
mod names;
mod pkcs12;
pub(crate) mod publisher;
pub(crate) mod servers;
