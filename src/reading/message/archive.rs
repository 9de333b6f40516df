//! Opens a zip archive that a stranger made, within limits, and finds the XML in it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipFileEntry;

use crate::report::{Foreign, Magic, Sniff, sniff};

use super::defects::Refusal;
use super::enclosed::begins_like_mail;
use super::limits::{Allowance, MessageLimits};
use super::name::ends_in;

/// The bytes of an entry that tell what it is.
const GLANCE: u64 = 4 << 10;

/// Below this size an entry may be packed as tightly as it likes: it does no harm.
const SMALL: u64 = 64 << 10;

/// What marks a document of Microsoft Office (ECMA-376, part 2): a zip, but none that carries reports.
const OFFICE: &str = "[Content_Types].xml";

/// The folders that tell what such a document is.
const OFFICE_FOLDERS: &[(&str, Foreign)] =
    &[("word/", Foreign::Word), ("xl/", Foreign::Excel), ("ppt/", Foreign::PowerPoint)];

/// The entry in which a document of LibreOffice, or a book, says what it is (ODF 1.2, part 3, section 3.3). Many other
/// archives have one of this name.
const MIMETYPE: &str = "mimetype";

/// The text of a document of LibreOffice (ODF 1.2, part 3, section 2.2.1).
const OPEN_DOCUMENT_TEXT: &str = "content.xml";

/// Kinds of documents that are a zip with such an entry.
const DOCUMENTS: &[&[u8]] =
    &[b"application/vnd.oasis.opendocument", b"application/vnd.sun.xml", b"application/epub+zip"];

/// The folder in which Java tools describe an archive; nothing in it is a document of the sender.
const META_INF: &str = "META-INF/";

type Zip<'x> = ZipArchive<Cursor<&'x [u8]>>;

/// What the archives of one mail may still cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    entries: usize,
    bytes: u64,
    unpacked: u64,
    allowance: Option<Allowance>,
    ratio: u64,
}

/// What an archive holds, of which only the XML matters.
#[derive(Default)]
pub(super) struct Contents {
    /// The XML documents, in the order of the archive; if it is refused, those before the fault.
    pub(super) documents: Vec<ArchiveEntry>,
    /// Why it is refused, if it is.
    pub(super) refusal: Option<Refusal>,
    /// Whether a patient document is among the entries.
    pub(super) patient: bool,
    /// Whether it is an IHE XDM package, made to carry patient documents.
    pub(super) xdm: bool,
    /// Files of other kinds, in the order of the archive.
    pub(super) seen: Vec<Foreign>,
}

/// An entry that is or claims to be XML.
pub(super) struct ArchiveEntry {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) sniff: Sniff,
}

impl Budget {
    pub(super) fn new(limits: &MessageLimits) -> Self {
        let wide = |limit: usize| u64::try_from(limit).unwrap_or(u64::MAX);
        Self {
            entries: limits.archive_entries,
            bytes: wide(limits.archive_bytes),
            unpacked: 0,
            allowance: limits.allowance,
            ratio: wide(limits.archive_ratio),
        }
    }

    /// The bytes unpacked so far.
    pub(super) fn unpacked(&self) -> u64 {
        self.unpacked
    }

    /// Whether so many bytes more may be unpacked.
    fn admits(&self, bytes: u64) -> Result<(), Refusal> {
        let total = self.unpacked.saturating_add(bytes);
        if total > self.bytes {
            return Err(Refusal::TooBig);
        }
        match self.allowance {
            Some(allowance) if total > allowance.left => Err(Refusal::TooMuchThisHour { most: allowance.most }),
            _ => Ok(()),
        }
    }
}

impl Contents {
    /// Opens the archive in `bytes` and takes what it costs from `budget`.
    pub(super) fn read(bytes: &[u8], budget: &mut Budget) -> Self {
        if central_records(bytes) > budget.entries.saturating_mul(10).saturating_add(100) {
            return Self::refused(Refusal::TooManyEntries);
        }
        let Ok(mut zip) = ZipArchive::new(Cursor::new(bytes)) else { return Self::refused(Refusal::Unreadable) };
        if let Some(kind) = package(&mut zip).filter(|_| !holds_report(&mut zip, budget.entries)) {
            return Self { seen: vec![kind], ..Self::default() };
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
        self.patient |= matches!(found, Sniff::PatientDocument) && !is_office_text(&name);
        self.xdm |= last(&name).eq_ignore_ascii_case("METADATA.XML") && is_metadata(&found);
        if name.starts_with(META_INF) {
            return matches!(found, Sniff::Known(_));
        }
        let magic = Magic::of(&start);
        let claimed = ends_in(&name, ".xml") && magic != Some(Magic::AppleDouble);
        let wanted = claimed || !matches!(found, Sniff::NotXml);
        if !wanted {
            self.seen.extend(kind(&name, &start, magic));
        }
        wanted
    }

    fn unpack(&mut self, zip: &mut Zip<'_>, wanted: &[usize], budget: &mut Budget) {
        for index in wanted {
            if self.refusal.is_some() {
                break;
            }
            match document(zip, *index, budget) {
                Ok(entry) => {
                    self.patient |= matches!(entry.sniff, Sniff::PatientDocument) && !is_office_text(&entry.name);
                    self.documents.push(entry);
                }
                Err(reason) => self.refusal = Some(reason),
            }
        }
    }
}

/// The document of an office suite that an archive is.
fn package(zip: &mut Zip<'_>) -> Option<Foreign> {
    if zip.index_for_name(OFFICE).is_some() {
        let holds = |folder: &str| zip.file_names_raw().any(|name| name.starts_with(folder.as_bytes()));
        return Some(
            OFFICE_FOLDERS.iter().find(|(folder, _)| holds(folder)).map_or(Foreign::Office, |(_, kind)| *kind),
        );
    }
    let index = zip.index_for_name(MIMETYPE)?;
    let said = beginning(zip, index, GLANCE).ok()?;
    DOCUMENTS.iter().any(|kind| said.starts_with(kind)).then_some(Foreign::OpenDocument)
}

/// Whether a report stands among the entries of what looks like a document of an office suite: some libraries mark any
/// archive as one.
fn holds_report(zip: &mut Zip<'_>, entries: usize) -> bool {
    let count = zip.len().min(entries);
    (0..count).any(|index| beginning(zip, index, GLANCE).is_ok_and(|start| matches!(sniff(&start), Sniff::Known(_))))
}

/// Whether an entry is the text of an office document, which people write.
pub(super) fn is_office_text(name: &str) -> bool {
    let part = OFFICE_FOLDERS.iter().any(|(folder, _)| name.starts_with(folder));
    part && ends_in(name, ".xml") || name == OPEN_DOCUMENT_TEXT
}

/// What an entry is that is no XML.
fn kind(name: &str, start: &[u8], magic: Option<Magic>) -> Option<Foreign> {
    match magic {
        Some(Magic::Foreign(kind)) => Some(kind.or_by_name(name)),
        Some(Magic::Zip) => Some(inner_package(start)?.or_by_name(name)),
        Some(Magic::Packed(_) | Magic::AppleDouble) => None,
        None => begins_like_mail(start).then_some(Foreign::Mail),
    }
}

/// The document of an office suite that a zip inside the archive is, as far as its beginning tells.
fn inner_package(start: &[u8]) -> Option<Foreign> {
    let holds = |mark: &[u8]| start.windows(mark.len()).any(|window| window == mark);
    if holds(OFFICE.as_bytes()) {
        let folder = OFFICE_FOLDERS.iter().find(|(folder, _)| holds(folder.as_bytes()));
        return Some(folder.map_or(Foreign::Office, |(_, kind)| *kind));
    }
    DOCUMENTS.iter().any(|kind| holds(&[MIMETYPE.as_bytes(), kind].concat())).then_some(Foreign::OpenDocument)
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
    let (mut total, mut names) = (0_u64, HashSet::new());
    for index in 0..zip.len() {
        let entry = zip.by_index_data(index).map_err(|_| Refusal::Unreadable)?;
        inspect_entry(&entry, budget.ratio)?;
        if !names.insert(name(&entry)) {
            return Err(Refusal::SameName);
        }
        total = total.saturating_add(entry.size());
    }
    budget.admits(total)
}

fn inspect_entry(entry: &ZipFileEntry<'_>, ratio: u64) -> Result<(), Refusal> {
    if leaves_archive(entry) {
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

/// A path that climbs higher than it came from, at any place: nobody knows what was meant. A name is only shown, and
/// nothing is written: that it is absolute or names a drive does no harm.
fn leaves_archive(entry: &ZipFileEntry<'_>) -> bool {
    path(&written(entry)).is_none()
}

/// The path of an entry from the top of the archive, its steps down and up taken. One that climbs out was refused.
fn name(entry: &ZipFileEntry<'_>) -> String {
    let written = written(entry);
    path(&written).unwrap_or(written)
}

/// A path with its steps taken; `None` if it climbs higher than it came from.
fn path(written: &str) -> Option<String> {
    let mut steps = Vec::new();
    for step in written.split('/').filter(|step| !matches!(*step, "" | ".")) {
        if climbs(step) {
            steps.pop()?;
        } else {
            steps.push(step);
        }
    }
    Some(steps.join("/"))
}

/// The name of an entry, in UTF-8 or else in CP437 (APPNOTE, section 4.4.17 and appendix D), without a drive. Some tools
/// of Windows write `\` where a `/` must stand: to whoever unpacks there, both are one path, and so they are here.
fn written(entry: &ZipFileEntry<'_>) -> String {
    let name = entry.name().map_or_else(|_| String::from_utf8_lossy(entry.name_raw()).into_owned(), Cow::into_owned);
    let path = name.replace('\\', "/");
    match path.split_once(':') {
        Some((drive, rest)) if drive.len() == 1 && drive.starts_with(|sign: char| sign.is_ascii_alphabetic()) => {
            rest.to_owned()
        }
        _ => path,
    }
}

/// Windows takes blanks and dots off the end of a step.
fn climbs(step: &str) -> bool {
    step.starts_with("..") && step.trim_end_matches([' ', '.']).is_empty()
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// An archive inside the archive; a document of an office suite is none. These begin with the entry
/// that marks them.
fn is_archive(start: &[u8]) -> bool {
    match Magic::of(start) {
        Some(Magic::Zip) => inner_package(start).is_none(),
        Some(Magic::Packed(_)) => true,
        Some(Magic::AppleDouble | Magic::Foreign(_)) | None => false,
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
fn document(zip: &mut Zip<'_>, index: usize, budget: &mut Budget) -> Result<ArchiveEntry, Refusal> {
    let name = zip.by_index_data(index).map(|entry| name(&entry)).map_err(|_| Refusal::Unreadable)?;
    let bytes = beginning(zip, index, budget.bytes.saturating_sub(budget.unpacked).saturating_add(1))?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    budget.admits(size)?;
    budget.unpacked = budget.unpacked.saturating_add(size);
    let sniff = sniff(&bytes);
    Ok(ArchiveEntry { name, bytes, sniff })
}

/// At most `limit` bytes of an entry; its checksum is verified if that is all of it.
fn beginning(zip: &mut Zip<'_>, index: usize, limit: u64) -> Result<Vec<u8>, Refusal> {
    let entry = zip.by_index(index).map_err(|_| Refusal::Unreadable)?;
    let mut bytes = Vec::new();
    entry.take(limit).read_to_end(&mut bytes).map_err(|_| Refusal::Unreadable)?;
    Ok(bytes)
}
