//! The client of the ROR against the simulator and against scripted servers.

// The attribute tells clippy that what these modules share is test code as well.
#[cfg(test)]
pub(crate) mod bench;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod pki;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod request;
#[cfg(test)]
mod roundtrip;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod simulator;
#[cfg(test)]
mod token;
#[cfg(test)]
mod transport;
#[cfg(test)]
mod wire;
