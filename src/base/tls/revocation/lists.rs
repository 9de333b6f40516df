//! The last good list of each source: when it is asked for anew, and whether it still serves.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::CertificateDer;

use super::super::chain;
use super::list::{ListFault, RevocationList};
use super::settings::{ListConnection, RevocationSettings};
use super::source;
use super::source::ListSource;
use crate::clock::Clock;
use crate::config_values::has_passed;

/// How soon a list is asked for again when it failed, or when its end has come.
const RETRY: SignedDuration = SignedDuration::from_mins(5);

/// The sources of a section, with the last good list of each.
#[derive(Debug)]
pub(super) struct RevocationLists {
    settings: RevocationSettings,
    /// Files of the authorities whose lists are believed.
    authorities: Vec<PathBuf>,
    clock: Clock,
    /// Whether good lists are written to the folder; a diagnosis changes nothing.
    keeps: bool,
    held: Mutex<Vec<HeldList>>,
}

/// A source and what is known of it.
#[derive(Debug, Clone)]
struct HeldList {
    source: ListSource,
    list: Option<Arc<RevocationList>>,
    tried: Option<Timestamp>,
    failure: Option<String>,
}

/// What is known of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListStatus {
    /// The address or the file.
    pub source: String,
    /// The last good list.
    pub list: Option<Arc<RevocationList>>,
    /// Why the last attempt gave none.
    pub failure: Option<String>,
    /// Whether the list serves.
    pub status: Status,
    /// When it ceases to serve, grace included; `None` without a list.
    pub serves_until: Option<Timestamp>,
}

/// Whether a list serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// In its dates.
    Valid,
    /// Past its end, within the grace: it serves, and an operator must act.
    Late,
    /// None, or past the grace: connections are refused.
    Missing,
}

impl RevocationLists {
    /// Takes up the lists that an earlier run kept, and the files.
    pub(super) fn new(
        settings: &RevocationSettings,
        sources: Vec<ListSource>,
        authorities: Vec<PathBuf>,
        clock: Clock,
        keeps: bool,
    ) -> Self {
        let held = sources.into_iter().map(|source| HeldList { source, list: None, tried: None, failure: None });
        let held = Mutex::new(held.collect());
        let lists = Self { settings: settings.clone(), authorities, clock, keeps, held };
        lists.take_up();
        lists
    }

    pub(super) fn covers(&self, connection: ListConnection) -> bool {
        self.settings.connections.contains(&connection)
    }

    fn take_up(&self) {
        let now = self.clock.now();
        for held in self.held().iter_mut() {
            if let Ok(bytes) = source::read(&held.source.copy(&self.settings.folder)) {
                held.list = RevocationList::accept(&bytes, &self.authorities(), now).ok().map(Arc::new);
            }
            if let ListSource::File(path) = &held.source {
                let read = source::read(path).map_err(|error| error.to_string());
                self.judge(held, read);
            }
        }
    }

    pub(super) async fn refresh(&self) {
        let due: Vec<ListSource> =
            self.held().iter().filter(|held| self.is_due(held)).map(|held| held.source.clone()).collect();
        for source in due {
            let obtained = source.obtain(self.settings.timeout.get()).await;
            if let Some(held) = self.held().iter_mut().find(|held| held.source == source) {
                self.judge(held, obtained);
            }
        }
    }

    /// A file is cheap to read; an address is asked at its interval, sooner when its list is due.
    fn is_due(&self, held: &HeldList) -> bool {
        let (now, Some(tried)) = (self.clock.now(), held.tried) else { return true };
        let is_current = held.failure.is_none() && held.list.as_ref().is_some_and(|list| now < list.next_update);
        let interval = self.settings.refresh.signed();
        let wait = if is_current { interval } else { RETRY.min(interval) };
        matches!(held.source, ListSource::File(_)) || has_passed(wait, tried, now)
    }

    /// Takes a list that is good and no older than the one there; says why not otherwise.
    fn judge(&self, held: &mut HeldList, obtained: Result<Vec<u8>, String>) {
        let now = self.clock.now();
        held.tried = Some(now);
        let taken = obtained.and_then(|bytes| {
            let list = RevocationList::accept(&bytes, &self.authorities(), now).map_err(|fault| fault.to_string())?;
            self.take(held, list, &bytes)
        });
        held.failure = taken.err();
    }

    fn take(&self, held: &mut HeldList, list: RevocationList, bytes: &[u8]) -> Result<(), String> {
        match &held.list {
            // Somebody on the way may replay a list from before a revocation.
            Some(known) if known.issuer == list.issuer && list.this_update < known.this_update => {
                return Err(ListFault::Older.to_string());
            }
            _ => {}
        }
        let copy = held.source.copy(&self.settings.folder);
        let is_known = held.list.as_deref() == Some(&list);
        held.list = Some(Arc::new(list));
        if !self.keeps || is_known && copy.exists() {
            return Ok(());
        }
        source::keep(&copy, bytes)
            .map_err(|error| format!("elle ne peut être gardée dans {} ({error})", copy.display()))
    }

    pub(super) fn standing(&self) -> Vec<ListStatus> {
        let now = self.clock.now();
        let grace = self.settings.grace.signed();
        let standing = |held: &HeldList| {
            let end = held.list.as_ref().map(|list| list.next_update);
            let serves_until = end.map(|end| end.saturating_add(grace).unwrap_or(end));
            let status = match (end, serves_until) {
                (Some(end), _) if now < end => Status::Valid,
                (_, Some(last)) if now < last => Status::Late,
                _ => Status::Missing,
            };
            let (source, list, failure) = (held.source.to_string(), held.list.clone(), held.failure.clone());
            ListStatus { source, list, failure, status, serves_until }
        };
        self.held().iter().map(standing).collect()
    }

    /// Read anew each time: the files may have been replaced. An unreadable one is told by whoever
    /// connects with it.
    fn authorities(&self) -> Vec<CertificateDer<'static>> {
        self.authorities.iter().filter_map(|path| chain(path).ok()).flatten().collect()
    }

    fn held(&self) -> MutexGuard<'_, Vec<HeldList>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
