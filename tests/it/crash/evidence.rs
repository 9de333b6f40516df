//! What is seen from outside once the process is gone: the oracle knows nothing else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use campaign::simulator::{Capacity, Recorded};
use domain::capacity::GenreCode;

use super::ledger::Ledger;

/// The folders that judged mails are moved to.
pub(crate) const FOLDERS: [&str; 5] = ["Traites", "Rejets", "Ignores", "Doublons", "Quarantaine"];

#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    /// The files of the inbox.
    pub(crate) inbox: Vec<Vec<u8>>,
    /// The files of each folder.
    pub(crate) folders: BTreeMap<String, Vec<Vec<u8>>>,
    pub(crate) ledger: Ledger,
    /// The mails of each hospital's mailbox.
    pub(crate) boxes: BTreeMap<String, Vec<Vec<u8>>>,
    /// What the simulated ROR holds.
    pub(crate) held: Vec<Capacity>,
    /// What it was asked.
    pub(crate) requests: Vec<Recorded>,
    /// How often the process died, or its network: each time the reply under way may leave once more.
    pub(crate) deaths: usize,
    /// The code of the undifferentiated genre.
    pub(crate) genre: GenreCode,
}

/// The mails of a Maildir; none if it is not there.
pub(crate) fn files(maildir: &Path) -> impl Iterator<Item = PathBuf> {
    let directories = ["new", "cur"].map(|directory| maildir.join(directory).read_dir().into_iter().flatten());
    directories.into_iter().flatten().map(|entry| entry.unwrap().path())
}

/// A reply as its reader sees it: its Message-ID and the one it answers, without angle brackets.
pub(crate) fn reply_ids(mail: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(mail);
    let header = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
    let field = |name: &str| {
        let line = header.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().trim_matches(['<', '>']).to_owned()
    };
    (field("Message-ID:"), field("In-Reply-To:"))
}
