//! Traces on standard error: identifiers, sizes, outcomes; never a content, an address or a secret.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use service::config::{Log, LogFormat, LogLevel};

/// Below debug these libraries print passwords and mails: no setting may go there.
const CAPPED: [(&str, LevelFilter); 7] = [
    ("async_imap", LevelFilter::INFO),
    ("imap_proto", LevelFilter::INFO),
    ("hyper", LevelFilter::INFO),
    ("reqwest", LevelFilter::INFO),
    ("rustls", LevelFilter::INFO),
    ("sqlx", LevelFilter::WARN),
    ("h2", LevelFilter::INFO),
];

/// Starts the traces; a second call changes nothing.
pub(super) fn start(log: &Log) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(log.level))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(BoxMakeWriter::new(std::io::stderr));
    let started = match log.format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    drop(started);
}

/// The level asked for; a cap lowers it and never raises it.
fn filter(level: LogLevel) -> EnvFilter {
    let asked = level.word().parse().unwrap_or(LevelFilter::INFO);
    CAPPED.iter().fold(EnvFilter::new(level.word()), |filter, (library, cap)| {
        match format!("{library}={}", asked.min(*cap)).parse() {
            Ok(directive) => filter.add_directive(directive),
            Err(_) => filter,
        }
    })
}
