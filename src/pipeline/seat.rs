//! A duty of the store as its task sees it: had, or another worker's.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::{Duty, Shift, Store, StoreError};

/// The place of a task whose work one worker does at a time.
#[derive(Debug)]
pub(super) struct Seat {
    shift: Shift,
    duty: Mutex<Option<Duty>>,
}

impl Seat {
    pub(super) fn new(shift: Shift) -> Self {
        Self { shift, duty: Mutex::default() }
    }

    pub(super) fn shift(&self) -> &Shift {
        &self.shift
    }

    pub(super) fn store(&self) -> &Store {
        self.shift.store()
    }

    /// The duty, if this worker has it as far as it knows: each write finds out.
    pub(super) fn duty(&self) -> Result<Duty, StoreError> {
        self.lock().clone().filter(|duty| self.shift.has(duty)).ok_or(StoreError::Lapsed)
    }

    /// From now on the task has this duty, or none.
    pub(super) fn set(&self, duty: Option<Duty>) {
        *self.lock() = duty;
    }

    /// Gives the duty up, for another worker to take.
    pub(super) async fn leave(&self) -> Result<(), StoreError> {
        let duty = self.lock().take();
        match duty {
            Some(duty) => self.shift.leave(&duty).await,
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Duty>> {
        self.duty.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
