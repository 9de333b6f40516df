//! Our own certificates come to their end: IGC-Santé renews one only while it is valid, and nothing
//! replaces one that has expired in less than weeks. So the end is told early, and told again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use super::certificate::{Certificate, day};

/// The days before the end at which it is told, the nearest first.
const THRESHOLDS: [i64; 4] = [7, 30, 60, 90];
/// From this threshold on, it is urgent.
const URGENT: i64 = 30;

/// A certificate of ours whose end is near, or past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiryAlarm {
    /// The file that holds it.
    pub file: PathBuf,
    /// What it says.
    pub certificate: Certificate,
    /// Whole days until the end; negative when it has come.
    pub days_left: i64,
    /// The threshold reached: 90, 60, 30 or 7 days; once it has expired, the days left themselves,
    /// so that each day is another one.
    pub threshold: i64,
}

/// What was told already, so that each threshold of each certificate is told once.
#[derive(Debug, Default)]
pub struct ExpiryNotices(BTreeMap<PathBuf, (Certificate, i64)>);

impl ExpiryAlarm {
    /// Whether a certificate is near its end, and how near.
    pub fn of(file: PathBuf, certificate: Certificate, now: Timestamp) -> Option<Self> {
        let days_left = certificate.days_left(now);
        let reached = |threshold: &i64| days_left <= *threshold;
        let threshold = if days_left < 0 { days_left } else { THRESHOLDS.into_iter().find(reached)? };
        Some(Self { file, certificate, days_left, threshold })
    }

    /// Whether an operator must act without delay.
    pub fn is_urgent(&self) -> bool {
        self.threshold <= URGENT
    }

    /// The alarm in one sentence, with what to do.
    pub fn sentence(&self) -> String {
        let (file, subject, end) = (self.file.display(), &self.certificate.subject, day(self.certificate.not_after));
        match self.days_left {
            ..0 => format!(
                "le certificat client {file} (« {subject} ») a expiré le {end} ; commandez-en un nouveau à l’IGC-Santé, un certificat expiré ne se renouvelle plus"
            ),
            left => format!(
                "le certificat client {file} (« {subject} ») expire le {end}, dans {left} jours ; renouvelez-le à l’IGC-Santé avant cette date et déclarez son DN s’il change"
            ),
        }
    }
}

impl ExpiryNotices {
    /// Whether this alarm is news: another threshold, or another certificate in that file.
    pub fn is_news(&mut self, alarm: &ExpiryAlarm) -> bool {
        let told = (alarm.certificate.clone(), alarm.threshold);
        self.0.insert(alarm.file.clone(), told.clone()).is_none_or(|before| before != told)
    }
}
