//! From the server's announcement of a mail to the ROR's acknowledgement of its last count.

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;

use crate::field::Field;

const EVERY: Duration = Duration::from_millis(100);

/// Milliseconds of all mails, ascending.
pub(crate) struct Latencies(Vec<i64>);

/// What of a line of the log matters.
#[derive(Deserialize)]
struct Line {
    timestamp: Timestamp,
    #[serde(default)]
    exists: Option<i64>,
    #[serde(default)]
    expunge: Option<i64>,
}

impl Latencies {
    /// What so many in a hundred did not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> i64 {
        self.0[(self.0.len() * percent).div_ceil(100) - 1]
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

pub(crate) fn measure(field: &Field, seconds: u64, end: Instant) -> Latencies {
    let known = field.settled();
    let program = field.run("debug");
    field.wait_until(end, "the first list", || !announced(&program.log).is_empty());
    std::thread::sleep(Duration::from_secs(2));
    let begin = Instant::now();
    for rank in 0..u32::try_from(seconds * 10).unwrap() {
        std::thread::sleep((EVERY * rank).saturating_sub(begin.elapsed()));
        field.deliver();
    }
    field.wait_until(end, "all to be settled", || field.is_at_rest());
    let log = program.log.clone();
    program.stop();
    let acknowledged = field.rows(
        "SELECT u.mail_id, MAX(a.at) FROM attempts a JOIN updates u ON u.id = a.update_id GROUP BY u.mail_id ORDER BY u.mail_id",
    );
    let arrivals = arrivals(&announced(&log));
    let mut latencies: Vec<i64> = acknowledged
        .iter()
        .filter(|(mail, _)| usize::try_from(*mail).unwrap() > known)
        .zip(&arrivals)
        .map(|((_, at), announced)| at - announced.as_millisecond())
        .collect();
    assert_eq!(latencies.len(), usize::try_from(seconds * 10).unwrap(), "announced: {}", arrivals.len());
    latencies.sort_unstable();
    Latencies(latencies)
}

/// What the server said of the number of mails, in order.
fn announced(log: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(log).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    lines.filter(|line| line.exists.is_some() || line.expunge.is_some()).collect()
}

/// When each mail was first announced: once more came than were there.
fn arrivals(lines: &[Line]) -> Vec<Timestamp> {
    let (mut there, mut arrivals) = (0, Vec::new());
    for line in lines {
        match line.exists {
            Some(number) => {
                arrivals.extend((there..number).map(|_| line.timestamp));
                there = number;
            }
            None => there -= 1,
        }
    }
    arrivals
}
