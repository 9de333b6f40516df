//! Answers of several locations, written in one commit: whoever comes while one is being written shares the next.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use store::{Answered, Store, StoreError};

/// Where answers wait for the commit under way to end.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct GroupCommit {
    waiting: Mutex<Vec<PendingAnswer>>,
    writing: tokio::sync::Mutex<()>,
}

/// The answers of one location, and whom to tell that they are durable.
#[derive(Debug)]
struct PendingAnswer {
    answers: Vec<Answered>,
    told: oneshot::Sender<Result<bool, StoreError>>,
}

impl GroupCommit {
    /// Returns when these answers are durable, and whether a claim was found gone among those written with them. A fault
    /// of one location's records is told to that location alone.
    pub(in crate::pipeline) async fn record(&self, store: &Store, answers: Vec<Answered>) -> Result<bool, StoreError> {
        let (told, mut heard) = oneshot::channel();
        self.waiting().push(PendingAnswer { answers, told });
        let _turn = self.writing.lock().await;
        // Unless the one before wrote them along.
        if let Ok(result) = heard.try_recv() {
            return result;
        }
        let entries = std::mem::take(&mut *self.waiting());
        write(store, entries).await;
        heard.try_recv().unwrap_or(Err(StoreError::Unreachable))
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<PendingAnswer>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write(store: &Store, entries: Vec<PendingAnswer>) {
    let together: Vec<&Answered> = entries.iter().flat_map(|entry| &entry.answers).collect();
    let written = match store.close_rows(&together).await {
        Err(failure) if failure.is_of_one_record() => return write_apart(store, entries).await,
        written => written.map_err(Arc::new),
    };
    for PendingAnswer { told, .. } in entries {
        // Nobody hears it whose task was ended.
        drop(told.send(written.clone().map_err(StoreError::Shared)));
    }
}

async fn write_apart(store: &Store, entries: Vec<PendingAnswer>) {
    for PendingAnswer { answers, told } in entries {
        let answers: Vec<&Answered> = answers.iter().collect();
        drop(told.send(store.close_rows(&answers).await));
    }
}
