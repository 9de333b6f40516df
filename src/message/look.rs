//! Looks for a patient's document in what is opened no further: archives in archives, mails sent as files, compressed
//! files, entries beyond a limit. For that look alone: nothing found here is read as a report, and nothing here refuses.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder};

use crate::report::{Magic, Sniff, holds_patient_document, letter_holds_patient_document, sniff};

use super::head::Head;
use super::mime::{self, Sink};
use super::part::Facts;

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

/// What begins the header of an entry (APPNOTE, section 4.3.7).
const LOCAL_HEADER: &[u8] = b"PK\x03\x04";

/// What was seen of the pieces of one mail, and what looking may still cost.
#[derive(Debug)]
pub(super) struct Look {
    pieces: usize,
    bytes: usize,
    /// Whether a patient's document was seen.
    pub(super) patient: bool,
    /// Whether something was seen that is neither a known report, nor what a person writes with one, nor a signature.
    pub(super) strangers: bool,
}

impl Look {
    pub(super) fn new() -> Self {
        Self { pieces: PIECES, bytes: BYTES, patient: false, strangers: false }
    }

    /// Looks at a part of the mail itself.
    pub(super) fn part(&mut self, facts: &Facts, bytes: &[u8]) {
        self.strangers |= !facts.is_letter() && !facts.is_signature() && is_stranger(bytes);
        self.piece(facts, bytes, LEVELS);
    }

    /// Looks at a file, and into it.
    pub(super) fn file(&mut self, bytes: &[u8]) {
        self.strangers |= is_stranger(bytes);
        self.open(bytes, LEVELS);
    }

    /// Looks at the parts of a multipart that is taken apart no further.
    pub(super) fn multipart(&mut self, facts: &Facts, body: &[u8]) {
        self.strangers = true;
        self.parts(facts, body, LEVELS);
    }

    fn piece(&mut self, facts: &Facts, bytes: &[u8], levels: u8) {
        if facts.is_letter() {
            self.patient |= letter_holds_patient_document(bytes);
        } else {
            self.open(bytes, levels);
        }
    }

    fn open(&mut self, bytes: &[u8], levels: u8) {
        let Some(pieces) = self.pieces.checked_sub(1).filter(|_| levels > 0 && !self.patient) else { return };
        self.pieces = pieces;
        self.patient = holds_patient_document(bytes);
        match Magic::of(bytes) {
            _ if self.patient => {}
            Some(Magic::Zip) => self.archive(bytes, levels - 1),
            Some(Magic::Packed(_)) => self.compressed(bytes, levels - 1),
            Some(Magic::AppleDouble | Magic::Foreign(_)) | None => self.mail(bytes, levels - 1),
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
            if let Some(packed) = bytes.get(at..).and_then(Packed::read) {
                let content = self.unpack(packed, ENTRY);
                self.strangers |= !is_report(&content);
                self.open(&content, levels);
            }
        }
    }

    fn compressed(&mut self, bytes: &[u8], levels: u8) {
        let content = self.unpack(Packed::Gzip(bytes), FILE);
        self.open(&content, levels);
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
        let head = Head::read(block);
        if ["From", "Received", "Content-Type", "Content-Transfer-Encoding"].iter().any(|field| head.has(field)) {
            let pieces = self.pieces;
            // A limit that is met ends the look.
            let _ = mime::walk(&Facts::read(&head, "text/plain"), body, pieces, &mut Inside { look: self, levels });
        }
    }

    fn parts(&mut self, facts: &Facts, body: &[u8], levels: u8) {
        for part in facts.boundary.iter().flat_map(|boundary| mime::parts(body, boundary)) {
            self.open(part, levels);
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
fn is_stranger(bytes: &[u8]) -> bool {
    Magic::of(bytes) != Some(Magic::Zip) && !is_report(bytes)
}

fn is_report(bytes: &[u8]) -> bool {
    matches!(sniff(bytes), Sniff::Known(_))
}

/// The pieces of a mail that came as a file.
struct Inside<'l> {
    look: &'l mut Look,
    levels: u8,
}

impl Sink for Inside<'_> {
    fn leaf(&mut self, facts: &Facts, body: &[u8]) {
        self.look.piece(facts, &facts.encoding.decode(body).bytes, self.levels);
    }

    fn report(&mut self, facts: &Facts, body: &[u8]) {
        self.look.parts(facts, body, self.levels);
    }

    fn unsplit(&mut self) {}

    fn damaged_mail(&mut self, _: &Facts) {}

    fn beyond(&mut self, mail: &[u8]) {
        self.look.open(mail, self.levels);
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
    /// The entry whose header stands here (APPNOTE, section 4.3.7); `None` for a folder, and for what is packed in
    /// another way. What follows the entry is not cut off: its end may be told behind it only.
    fn read(header: &'x [u8]) -> Option<Self> {
        let number = |at: usize| Some(usize::from(u16::from_le_bytes([*header.get(at)?, *header.get(at + 1)?])));
        let (name, extra) = (number(26)?, number(28)?);
        if header.get(30..30 + name)?.ends_with(b"/") {
            return None;
        }
        let content = header.get(30 + name + extra..)?;
        match number(8)? {
            0 => Some(Self::Stored(content)),
            8 => Some(Self::Deflated(content)),
            _ => None,
        }
    }
}
