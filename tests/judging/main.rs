//! The referential, the verdict, the reply.

// What it holds is test code, helpers too: clippy.toml lets tests unwrap and index.
#![cfg(test)]

mod indicators;
mod judgement;
mod referential;
mod reply;
