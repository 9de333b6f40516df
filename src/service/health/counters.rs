//! What was counted since the start of the process.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Names and values; every value comes from a list that the program knows.
pub(super) type Labels = Vec<(&'static str, String)>;

/// The counters, shared by the tasks that count.
#[derive(Debug, Clone)]
pub(super) struct Counters {
    pub(super) sweeps: Family<Labels, Counter>,
    pub(super) mails: Family<Labels, Counter>,
    pub(super) defects: Family<Labels, Counter>,
    pub(super) requests: Family<Labels, Counter>,
    pub(super) durations: Family<Labels, Histogram>,
    pub(super) replies: Family<Labels, Counter>,
}

impl Counters {
    pub(super) fn new() -> Self {
        Self {
            sweeps: Family::default(),
            mails: Family::default(),
            defects: Family::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram),
            replies: Family::default(),
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("sweeps", "Sweeps of a mailbox that ended, complete or failed", self.sweeps.clone());
        registry.register("mails_handled", "Mails received, judged and moved", self.mails.clone());
        registry.register("defects", "Defects found, by code", self.defects.clone());
        registry.register("ror_requests", "Requests to the ROR and its token endpoint", self.requests.clone());
        let help = "Time from a request to the end of its answer";
        registry.register_with_unit("ror_request_duration", help, Unit::Seconds, self.durations.clone());
        registry.register("replies", "Tries to send a reply", self.replies.clone());
    }
}

/// From a fast answer to the longest deadline of a request.
fn histogram() -> Histogram {
    Histogram::new([0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0])
}
