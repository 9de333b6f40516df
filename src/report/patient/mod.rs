//! Recognises documents about a patient, which come by mistake, by marks that stand anywhere in them: however they are
//! encoded, spoilt or wrapped, they must be noticed before a word of them is repeated.
//!
//! A report is never one: a file whose first element is that of a format read here is left to its reader, whatever its
//! comments speak of.

mod fhir;
mod markup;
mod segments;

use std::borrow::Cow;

/// The bytes looked at: a document may stand behind a long comment, or deep in an envelope.
const WINDOW: usize = 256 * 1024;

/// Where DICOM files say what they are, behind their preamble (DICOM PS3.10, section 7.1).
const DICOM_PREAMBLE: usize = 128;

/// Where a text was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// In a file.
    File,
    /// In what a person writes, who may well speak of such documents: there it must begin with one, or tell of
    /// somebody.
    Letter,
}

/// Whether these bytes are, or hold, a document about a patient: CDA or another HL7 v3 document, HL7 v2 in either
/// writing, FHIR in XML or JSON, HPRIM in each of its forms, DICOM.
pub fn holds_patient_document(bytes: &[u8]) -> bool {
    is_one(bytes, Found::File)
}

/// The same for what a person writes in a mail.
pub fn letter_holds_patient_document(bytes: &[u8]) -> bool {
    is_one(bytes, Found::Letter)
}

pub(super) fn is_one(bytes: &[u8], found: Found) -> bool {
    is_dicom(bytes) || in_text(&text_of(bytes.get(..WINDOW).unwrap_or(bytes)), found)
}

fn in_text(text: &str, found: Found) -> bool {
    let unescaped = if found == Found::File { unescape(text) } else { Cow::Borrowed(text) };
    let plain = markup::read(text);
    // What a report says in its texts is no document; an element of one inside it is.
    if plain.is_report {
        return plain.is_patients && found == Found::File;
    }
    let markup = markup::read(&unescaped);
    let marked = markup.is_patients || segments::are_in(text) || fhir::is_in_json(&unescaped);
    marked
        && (found == Found::File
            || begins_with_one(text)
            || tells_of_somebody(text)
            || segments::is_hprim_medecin(text))
}

/// A file, or its items right behind its start without a preamble, as some modalities write it.
fn is_dicom(bytes: &[u8]) -> bool {
    let marked = bytes.get(DICOM_PREAMBLE..).is_some_and(|rest| rest.starts_with(b"DICM"));
    let bare: [&[u8]; 3] = [b"\x02\0\0\0UL", b"\x08\0\0\0UL", b"\x08\0\x05\0CS"];
    marked || bare.iter().any(|item| bytes.starts_with(item))
}

/// What can be read of a text in any encoding that writes ASCII letters as bytes, or as one byte among zeros: UTF-16 and
/// UTF-32 of either order, with or without their mark, become ASCII without those zeros.
fn text_of(bytes: &[u8]) -> String {
    let bytes: Cow<'_, [u8]> =
        if bytes.contains(&0) { bytes.iter().copied().filter(|byte| *byte != 0).collect() } else { bytes.into() };
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Markup that an envelope carries as text: escaped once as XML, or as a string of JSON.
fn unescape(text: &str) -> Cow<'_, str> {
    const WRITTEN: [(&str, &str); 6] =
        [("&lt;", "<"), ("&#60;", "<"), ("&#x3C;", "<"), ("&#x3c;", "<"), ("\\u003c", "<"), ("\\u003C", "<")];
    let mut text = Cow::Borrowed(text);
    for (written, meant) in WRITTEN {
        if text.contains(written) {
            text = text.replace(written, meant).into();
        }
    }
    text
}

fn begins_with_one(text: &str) -> bool {
    let start = text.trim_start_matches(|character: char| !character.is_ascii_graphic());
    start.starts_with(['<', '{', '[']) || segments::begin(start)
}

/// Whether a patient is named, and not only the kind of document.
fn tells_of_somebody(text: &str) -> bool {
    let line = |line: &str| {
        // Quoted, as answers quote.
        let bare = line.trim_start_matches(['>', ' ']);
        bare.starts_with("PID|") || bare.starts_with("P|")
    };
    text.split(['\r', '\n']).skip(1).any(line) || ["<patient", "<Patient"].iter().any(|mark| text.contains(mark))
}
