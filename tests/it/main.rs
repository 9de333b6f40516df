//! One test binary.

// What it holds is test code, helpers too: clippy.toml lets tests unwrap and index.
#![cfg(test)]

#[cfg(unix)]
mod acting;
#[cfg(unix)]
mod alerts;
mod answered;
mod architecture;
mod capping;
mod child;
mod cli;
mod config;
mod config_pages;
#[cfg(unix)]
mod crash;
mod cyrus;
mod delivery;
mod doctor;
mod dovecot;
#[cfg(target_os = "linux")]
mod durability;
mod e2e_cyrus;
mod e2e_imap;
mod e2e_left;
mod e2e_mail;
mod e2e_refused;
mod e2e_replies;
#[cfg(target_os = "linux")]
mod e2e_trouble;
mod exim;
mod fail_points;
#[cfg(unix)]
mod faults;
mod judges;
#[cfg(target_os = "linux")]
mod lessons;
#[cfg(unix)]
mod liveness;
mod mailbox;
#[cfg(target_os = "linux")]
mod memory;
mod pgbouncer;
mod playing;
#[cfg(target_os = "linux")]
mod postfix;
mod postgres;
mod posting;
#[cfg(unix)]
mod proxy;
mod pymap;
#[cfg(unix)]
mod quirks;
#[cfg(unix)]
mod replay;
mod retry;
mod ror;
mod search;
mod served;
mod sign_in;
mod smtp;
#[cfg(target_os = "linux")]
mod soak;
mod store;
mod tls;
#[cfg(unix)]
mod web;

/// How long anything that must come may take before a test gives up: much longer than it takes on a machine on which
/// others compile. It is spent by what never comes only.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_mins(5);
