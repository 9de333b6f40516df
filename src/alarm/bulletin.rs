//! Who sends and who does not: learned from what came, kept for whoever shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::alerts::{Board, Expected, Habit, Settings, Stillness};
use crate::capacity::{Location, ServiceCode};
use crate::finess::Finess;
use crate::referential::{Kind, Referential};
use crate::store::{Store, StoreError};

/// How far back what came is read at the start.
const PAST: SignedDuration = SignedDuration::from_hours(24 * 56);
/// Documents read at a time, and how often in one turn: a long past is read over several turns.
const PAGE: u32 = 2000;
const PAGES: usize = 25;
/// Services whose counts are looked at in one turn.
const SERVICES: usize = 20;

/// The last board; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Bulletin(Arc<Mutex<Option<Arc<Board>>>>);

impl Bulletin {
    /// The last board; `None` until what came was read once.
    pub fn board(&self) -> Option<Arc<Board>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another in its place.
    pub fn post(&self, board: Arc<Board>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(board);
    }
}

type Who = (Finess, Option<ServiceCode>);

/// What is remembered of who sent when, and of whose counts stand still.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The document that it was read up to; `None` before the first turn.
    read: Option<i64>,
    habits: BTreeMap<Who, Habit>,
    stillness: BTreeMap<Who, Stillness>,
    /// The service that was looked at last.
    looked_at: Option<Who>,
}

impl Memory {
    /// Reads what came since the last turn. Returns whether all of it is read.
    pub(super) async fn catch_up(&mut self, store: &Store, now: Timestamp) -> Result<bool, StoreError> {
        let mut read = match self.read {
            Some(read) => read,
            None => store.documents_before(super::before(now, PAST)).await?,
        };
        for _ in 0..PAGES {
            let page = store.arrivals(read, PAGE).await?;
            for arrival in page.arrivals {
                self.habits.entry((arrival.finess, None)).or_default().note(arrival.at);
                self.habits.entry((arrival.finess, Some(arrival.service))).or_default().note(arrival.at);
            }
            read = page.next;
            self.read = Some(read);
            if !page.more {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Looks at the counts of the next services, so that each has its turn.
    pub(super) async fn look_at_counts(
        &mut self,
        store: &Store,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let since = super::before(now, settings.frozen_after.signed().saturating_mul(2));
        for who in self.next_services() {
            let (finess, Some(code)) = &who else { continue };
            let values = store.values(&Location::new(*finess, code.clone()), since).await?;
            let habit = self.habits.get(&who).cloned().unwrap_or_default();
            self.stillness.insert(who, Stillness::of(values, &habit, settings, now));
        }
        Ok(())
    }

    fn next_services(&mut self) -> Vec<Who> {
        let services: BTreeSet<&Who> = self.habits.keys().filter(|(_, service)| service.is_some()).collect();
        let after = services.iter().filter(|who| self.looked_at.as_ref().is_none_or(|last| **who > last));
        let next: Vec<Who> = after.take(SERVICES).map(|who| (*who).clone()).collect();
        self.looked_at = if next.len() < SERVICES { None } else { next.last().cloned() };
        next
    }

    /// The board of this moment.
    pub(super) fn board(
        &self,
        referential: &Referential,
        mutes: &BTreeMap<Finess, Timestamp>,
        settings: &Settings,
        now: Timestamp,
    ) -> Board {
        let known = |expected: &Expected| {
            let who = (expected.finess, expected.service.clone());
            let habit = self.habits.get(&who).cloned().unwrap_or_default();
            (habit, self.stillness.get(&who).copied().unwrap_or_default())
        };
        Board::new(expected(referential), known, mutes, settings, now)
    }
}

/// The open establishments (EG) that have an open service, and those services.
fn expected(referential: &Referential) -> Vec<Expected> {
    let open = referential.establishments().filter(|(_, one)| one.kind == Kind::Eg && one.open);
    let mut all = Vec::new();
    for (finess, one) in open {
        let services = referential.services_of(finess).filter(|(_, service)| service.open);
        let services: Vec<Expected> = services
            .map(|(code, service)| Expected {
                finess,
                service: Some(code.clone()),
                name: service.label.clone(),
                cadence: service.cadence.or(one.cadence),
            })
            .collect();
        if !services.is_empty() {
            all.push(Expected { finess, service: None, name: one.name.clone(), cadence: one.cadence });
            all.extend(services);
        }
    }
    all
}
