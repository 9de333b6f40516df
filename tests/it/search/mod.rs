//! What operators look for: found in every way alike, by plans that read no table whole, and measured on a large store.

mod measure;
mod plans;
mod questions;
mod region;
mod stories;
