//! The vocabulary of the field.

// What it holds is test code, helpers too: clippy.toml lets tests unwrap and index.
#![cfg(test)]

mod address;
mod capacity;
mod finess;
