//! Values of the command line, refused in French.

use std::net::SocketAddr;

use clap::ValueEnum;
use jiff::Timestamp;
use jiff::civil::DateTime;

use domain::outcome::paris;

/// The form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// Texte pour la lecture.
    Human,
    /// Un objet JSON par ligne, stable.
    Json,
}

/// An instant with its zone, or a date or hour of Paris.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    let local = || text.parse::<DateTime>().ok()?.to_zoned_datetime(paris()).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(local).ok_or_else(|| {
        "un instant s’écrit 2026-11-23, 2026-11-23T08:00 (heure de Paris) ou 2026-11-23T08:00:00+01:00".to_owned()
    })
}

/// How many, at least one.
pub(super) fn count(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| "un nombre entier à partir de 1 est attendu".to_owned())
}

/// A receipt number.
pub(super) fn rank(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "un nombre entier est attendu".to_owned())
}

/// An address to listen on.
pub(super) fn listening(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "une adresse d’écoute s’écrit 127.0.0.1:8443".to_owned())
}
