//! A duty of the store as its task sees it: had, or another worker's.

use std::sync::{Mutex, MutexGuard, PoisonError};

use store::{Store, StoreError, TaskLease, WorkerLease};

/// The place of a task whose work one worker does at a time.
#[derive(Debug)]
pub struct TaskHold {
    shift: WorkerLease,
    duty: Mutex<Option<TaskLease>>,
}

impl TaskHold {
    /// The place, empty yet.
    pub fn new(shift: WorkerLease) -> Self {
        Self { shift, duty: Mutex::default() }
    }

    /// The worker it belongs to.
    pub fn shift(&self) -> &WorkerLease {
        &self.shift
    }

    /// The store it works on.
    pub fn store(&self) -> &Store {
        self.shift.store()
    }

    /// The duty, if this worker has it as far as it knows: each write finds out.
    pub fn duty(&self) -> Result<TaskLease, StoreError> {
        self.lock().clone().filter(|duty| self.shift.has(duty)).ok_or(StoreError::Lapsed)
    }

    /// From now on the task has this duty, or none.
    pub fn set(&self, duty: Option<TaskLease>) {
        *self.lock() = duty;
    }

    /// Gives the duty up, for another worker to take.
    pub async fn leave(&self) -> Result<(), StoreError> {
        let duty = self.lock().take();
        match duty {
            Some(duty) => self.shift.leave(&duty).await,
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<TaskLease>> {
        self.duty.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
