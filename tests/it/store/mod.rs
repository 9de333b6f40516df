//! The store told as stories, on both engines and a clock that stands still.

#[cfg(test)]
mod access;
#[cfg(test)]
mod accounts;
#[cfg(test)]
pub(crate) mod bench;
#[cfg(test)]
mod conservation;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod documents;
#[cfg(test)]
pub(crate) mod engine;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod handing;
#[cfg(test)]
mod hastening;
#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod left;
#[cfg(test)]
mod mails;
#[cfg(test)]
pub(crate) mod plans;
#[cfg(test)]
mod precedence;
#[cfg(test)]
mod purge;
#[cfg(test)]
mod removals;
#[cfg(test)]
mod replaying;
#[cfg(test)]
pub(crate) mod replies;
#[cfg(test)]
mod search;
#[cfg(test)]
mod server;
#[cfg(test)]
mod settling;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod unread;
#[cfg(test)]
mod waits;
#[cfg(test)]
mod workers;
