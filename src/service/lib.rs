//! The configuration, the health, the way of a mail through the store, the alerts.

pub mod alerting;
pub mod config;
pub mod health;
pub mod pipeline;
