//! The head of the audit log, kept outside the database: a chain cannot tell by itself that its end was cut off.
//!
//! The file is only ever appended to, one line a head, so that it may be made append-only (`chattr +a`) and rotated. Its
//! last line counts. A head that is no longer on the chain is never followed by another: what it proves stays.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use jiff::Timestamp;

use crate::{Result, Store};
use domain::access::audit::{AuditHead, Broken};

/// So many bytes at the end hold the last line.
const LAST: i64 = 4096;

/// The last head that the file holds; `None` without a file, or of a file without any.
pub fn last(path: &Path) -> io::Result<Option<AuditHead>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let length = i64::try_from(file.metadata()?.len()).unwrap_or(i64::MAX);
    file.seek(SeekFrom::End(-length.min(LAST)))?;
    let mut bytes = Vec::new();
    file.take(LAST.unsigned_abs()).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // A line that a crash cut is no head; the one before it is.
    Ok(text.lines().rev().find_map(|line| line.rsplit(' ').next()?.parse().ok()))
}

/// Adds a head, durably.
pub fn append(path: &Path, head: &AuditHead, now: Timestamp) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    // On a line of its own, whatever a crash left.
    let fresh = file.metadata()?.len() == 0;
    let line = format!("{}{now} {head}\n", if fresh { "" } else { "\n" });
    file.write_all(line.as_bytes())?;
    file.sync_all()
}

impl Store {
    /// Whether a head that was kept elsewhere is on the chain still: nothing, or what is wrong.
    pub async fn audit_holds(&self, kept: &AuditHead) -> Result<Option<Broken>> {
        let now = self.audit_head().await?;
        if kept.number > now.number {
            return Ok(Some(Broken::Cut { found: now.number, kept: kept.number }));
        }
        if kept.number == 0 {
            return Ok(None);
        }
        let there = self.audit_after(kept.number - 1, 1).await?;
        let is_there = there.first().is_some_and(|record| record.head() == *kept);
        Ok((!is_there).then_some(Broken::Rewritten(kept.number)))
    }
}
