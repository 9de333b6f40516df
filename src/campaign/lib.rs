//! The cahier de tests and the simulated ROR: an EAI seen from outside.

pub mod cahier;
pub mod simulator;
