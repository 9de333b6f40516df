//! The mailbox: one behaviour on both backends, then what each alone can get wrong.
#![cfg(test)]

mod behaviour;
mod injected;
mod login;
mod maildir;
mod mishaps;
mod pace;
mod refusals;
pub(crate) mod scripted;
mod second;
mod settings;
mod waiting;
mod world;
