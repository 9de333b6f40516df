//! From bytes to documents, and from documents to counts.

// What it holds is test code, helpers too: clippy.toml lets tests unwrap and index.
#![cfg(test)]

mod message;
mod report;
