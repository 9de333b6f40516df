//! The operators’ journal as a browser shows it: a real store, real HTTP, Chromium without a window.
#![cfg(test)]

mod acting;
mod alerts;
mod api;
mod axe;
pub(crate) mod browser;
mod captures;
mod desk;
mod establishment;
mod hidden;
mod hostile;
mod journal;
mod walk;
