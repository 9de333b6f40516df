//! Looks for a patient's document in what is opened no further: archives in archives, mails sent as files, compressed
//! files, entries beyond a limit. For that look alone: nothing found here is read as a report, and nothing here refuses.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder};

use crate::report::{Foreign, Magic, Sniff, letter_holds_patient_document, sniff};

use super::archive::is_office_text;
use super::head::HeaderBlock;
use super::mime::{self, Sink};
use super::part::Facts;
use super::transfer::{Decoded, DecodingState};
use super::{embedded, tnef, uuencode};

/// How deep: an entry of an archive in a mail in an archive.
const LEVELS: u8 = 4;
/// Pieces looked at in one mail.
const PIECES: usize = 1000;
/// Bytes unpacked in one mail for this look.
const BYTES: usize = 8 << 20;
/// Bytes unpacked of one entry of an archive.
const ENTRY: usize = 128 << 10;
/// Bytes unpacked of a file that is compressed as a whole.
const FILE: usize = 1 << 20;

/// The beginning of a text in which files are looked for that are written as text.
const TEXT: usize = 256 << 10;

/// What begins the header of an entry (APPNOTE, section 4.3.7).
const LOCAL_HEADER: &[u8] = b"PK\x03\x04";

/// What was seen of the pieces of one mail, and what looking may still cost.
#[derive(Debug)]
pub(super) struct PatientSearch {
    pieces: usize,
    bytes: usize,
    /// Whether a patient's document was seen.
    pub(super) patient: bool,
    /// Whether something was seen that is neither a known report, nor what a person writes with one, nor a signature.
    pub(super) strangers: bool,
}

impl PatientSearch {
    pub(super) fn new() -> Self {
        Self { pieces: PIECES, bytes: BYTES, patient: false, strangers: false }
    }

    /// Looks at a part of the mail itself, which is `found`.
    pub(super) fn part(&mut self, facts: &Facts, body: &[u8], decoded: &Decoded<'_>, found: &Sniff) {
        let bytes = &decoded.bytes;
        self.strangers |= !facts.is_letter() && !facts.is_signature() && is_stranger(bytes, found);
        self.leaf(facts, body, decoded, found, LEVELS);
    }

    /// Looks at a file, and into it.
    pub(super) fn file(&mut self, bytes: &[u8]) {
        let found = sniff(bytes);
        self.strangers |= is_stranger(bytes, &found);
        self.open(bytes, &found, LEVELS);
    }

    /// Looks at the parts of a multipart that is taken apart no further.
    pub(super) fn multipart(&mut self, facts: &Facts, body: &[u8]) {
        self.strangers = true;
        self.parts(facts, body, LEVELS);
    }

    /// Looks at what is in no part: text for people, or what was meant to be a part.
    pub(super) fn outside(&mut self, bytes: &[u8]) {
        self.text(bytes, LEVELS);
    }

    /// Looks at what was not taken apart because a limit was met, or there is no way to.
    pub(super) fn unread(&mut self, bytes: &[u8]) {
        bytes.chunks(TEXT).take(BYTES / TEXT).for_each(|chunk| self.text(chunk, LEVELS));
        self.mail(bytes, LEVELS);
    }

    /// What was decoded badly may be a document where it stands, or in another encoding than it says.
    fn leaf(&mut self, facts: &Facts, body: &[u8], decoded: &Decoded<'_>, found: &Sniff, levels: u8) {
        if facts.is_letter() {
            self.text(&decoded.bytes, levels);
        } else {
            self.open(&decoded.bytes, found, levels);
        }
        if decoded.state == DecodingState::Damaged {
            self.text(body, levels);
        }
    }

    fn text(&mut self, bytes: &[u8], levels: u8) {
        self.patient = self.patient || letter_holds_patient_document(bytes);
        self.embedded(bytes, levels);
    }

    /// Files written as text, where nothing says so.
    fn embedded(&mut self, text: &[u8], levels: u8) {
        let Some(levels) = levels.checked_sub(1) else { return };
        let start = text.get(..TEXT).unwrap_or(text);
        for file in embedded::base64(start).chain(uuencode::files(start)) {
            if self.patient || self.pieces == 0 || self.bytes == 0 {
                return;
            }
            self.bytes = self.bytes.saturating_sub(file.len());
            self.piece(&file, levels);
        }
    }

    fn piece(&mut self, bytes: &[u8], levels: u8) {
        self.open(bytes, &sniff(bytes), levels);
    }

    fn open(&mut self, bytes: &[u8], found: &Sniff, levels: u8) {
        let Some(pieces) = self.pieces.checked_sub(1).filter(|_| levels > 0 && !self.patient) else { return };
        self.pieces = pieces;
        self.patient = *found == Sniff::PatientDocument;
        match (found, Magic::of(bytes)) {
            (Sniff::PatientDocument | Sniff::Known(_), _) => {}
            (_, Some(Magic::Zip)) => self.archive(bytes, levels - 1),
            (_, Some(Magic::Packed(_))) => self.compressed(bytes, levels - 1),
            (_, Some(Magic::Foreign(Foreign::Tnef))) => {
                tnef::pieces(bytes).for_each(|piece| self.piece(piece, levels - 1));
            }
            (_, Some(Magic::AppleDouble | Magic::Foreign(_))) => self.mail(bytes, levels - 1),
            (_, None) => {
                self.mail(bytes, levels - 1);
                self.embedded(bytes, levels);
            }
        }
    }

    /// Goes by the headers of the entries, not by the directory: what is wrong with an archive or beyond a limit is
    /// looked at too.
    fn archive(&mut self, bytes: &[u8], levels: u8) {
        let headers = bytes.windows(LOCAL_HEADER.len()).enumerate().filter(|(_, window)| *window == LOCAL_HEADER);
        for (at, _) in headers {
            if self.patient || self.pieces == 0 || self.bytes == 0 {
                self.strangers = true;
                return;
            }
            if let Some((name, packed)) = bytes.get(at..).and_then(Packed::read) {
                let content = self.unpack(packed, ENTRY);
                self.entry(name, &content, levels);
            }
        }
    }

    /// The text of an office document is what a person writes.
    fn entry(&mut self, name: &[u8], content: &[u8], levels: u8) {
        let found = sniff(content);
        self.strangers |= !matches!(found, Sniff::Known(_));
        if is_office_text(&String::from_utf8_lossy(name)) {
            self.text(content, levels);
        } else {
            self.open(content, &found, levels);
        }
    }

    fn compressed(&mut self, bytes: &[u8], levels: u8) {
        let content = self.unpack(Packed::Gzip(bytes), FILE);
        self.piece(&content, levels);
    }

    /// As much as is allowed; of what is damaged, what comes before.
    fn unpack(&mut self, packed: Packed<'_>, limit: usize) -> Vec<u8> {
        let limit = u64::try_from(limit.min(self.bytes)).unwrap_or(u64::MAX);
        let mut content = Vec::new();
        // What could be read before a fault is there all the same.
        let _ = match packed {
            Packed::Stored(bytes) => bytes.take(limit).read_to_end(&mut content),
            Packed::Deflated(bytes) => DeflateDecoder::new(bytes).take(limit).read_to_end(&mut content),
            Packed::Gzip(bytes) => MultiGzDecoder::new(bytes).take(limit).read_to_end(&mut content),
        };
        self.bytes = self.bytes.saturating_sub(content.len());
        content
    }

    /// A mail that came as a file of any type: it begins with fields of which at least one is that of a mail.
    fn mail(&mut self, bytes: &[u8], levels: u8) {
        let Ok((block, body)) = mime::open(enclosed(bytes)) else { return };
        let head = HeaderBlock::read(block);
        if ["From", "Received", "Content-Type", "Content-Transfer-Encoding"].iter().any(|field| head.has(field)) {
            let pieces = self.pieces;
            // A limit that is met ends the look.
            let _ = mime::walk(&Facts::read(&head, "text/plain"), body, pieces, &mut Inside { look: self, levels });
        }
    }

    fn parts(&mut self, facts: &Facts, body: &[u8], levels: u8) {
        for part in facts.boundary.iter().flat_map(|boundary| mime::parts(body, boundary)) {
            self.piece(part, levels);
        }
    }
}

/// What a signature wraps (RFC 8551, section 3.5.2): it stands in clear behind the head of the wrapping, which is a
/// sequence of DER.
fn enclosed(bytes: &[u8]) -> &[u8] {
    const FIELD: &[u8] = b"Content-Type:";
    let wraps = bytes.first() == Some(&0x30);
    let at = wraps.then(|| bytes.windows(FIELD.len()).position(|window| window.eq_ignore_ascii_case(FIELD))).flatten();
    at.and_then(|at| bytes.get(at..)).unwrap_or(bytes)
}

/// Whether it is no report; an archive says what it holds once it is opened.
fn is_stranger(bytes: &[u8], found: &Sniff) -> bool {
    Magic::of(bytes) != Some(Magic::Zip) && !matches!(found, Sniff::Known(_))
}

/// The pieces of a mail that came as a file.
struct Inside<'l> {
    look: &'l mut PatientSearch,
    levels: u8,
}

impl Sink for Inside<'_> {
    fn leaf(&mut self, facts: &Facts, body: &[u8]) {
        let decoded = facts.encoding.decode(body);
        self.look.leaf(facts, body, &decoded, &sniff(&decoded.bytes), self.levels);
    }

    fn report(&mut self, facts: &Facts, body: &[u8]) {
        self.look.parts(facts, body, self.levels);
    }

    fn unsplit(&mut self) {}

    fn outside(&mut self, bytes: &[u8]) {
        self.look.text(bytes, self.levels);
    }

    fn damaged_mail(&mut self, _: &Facts) {}

    fn beyond(&mut self, mail: &[u8]) {
        self.look.piece(mail, self.levels);
    }
}

/// Bytes to unpack.
#[derive(Clone, Copy)]
enum Packed<'x> {
    Stored(&'x [u8]),
    Deflated(&'x [u8]),
    Gzip(&'x [u8]),
}

impl<'x> Packed<'x> {
    /// The name and content of the entry whose header stands here (APPNOTE, section 4.3.7); `None` for a folder, and for what is packed in
    /// another way. What follows the entry is not cut off: its end may be told behind it only.
    fn read(header: &'x [u8]) -> Option<(&'x [u8], Self)> {
        let number = |at: usize| Some(usize::from(u16::from_le_bytes([*header.get(at)?, *header.get(at + 1)?])));
        let (length, extra) = (number(26)?, number(28)?);
        let name = header.get(30..30 + length)?;
        let content = header.get(30 + length + extra..)?;
        match number(8)? {
            _ if name.ends_with(b"/") => None,
            0 => Some((name, Self::Stored(content))),
            8 => Some((name, Self::Deflated(content))),
            _ => None,
        }
    }
}
