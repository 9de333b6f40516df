//! Who sends and who does not: learned from what came, kept for whoever shows it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use domain::alerts::{AlertSettings, Baseline, Board, ExpectedSender, Stillness, Values};
use domain::capacity::ServiceCode;
use domain::finess::Finess;
use judging::referential::{PlaceKind, Referential};
use store::{Store, StoreError};

/// How far back what came is read at the start.
const PAST: SignedDuration = SignedDuration::from_hours(24 * 56);
/// Documents read at a time, and how often in one turn: a long past is read over several turns.
const PAGE: u32 = 2000;
const PAGES: usize = 25;

/// The last board; clones share it.
#[derive(Debug, Clone, Default)]
pub struct FreshnessCache(Arc<Mutex<Option<Arc<Board>>>>);

impl FreshnessCache {
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
    habits: BTreeMap<Who, Baseline>,
    stillness: BTreeMap<Who, Stillness>,
}

impl Memory {
    /// Reads what came since the last turn. Returns whether all of it is read.
    pub(super) async fn catch_up(&mut self, store: &Store, now: Timestamp) -> Result<bool, StoreError> {
        let mut read = match self.read {
            Some(read) => read,
            None => store.document_before(super::before(now, PAST)).await?,
        };
        for _ in 0..PAGES {
            let page = store.arrivals(read, PAGE).await?;
            for arrival in page.arrivals {
                for who in [(arrival.finess, None), (arrival.finess, Some(arrival.service))] {
                    self.habits.entry(who).or_default().note(arrival.at);
                }
            }
            read = page.next;
            self.read = Some(read);
            if !page.more {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Looks at whose counts, or whose dates of observation, stand still.
    pub(super) async fn look_at_counts(
        &mut self,
        store: &Store,
        settings: &AlertSettings,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut still = BTreeMap::new();
        for place in store.places().await? {
            let (Ok(finess), Ok(service)) = (place.finess.parse(), place.service.parse()) else { continue };
            let who: Who = (finess, Some(service));
            // Who was last heard before what is remembered begins.
            for who in [(finess, None), who.clone()] {
                self.habits.entry(who).or_default().heard(place.entendu);
            }
            let values = Values { unchanged_since: place.inchange_depuis, advanced_at: place.avance };
            if let Some(habit) = self.habits.get(&who) {
                still.insert(who, Stillness::of(values, habit, settings, now));
            }
        }
        self.stillness = still;
        Ok(())
    }

    /// The board of this moment.
    pub(super) fn board(
        &self,
        referential: &Referential,
        mutes: &BTreeMap<Finess, Timestamp>,
        settings: &AlertSettings,
        now: Timestamp,
    ) -> Board {
        let known = |expected: &ExpectedSender| {
            let who = (expected.finess, expected.service.clone());
            let habit = self.habits.get(&who).cloned().unwrap_or_default();
            (habit, self.stillness.get(&who).copied().unwrap_or_default())
        };
        Board::new(expected(referential), known, mutes, settings, now)
    }
}

/// The open establishments (EG) that have an open service, and those services.
fn expected(referential: &Referential) -> Vec<ExpectedSender> {
    let open = referential.establishments().filter(|(_, one)| one.kind == PlaceKind::Eg && one.open);
    let mut all = Vec::new();
    for (finess, one) in open {
        let services = referential.services_of(finess).filter(|(_, service)| service.open);
        let services: Vec<ExpectedSender> = services
            .map(|(code, service)| ExpectedSender {
                finess,
                service: Some(code.clone()),
                name: service.label.clone(),
                cadence: service.cadence.or(one.cadence),
            })
            .collect();
        if !services.is_empty() {
            all.push(ExpectedSender { finess, service: None, name: one.name.clone(), cadence: one.cadence });
            all.extend(services);
        }
    }
    all
}
