//! What every part stands on: clock, random numbers, fail points, values of the configuration, retries, TLS.

pub mod clock;
pub mod config_values;
pub mod fail_point;
pub mod http_server;
pub mod random;
pub mod retry;
pub mod tls;
pub mod unread;
