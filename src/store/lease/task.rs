//! What one worker does at a time: reading one mailbox, settling. Each write under a duty looks at its fence.

use crate::engine::locks::Lock;
use crate::engine::{Tx, query, query_scalar};
use crate::{Result, Store, StoreError, WorkerLease};

/// A duty that a worker was given. Whether it still has it, each write finds out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskLease {
    name: String,
    worker: i64,
    number: i64,
}

impl WorkerLease {
    /// Takes the duty to read and judge the mailbox of an account; `None` if another worker has it.
    pub async fn take_mailbox(&self, account: &str) -> Result<Option<TaskLease>> {
        self.take(format!("boîte {account}")).await
    }

    /// Takes the duty to settle and answer; `None` if another worker has it.
    pub async fn take_settling(&self) -> Result<Option<TaskLease>> {
        self.take("règlement".to_owned()).await
    }

    /// Takes the duty to open and close incidents and to tell of them; `None` if another worker has it.
    pub async fn take_alerts(&self) -> Result<Option<TaskLease>> {
        self.take("alertes".to_owned()).await
    }

    /// A duty that this worker has already gets a new number: its task began anew.
    async fn take(&self, name: String) -> Result<Option<TaskLease>> {
        let mut tx = self.store().write().await?;
        let worker = self.on_list(&mut tx).await?;
        tx.lock([Lock::duty(&name)]).await?;
        let number = tx.number().await?;
        let taken = query(
            "INSERT INTO duties (name, worker, number) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET worker = excluded.worker, number = excluded.number
             WHERE duties.worker = excluded.worker
                OR NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = duties.worker)",
        )
        .bind(&name)
        .bind(worker)
        .bind(number)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok((taken > 0).then_some(TaskLease { name, worker, number }))
    }

    /// How many sweeps of a mailbox came to their end under whoever has the duty to read it.
    pub async fn sweeps_of(&self, account: &str) -> Result<i64> {
        let sweeps: Option<i64> = query_scalar("SELECT sweeps FROM duties WHERE name = $1")
            .bind(format!("boîte {account}"))
            .fetch_optional(self.store().read())
            .await?;
        Ok(sweeps.unwrap_or(0))
    }

    /// A sweep of a mailbox came to its end: the workers that do not read it see it by that. On a file there are none.
    pub async fn swept(&self, duty: &TaskLease) -> Result<()> {
        if !self.store().engine.is_shared() {
            return Ok(());
        }
        query("UPDATE duties SET sweeps = sweeps + 1 WHERE name = $1 AND number = $2")
            .bind(&duty.name)
            .bind(duty.number)
            .execute(self.store().write_one())
            .await
            .map(drop)
    }

    /// Whether the duty was given to this worker as it is now: since it lapsed, or ended, it is somebody else.
    pub fn has(&self, duty: &TaskLease) -> bool {
        duty.worker == self.worker()
    }

    /// Gives a duty up, for another worker to take.
    pub async fn leave(&self, duty: &TaskLease) -> Result<()> {
        let mut tx = self.store().write().await?;
        tx.lock([Lock::duty(&duty.name)]).await?;
        query("DELETE FROM duties WHERE name = $1 AND number = $2")
            .bind(&duty.name)
            .bind(duty.number)
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }
}

impl Store {
    /// A transaction that writes under a duty, and surely has it until it ends. A holder that was taken off the list and
    /// not replaced yet may go on; one that was replaced is refused.
    pub(crate) async fn write_under(&self, duty: &TaskLease) -> Result<Tx> {
        let mut tx = self.write().await?;
        tx.lock([Lock::duty(&duty.name)]).await?;
        let holds: i64 = query_scalar("SELECT COUNT(*) FROM duties WHERE name = $1 AND number = $2")
            .bind(&duty.name)
            .bind(duty.number)
            .fetch_one(&mut tx)
            .await?;
        if holds > 0 {
            return Ok(tx);
        }
        tx.rollback().await?;
        Err(StoreError::Lapsed)
    }
}
