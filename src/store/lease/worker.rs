//! Who is at work: each worker under a lease that it renews, on the database's clock.
//!
//! A worker that stops renewing (killed, stopped, cut off) is taken off the list by the first that sees its lease run
//! out. What it was at is then nobody's: requests under way may still be applied, so their locations are held and the
//! newest value is sent again; its duties and replies go to others. When it wakes, its writes find another number
//! where theirs was, and are refused.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use crate::engine::locks::Lock;
use crate::engine::{Tx, query, query_scalar};
use crate::{Batch, Result, Store, StoreError, instant};

/// A worker's place in the store, once it has begun.
#[derive(Debug, Clone)]
pub struct WorkerLease {
    store: Store,
    name: Arc<str>,
    lease: Duration,
    standing: Arc<Mutex<Option<LeaseColumns>>>,
}

/// On the list, as far as the worker knows.
#[derive(Debug, Clone, Copy)]
struct LeaseColumns {
    worker: i64,
    /// Until when nobody can have taken it off, on the clock of this process.
    until: Instant,
}

/// What a renewal found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// Whether the worker had been taken off the list meanwhile, and begins anew.
    pub lapsed: bool,
    /// The database's time.
    pub clock: Timestamp,
}

impl WorkerLease {
    /// A worker of this name, under a lease of this length. It is not on the list before [`Self::begin`].
    pub fn new(store: Store, name: &str, lease: Duration) -> Self {
        Self { store, name: name.into(), lease, standing: Arc::default() }
    }

    /// The store it works on.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How long its lease runs.
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// Puts the worker on the list, and takes off those whose lease has run out: on a file all others, since one worker
    /// at a time may open it. Beginning again is being somebody else: what it was at before is nobody's.
    pub async fn begin(&self) -> Result<()> {
        let asked = Instant::now();
        let mut tx = self.store.write().await?;
        let clock = tx.clock().await?;
        dismiss(&mut tx, if self.store.engine.is_shared() { clock } else { i64::MAX }).await?;
        let worker = tx.number().await?;
        query("INSERT INTO workers (id, name, expires_at, lease) VALUES ($1, $2, $3, $4)")
            .bind(worker)
            .bind(&*self.name)
            .bind(self.expiry(clock))
            .bind(self.length())
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        self.stand(Some(LeaseColumns { worker, until: asked + self.lease }));
        Ok(())
    }

    /// Prolongs the lease; a worker that was taken off the list begins anew.
    pub async fn renew(&self) -> Result<Renewal> {
        let asked = Instant::now();
        let mut tx = self.store.write().await?;
        let clock = tx.clock().await?;
        let worker = self.standing().map_or(0, |standing| standing.worker);
        let renewed = query("UPDATE workers SET expires_at = $2 WHERE id = $1")
            .bind(worker)
            .bind(self.expiry(clock))
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        if renewed == 0 {
            self.begin().await?;
        } else {
            self.stand(Some(LeaseColumns { worker, until: asked + self.lease }));
        }
        Ok(Renewal { lapsed: renewed == 0, clock: instant(clock) })
    }

    /// Takes off the list whose lease has run out. Returns how many that were.
    pub async fn dismiss_lapsed(&self) -> Result<u64> {
        let mut tx = self.store.write().await?;
        let clock = tx.clock().await?;
        let lapsed = dismiss(&mut tx, clock).await?;
        tx.commit().await?;
        Ok(lapsed)
    }

    /// Takes the worker off the list: what it had not begun is at once anybody's.
    pub async fn end(&self) -> Result<()> {
        let Some(LeaseColumns { worker, .. }) = self.standing() else { return Ok(()) };
        self.stand(None);
        let mut tx = self.store.write().await?;
        tx.lock([Lock::worker(worker)]).await?;
        query("DELETE FROM workers WHERE id = $1").bind(worker).execute(&mut tx).await?;
        tx.commit().await
    }

    /// Whether nobody can have taken over yet: what is begun after that may be done once more by another.
    pub fn is_on(&self) -> bool {
        self.standing().is_some_and(|standing| Instant::now() < standing.until)
    }

    /// Whether a batch that was claimed is still this worker's: it is on the list, and under the number that claimed.
    /// One that was taken off and began anew is somebody else, however long its new lease runs.
    pub fn may_send(&self, batch: &Batch) -> bool {
        self.standing().is_some_and(|standing| standing.worker == batch.worker && Instant::now() < standing.until)
    }

    /// A claim of ours was found gone: another worker took over, whatever our clock says of the lease. Nothing more is
    /// begun before a renewal, which finds out.
    pub fn claim_was_lost(&self) {
        let standing = self.standing().map(|standing| LeaseColumns { until: Instant::now(), ..standing });
        self.stand(standing);
    }

    /// How long a worker that was replaced may go on without knowing it: until its lease ends by its own clock. None on
    /// a file, which one process at a time may open.
    pub fn unaware(&self) -> Duration {
        if self.store.engine.is_shared() { self.lease } else { Duration::ZERO }
    }

    /// The worker's number, surely on the list until the end of the transaction.
    pub(crate) async fn on_list(&self, tx: &mut Tx) -> Result<i64> {
        let Some(LeaseColumns { worker, .. }) = self.standing() else { return Err(StoreError::Lapsed) };
        tx.lock([Lock::worker(worker)]).await?;
        let listed: i64 =
            query_scalar("SELECT COUNT(*) FROM workers WHERE id = $1").bind(worker).fetch_one(&mut *tx).await?;
        if listed == 0 { Err(StoreError::Lapsed) } else { Ok(worker) }
    }

    /// The worker's number, on the list or not; none is 0.
    pub(crate) fn worker(&self) -> i64 {
        self.standing().map_or(0, |standing| standing.worker)
    }

    fn expiry(&self, clock: i64) -> i64 {
        clock.saturating_add(self.length())
    }

    fn length(&self) -> i64 {
        i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX)
    }

    fn standing(&self) -> Option<LeaseColumns> {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stand(&self, standing: Option<LeaseColumns>) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
    }
}

/// That the lease of a worker has run out at the instant `$1`: before, or so far ahead that nobody can have given it
/// since: it was begun by a clock that was set back meanwhile, and would outlast its worker by as much. A lease's
/// length is allowed for, so that a small correction of the clock takes nobody off who is at work.
const LAPSED: &str = "(expires_at <= $1 OR expires_at - 2 * lease > $1)";

/// Takes off the list whose lease has run out at `clock`, unless one of them renews it at this moment.
async fn dismiss(tx: &mut Tx, clock: i64) -> Result<u64> {
    let statement = format!("SELECT id FROM workers WHERE {LAPSED} ORDER BY id");
    let lapsed: Vec<i64> = query_scalar(AssertSqlSafe(statement)).bind(clock).fetch_all(&mut *tx).await?;
    tx.lock(lapsed.iter().map(|worker| Lock::worker(*worker))).await?;
    let mut dismissed = 0;
    for worker in lapsed {
        let statement = format!("DELETE FROM workers WHERE {LAPSED} AND id = $2");
        dismissed += query(AssertSqlSafe(statement)).bind(clock).bind(worker).execute(&mut *tx).await?;
    }
    Ok(dismissed)
}
