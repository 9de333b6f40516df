//! The requests sent for a row, as the journal keeps them.

use edges::ror::Exchange;
use store::Probe;

pub(in crate::pipeline) fn probes(exchanges: &[Exchange]) -> Vec<Probe> {
    exchanges
        .iter()
        .map(|exchange| Probe {
            operation: exchange.operation.word().to_owned(),
            status: exchange.status,
            duration_ms: u64::try_from(exchange.duration.as_millis()).unwrap_or(u64::MAX),
            failure: exchange.failure.clone(),
            answer: exchange.answer.clone(),
        })
        .collect()
}
