//! The diagnosis: planted faults are named with their remedy, and a healthy system is told so.

mod bench;
mod certificates;
mod guide;
mod human;
mod imap;
mod local;
mod mssante;
mod ror;
mod smtp;
