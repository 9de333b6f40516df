//! The dates of templates: `now`, shifted and written in one of a few ways.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// The offset dates are written in: that of French winter time, whatever the season, since an
/// offset is part of the instant and needs no calendar of summer times.
const OFFSET: Offset = Offset::constant(1);

/// How an instant is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// `2026-11-23T07:50:00+01:00`.
    Offset,
    /// `2026-11-23T06:50:00Z`.
    Utc,
    /// `2026-11-23T07:50:00`, without zone, to write what comes after the seconds by hand.
    Local,
    /// `Mon, 23 Nov 2026 07:50:00 +0100` (RFC 5322, section 3.3).
    Mail,
}

/// An instant relative to the run's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant {
    shift: SignedDuration,
    writing: Writing,
}

impl Instant {
    /// Reads what stands after `now` in a token: `-10m`, `+6d23h`, `-10m|z`, `|mail`, `|local`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (shift, writing) = text.split_once('|').unwrap_or((text, ""));
        let writing = match writing {
            "" if !text.contains('|') => Writing::Offset,
            "z" => Writing::Utc,
            "local" => Writing::Local,
            "mail" => Writing::Mail,
            _ => return None,
        };
        Some(Self { shift: parse_shift(shift)?, writing })
    }

    /// The instant as text.
    pub(super) fn write(self, now: Timestamp) -> String {
        let instant = now.saturating_add(self.shift).unwrap_or(now);
        let local = OFFSET.to_datetime(instant);
        match self.writing {
            Writing::Offset => local.strftime("%Y-%m-%dT%H:%M:%S+01:00").to_string(),
            Writing::Local => local.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            Writing::Mail => local.strftime("%a, %d %b %Y %H:%M:%S +0100").to_string(),
            Writing::Utc => Offset::UTC.to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }
}

/// `-6d23h` as a duration; nothing at all is none.
fn parse_shift(text: &str) -> Option<SignedDuration> {
    let (sign, amounts) = match text.split_at_checked(1) {
        None => return Some(SignedDuration::ZERO),
        Some(("-", amounts)) => (-1, amounts),
        Some(("+", amounts)) => (1, amounts),
        Some(_) => return None,
    };
    let seconds = parse_amounts(amounts)?;
    Some(SignedDuration::from_secs(sign * seconds))
}

fn parse_amounts(mut text: &str) -> Option<i64> {
    let mut total: i64 = 0;
    while !text.is_empty() {
        let digits = text.find(|character: char| !character.is_ascii_digit())?;
        let (amount, rest) = text.split_at_checked(digits)?;
        let (unit, rest) = rest.split_at_checked(1)?;
        total = total.checked_add(amount.parse::<i64>().ok()?.checked_mul(seconds_in(unit)?)?)?;
        text = rest;
    }
    (total > 0).then_some(total)
}

fn seconds_in(unit: &str) -> Option<i64> {
    match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        _ => None,
    }
}
