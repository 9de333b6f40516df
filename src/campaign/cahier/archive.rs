//! Zip archives made on the fly, the dangerous ones included.

use std::io::{Cursor, Write};

use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipArchive, ZipWriter};

/// The most zeros one entry may hold: enough for a bomb, not enough to hurt the one who makes it.
const MOST_ZEROS: u64 = 64 * 1024 * 1024;

/// The bit of the general purpose flags that says « encrypted » (APPNOTE, section 4.4.4).
const ENCRYPTED: u8 = 1;

/// Where the flags stand in a local header and in a central one (APPNOTE, sections 4.3.7 and 4.3.12).
const FLAGS_AFTER_LOCAL: u64 = 6;
const FLAGS_AFTER_CENTRAL: u64 = 8;

/// What an archive is made of.
#[derive(Debug, Clone)]
pub(super) struct Archive {
    /// Name in the archive and contents, in order.
    pub(super) entries: Vec<(String, ZipEntry)>,
    /// Whether its entries are marked as encrypted.
    pub(super) encrypted: bool,
}

/// The contents of an entry.
#[derive(Debug, Clone)]
pub(super) enum ZipEntry {
    /// A file or archive of the case.
    File(String),
    /// So many zeros, which hardly take any room.
    Zeros(u64),
}

impl Archive {
    /// The zip file, given the contents of its entries. Dates are fixed: the same contents give the same bytes.
    pub(super) fn build(&self, contents: &[Vec<u8>]) -> ZipResult<Vec<u8>> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().last_modified_time(DateTime::default());
        for ((name, _), bytes) in self.entries.iter().zip(contents) {
            writer.start_file(name.as_str(), options)?;
            writer.write_all(bytes)?;
        }
        let archive = writer.finish()?.into_inner();
        if self.encrypted { mark_encrypted(archive) } else { Ok(archive) }
    }
}

impl ZipEntry {
    /// Zeros, if there are not too many of them.
    pub(super) fn zeros(count: u64) -> Option<Vec<u8>> {
        let count = usize::try_from(count).ok().filter(|_| count <= MOST_ZEROS)?;
        Some(vec![0; count])
    }
}

/// Sets the flag only: a real cipher begins with random bytes, and who reads the flag needs no more.
fn mark_encrypted(mut archive: Vec<u8>) -> ZipResult<Vec<u8>> {
    for position in flag_positions(&archive)? {
        if let Some(flags) = usize::try_from(position).ok().and_then(|position| archive.get_mut(position)) {
            *flags |= ENCRYPTED;
        }
    }
    Ok(archive)
}

fn flag_positions(archive: &[u8]) -> ZipResult<Vec<u64>> {
    let mut reader = ZipArchive::new(Cursor::new(archive))?;
    let mut positions = Vec::new();
    for rank in 0..reader.len() {
        let entry = reader.by_index_raw(rank)?;
        positions.push(entry.header_start() + FLAGS_AFTER_LOCAL);
        positions.push(entry.central_header_start() + FLAGS_AFTER_CENTRAL);
    }
    Ok(positions)
}
