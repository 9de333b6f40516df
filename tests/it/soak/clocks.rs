//! Clocks that are set while what reads them runs: libfaketime reads a file, which is rewritten.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A clock of some processes.
pub(super) struct SetClock {
    file: PathBuf,
    /// How far it is from this machine's, in seconds.
    offset: i64,
}

impl SetClock {
    /// Right, for now; its file is in a folder that everybody may read.
    pub(super) fn new(folder: &Path, name: &str) -> Self {
        let clock = Self { file: folder.join(name), offset: 0 };
        clock.write();
        clock
    }

    pub(super) fn offset(&self) -> i64 {
        self.offset
    }

    /// Sets it this far on, or back.
    pub(super) fn jump(&mut self, seconds: i64) {
        self.offset += seconds;
        self.write();
    }

    /// In one step: what is read is whole.
    fn write(&self) {
        let other = self.file.with_extension("new");
        std::fs::write(&other, format!("{:+}\n", self.offset)).unwrap();
        std::fs::set_permissions(&other, PermissionsExt::from_mode(0o644)).unwrap();
        std::fs::rename(other, &self.file).unwrap();
    }

    /// What has a process read it. Time that passes is left alone: waiting takes as long as ever.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        [
            ("LD_PRELOAD", library().display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
        .into()
    }
}

/// The library of the package faketime, wherever its architecture puts it.
fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let found = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|path| path.is_file());
    found.expect("libfaketime is not installed: these tests need the package faketime")
}

/// What libfaketime leaves in memory of a process that was killed.
pub(super) fn forget(process: u32) {
    for name in ["faketime_shm_", "sem.faketime_sem_"] {
        drop(std::fs::remove_file(format!("/dev/shm/{name}{process}")));
    }
}
