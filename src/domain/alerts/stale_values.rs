//! Reports that come and say nothing new: counts that do not change, a date of observation that does not advance.

use jiff::Timestamp;

use super::{AlertSettings, Baseline};

/// Fewer reports since then prove nothing.
const LEAST_REPORTS: usize = 3;

/// What is known of the counts of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Values {
    /// The date of observation since which all its counts have been the same.
    pub unchanged_since: Timestamp,
    /// When its latest date of observation first came.
    pub advanced_at: Timestamp,
}

/// Since when it stands still, if it does for long enough while reports come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stillness {
    /// The counts have not changed since then.
    pub frozen_since: Option<Timestamp>,
    /// The date of observation has not advanced since it first came, at that instant.
    pub stalled_since: Option<Timestamp>,
}

impl Stillness {
    /// Judged by reports that did come: who is silent does not stand still, it is missing.
    pub fn of(values: Values, habit: &Baseline, settings: &AlertSettings, now: Timestamp) -> Self {
        let lasts = |since: &Timestamp| {
            let is_old = now.duration_since(*since) >= settings.frozen_after.signed();
            is_old && habit.since(*since) >= LEAST_REPORTS
        };
        Self {
            frozen_since: Some(values.unchanged_since).filter(lasts),
            stalled_since: Some(values.advanced_at).filter(lasts),
        }
    }
}
