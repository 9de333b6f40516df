//! The cahier de tests.

// What it holds is test code, helpers too: clippy.toml lets tests unwrap and index.
#![cfg(test)]

mod cahier;
