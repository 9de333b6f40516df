//! Signing in to the journal on the web, over real HTTP, on a clock that stands still.
#![cfg(test)]

mod forged;
mod issuer;
mod local;
mod openid;
mod proxied;
pub(crate) mod site;
