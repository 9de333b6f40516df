//! The cahier de tests: its cases load, expand to the same bytes, and cover the contract.
#![cfg(test)]

mod cases;
mod templates;

use std::path::{Path, PathBuf};

use campaign::cahier::Run;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn run() -> Run {
    Run { now: "2026-11-23T07:00:00Z".parse().unwrap(), serie: "Essai1".to_owned() }
}
