//! Folders that do not take mails: left alone for a while, then tried again, so that none holds back what comes after it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use edges::mailbox::Folder;

/// How long a folder is left alone after each refusal in a row, in seconds; the last wait repeats.
const WAITS: [u64; 5] = [10, 30, 60, 300, 900];

/// The folders of one mailbox that refuse mails. In memory alone: after a restart each is tried at once.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct RefusingFolders(Mutex<FolderState>);

#[derive(Debug, Default)]
struct FolderState {
    held: BTreeMap<Folder, HeldFolders>,
    /// Those in whose filing a session ended: tried apart from the others, so that the right one is blamed.
    suspects: BTreeSet<Folder>,
    /// Those that took a mail before.
    proven: BTreeSet<Folder>,
}

#[derive(Debug)]
struct HeldFolders {
    refusals: usize,
    next: Instant,
}

impl RefusingFolders {
    /// The folders not to be asked now.
    pub(in crate::pipeline) fn held(&self) -> BTreeSet<Folder> {
        let now = Instant::now();
        self.lock().held.iter().filter(|(_, held)| now < held.next).map(|(folder, _)| *folder).collect()
    }

    /// The folders that refused mails and are to be asked again.
    pub(in crate::pipeline) fn due(&self) -> BTreeSet<Folder> {
        let now = Instant::now();
        self.lock().held.iter().filter(|(_, held)| held.next <= now).map(|(folder, _)| *folder).collect()
    }

    /// A folder refused mails: how long it is left alone.
    pub(in crate::pipeline) fn refused(&self, folder: Folder) -> Duration {
        let mut state = self.lock();
        let held = state.held.entry(folder).or_insert_with(|| HeldFolders { refusals: 0, next: Instant::now() });
        let wait = WAITS.get(held.refusals).or(WAITS.last()).copied().unwrap_or_default();
        let wait = Duration::from_secs(wait);
        held.refusals = held.refusals.saturating_add(1);
        held.next = Instant::now() + wait;
        wait
    }

    /// A folder took what it was asked to, or nothing waits for it. Says whether it had refused mails.
    pub(in crate::pipeline) fn well(&self, folder: Folder) -> bool {
        let mut state = self.lock();
        state.suspects.remove(&folder);
        state.held.remove(&folder).is_some()
    }

    /// A folder took a mail: what is said of its making counts for nothing any more.
    pub(in crate::pipeline) fn proven(&self, folder: Folder) {
        self.lock().proven.insert(folder);
    }

    pub(in crate::pipeline) fn is_proven(&self, folder: Folder) -> bool {
        self.lock().proven.contains(&folder)
    }

    pub(in crate::pipeline) fn is_known(&self, folder: Folder) -> bool {
        self.lock().held.contains_key(&folder)
    }

    pub(in crate::pipeline) fn is_suspect(&self, folder: Folder) -> bool {
        self.lock().suspects.contains(&folder)
    }

    /// A session ended while these were being filed in: the one that is to blame for the second time, alone.
    pub(in crate::pipeline) fn interrupted(&self, folders: &BTreeSet<Folder>) -> Option<Folder> {
        let mut state = self.lock();
        let alone = folders.first().copied().filter(|one| folders.len() == 1 && state.suspects.contains(one));
        state.suspects.extend(folders);
        alone
    }

    fn lock(&self) -> MutexGuard<'_, FolderState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_folder_is_asked_later_and_later() {
        let holding = RefusingFolders::default();
        for wait in [10, 30, 60, 300, 900, 900] {
            assert_eq!(holding.refused(Folder::Rejets).as_secs(), wait);
            assert_eq!((holding.held().len(), holding.due().len()), (1, 0));
            tokio::time::advance(Duration::from_secs(wait)).await;
            assert_eq!((holding.held().len(), holding.due().len()), (0, 1));
        }
        assert!(holding.well(Folder::Rejets));
        assert_eq!(holding.refused(Folder::Rejets).as_secs(), 10, "it begins anew");
    }

    #[test]
    fn the_folder_that_ends_two_sessions_alone_is_to_blame() {
        let holding = RefusingFolders::default();
        let both = BTreeSet::from([Folder::Traites, Folder::Rejets]);
        assert_eq!(holding.interrupted(&both), None);
        assert!(both.iter().all(|folder| holding.is_suspect(*folder)));
        assert!(!holding.well(Folder::Traites));
        assert_eq!(holding.interrupted(&BTreeSet::from([Folder::Rejets])), Some(Folder::Rejets));
        assert_eq!(holding.interrupted(&BTreeSet::from([Folder::Traites])), None);
    }
}
