//! The mailbox: one behaviour on both backends, then what each alone can get wrong.
#![cfg(test)]

mod behaviour;
mod login;
mod maildir;
mod mishaps;
mod refusals;
mod scripted;
mod second;
mod settings;
mod waiting;
mod world;
