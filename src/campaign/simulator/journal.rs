//! Every request the simulator received, in order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::key::IndicatorKey;

/// The most requests remembered; the oldest are forgotten first.
const REMEMBERED: usize = 50_000;

/// A request as the simulator saw it. Other header values are not kept: one of them is the token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Its rank since the start, from 1.
    pub rang: u64,
    /// `PATCH`, `GET` or `POST` (a token).
    pub methode: String,
    /// The location it names, decoded.
    pub identifiant: Option<String>,
    /// `add`, `replace` or `delete`.
    pub operation: Option<String>,
    /// The indicator it is about.
    pub indicateur: Option<IndicatorKey>,
    /// nbCapacity.
    pub nombre: Option<i64>,
    /// capacityUpdateDate, as sent.
    pub date: Option<String>,
    /// The names of its headers, in lower case.
    pub en_tetes: Vec<String>,
    /// The values of its `Ror-*` headers, under their names in lower case.
    pub ror: BTreeMap<String, String>,
    /// The client that it names, or whose token it bears.
    pub client: Option<String>,
    /// The status answered; `None` while it is treated, and if no answer was given.
    pub statut: Option<u16>,
    /// Whether it changed what the simulator holds.
    pub applique: bool,
}

/// The requests received.
#[derive(Default)]
pub(super) struct Journal(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    last: u64,
    entries: VecDeque<Recorded>,
}

impl Journal {
    /// Records a request and gives its rank.
    pub(super) fn open(&self, mut request: Recorded) -> u64 {
        let mut journal = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        journal.last += 1;
        request.rang = journal.last;
        if journal.entries.len() >= REMEMBERED {
            journal.entries.pop_front();
        }
        journal.entries.push_back(request);
        journal.last
    }

    /// Completes the record of a request.
    pub(super) fn note(&self, rank: u64, note: impl FnOnce(&mut Recorded)) {
        let mut journal = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = journal.entries.iter_mut().rev().find(|entry| entry.rang == rank) {
            note(entry);
        }
    }

    pub(super) fn all(&self) -> Vec<Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entries.iter().cloned().collect()
    }
}
