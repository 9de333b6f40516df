//! The vocabulary of the field: FINESS numbers, addresses, capacities, defects, verdicts, roles, alerts.

pub mod access;
pub mod address;
pub mod alerts;
pub mod capacity;
pub mod csv;
pub mod defect;
pub mod finess;
pub mod labels;
pub mod outcome;
