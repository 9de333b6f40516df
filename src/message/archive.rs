//! Opens a zip archive that a stranger made, within limits, and finds the XML in it.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipFileEntry;

use crate::report::{Sniff, sniff};

use super::limits::Limits;
use super::magic::Magic;
use super::name::ends_in;
use super::refusal::Refusal;

/// The bytes of an entry that tell what it is.
const GLANCE: u64 = 4 << 10;

/// Below this size an entry may be packed as tightly as it likes: it does no harm.
const SMALL: u64 = 64 << 10;

/// What marks a document of an office suite (OOXML, ODF) or a Java archive: a zip, but none that
/// carries reports.
const PACKAGES: &[&str] = &["[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"];

type Zip<'x> = ZipArchive<Cursor<&'x [u8]>>;

/// What the archives of one mail may still cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    entries: usize,
    bytes: u64,
    ratio: u64,
}

/// What an archive holds, of which only the XML matters.
#[derive(Default)]
pub(super) struct Contents {
    /// The XML documents, in the order of the archive; if it is refused, those before the fault.
    pub(super) documents: Vec<Entry>,
    /// Why it is refused, if it is.
    pub(super) refusal: Option<Refusal>,
    /// Whether a patient document is among the entries.
    pub(super) patient: bool,
    /// Whether it is an IHE XDM package, made to carry patient documents.
    pub(super) xdm: bool,
}

/// An entry that is or claims to be XML.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) sniff: Sniff,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        let wide = |limit: usize| u64::try_from(limit).unwrap_or(u64::MAX);
        Self { entries: limits.archive_entries, bytes: wide(limits.archive_bytes), ratio: wide(limits.archive_ratio) }
    }
}

impl Contents {
    /// Opens the archive in `bytes` and takes what it costs from `budget`.
    pub(super) fn read(bytes: &[u8], budget: &mut Budget) -> Self {
        if central_records(bytes) > budget.entries.saturating_mul(10).saturating_add(100) {
            return Self::refused(Refusal::TooManyEntries);
        }
        let Ok(mut zip) = ZipArchive::new(Cursor::new(bytes)) else { return Self::refused(Refusal::Unreadable) };
        if zip.file_names_raw().any(|name| PACKAGES.iter().any(|package| package.as_bytes() == name)) {
            return Self::default();
        }
        let mut contents = Self { refusal: inspect(&zip, budget).err(), ..Self::default() };
        let wanted = contents.glance(&mut zip, budget);
        contents.unpack(&mut zip, &wanted, budget);
        contents
    }

    fn refused(reason: Refusal) -> Self {
        Self { refusal: Some(reason), ..Self::default() }
    }

    /// Looks at the beginning of each entry, of a refused archive too: a patient document must be
    /// noticed whatever else is wrong. Answers which entries to unpack.
    fn glance(&mut self, zip: &mut Zip<'_>, budget: &mut Budget) -> Vec<usize> {
        let count = zip.len().min(budget.entries);
        budget.entries -= count;
        (0..count).filter(|index| self.is_wanted(zip, *index)).collect()
    }

    fn is_wanted(&mut self, zip: &mut Zip<'_>, index: usize) -> bool {
        let Some(name) = zip.by_index_data(index).ok().filter(ZipFileEntry::is_file).map(|entry| name(&entry)) else {
            return false;
        };
        let Ok(start) = beginning(zip, index, GLANCE).map(without_cut_character) else {
            self.refusal.get_or_insert(Refusal::Unreadable);
            return false;
        };
        if is_archive(&start) {
            self.refusal.get_or_insert(Refusal::Nested);
        }
        let found = sniff(&start);
        self.patient |= matches!(found, Sniff::PatientDocument);
        self.xdm |= last(&name).eq_ignore_ascii_case("METADATA.XML") && is_metadata(&found);
        let claimed = ends_in(&name, ".xml") && Magic::of(&start) != Some(Magic::AppleDouble);
        claimed || !matches!(found, Sniff::NotXml)
    }

    fn unpack(&mut self, zip: &mut Zip<'_>, wanted: &[usize], budget: &mut Budget) {
        for index in wanted {
            if self.refusal.is_some() {
                break;
            }
            match document(zip, *index, budget) {
                Ok(entry) => {
                    self.patient |= matches!(entry.sniff, Sniff::PatientDocument);
                    self.documents.push(entry);
                }
                Err(reason) => self.refusal = Some(reason),
            }
        }
    }
}

/// How many records of the central directory there can be at most, before memory is spent on them.
fn central_records(bytes: &[u8]) -> usize {
    bytes.windows(4).filter(|window| window == b"PK\x01\x02").count()
}

/// What the directory of the archive already tells.
fn inspect(zip: &Zip<'_>, budget: &Budget) -> Result<(), Refusal> {
    if zip.len() > budget.entries {
        return Err(Refusal::TooManyEntries);
    }
    if zip.has_duplicate_names() {
        return Err(Refusal::SameName);
    }
    let mut total = 0_u64;
    for index in 0..zip.len() {
        let entry = zip.by_index_data(index).map_err(|_| Refusal::Unreadable)?;
        inspect_entry(&entry, budget.ratio)?;
        total = total.saturating_add(entry.size());
    }
    if total > budget.bytes { Err(Refusal::TooBig) } else { Ok(()) }
}

fn inspect_entry(entry: &ZipFileEntry<'_>, ratio: u64) -> Result<(), Refusal> {
    if leaves_archive(&name(entry)) {
        Err(Refusal::Traversal)
    } else if entry.encrypted() {
        Err(Refusal::Encrypted)
    } else if is_too_tight(entry, ratio) {
        Err(Refusal::Ratio)
    } else {
        Ok(())
    }
}

fn is_too_tight(entry: &ZipFileEntry<'_>, ratio: u64) -> bool {
    entry.size() > SMALL && entry.size() > entry.compressed_size().saturating_mul(ratio)
}

/// A path that is absolute, climbs, names a drive, or that readers of Windows and of Unix would
/// understand differently.
fn leaves_archive(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    drive || name.starts_with('/') || name.contains(['\\', '\0']) || name.split('/').any(|step| step == "..")
}

/// The name of an entry, in UTF-8 or else in CP437 (APPNOTE, section 4.4.17 and appendix D).
fn name(entry: &ZipFileEntry<'_>) -> String {
    entry.name().map_or_else(|_| String::from_utf8_lossy(entry.name_raw()).into_owned(), std::borrow::Cow::into_owned)
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// An archive inside the archive; a document of an office suite is none. These begin with the entry
/// that marks them.
fn is_archive(start: &[u8]) -> bool {
    let marks = |package: &str| start.windows(package.len()).any(|window| window == package.as_bytes());
    match Magic::of(start) {
        Some(Magic::Zip) => !PACKAGES.iter().any(|package| marks(package)),
        Some(Magic::Packed(_)) => true,
        Some(Magic::AppleDouble | Magic::Tnef) | None => false,
    }
}

/// The beginning of a text, less the character of UTF-8 that it was cut in: half a character would
/// pass for a fault of the document.
fn without_cut_character(mut start: Vec<u8>) -> Vec<u8> {
    if let Some(cut) = std::str::from_utf8(&start).err().filter(|error| error.error_len().is_none()) {
        start.truncate(cut.valid_up_to());
    }
    start
}

/// The ebXML metadata of IHE XDM are XML that is never a report.
fn is_metadata(found: &Sniff) -> bool {
    matches!(found, Sniff::OtherXml { ignorable: true, .. })
}

/// One entry in full. The zip library refuses an entry larger than the directory says; the limit
/// holds even if it did not.
fn document(zip: &mut Zip<'_>, index: usize, budget: &mut Budget) -> Result<Entry, Refusal> {
    let name = zip.by_index_data(index).map(|entry| name(&entry)).map_err(|_| Refusal::Unreadable)?;
    let bytes = beginning(zip, index, budget.bytes.saturating_add(1))?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    budget.bytes = budget.bytes.checked_sub(size).ok_or(Refusal::TooBig)?;
    let sniff = sniff(&bytes);
    Ok(Entry { name, bytes, sniff })
}

/// At most `limit` bytes of an entry; its checksum is verified if that is all of it.
fn beginning(zip: &mut Zip<'_>, index: usize, limit: u64) -> Result<Vec<u8>, Refusal> {
    let entry = zip.by_index(index).map_err(|_| Refusal::Unreadable)?;
    let mut bytes = Vec::new();
    entry.take(limit).read_to_end(&mut bytes).map_err(|_| Refusal::Unreadable)?;
    Ok(bytes)
}
