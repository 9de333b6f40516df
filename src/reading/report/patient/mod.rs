//! Recognises documents about a patient, which come by mistake, by marks that stand anywhere in them: however they are
//! encoded, spoilt or wrapped, they must be noticed before a word of them is repeated.
//!
//! A report is never one: a file whose first element is that of a format read here is left to its reader, whatever its
//! comments speak of.

mod escapes;
mod fhir;
mod markup;
mod segments;

use std::borrow::Cow;

use markup::{Markup, Root};
use segments::Segments;

/// The bytes looked at: a document may stand behind a long comment, or deep in an envelope.
const WINDOW: usize = 256 * 1024;

/// Where DICOM files say what they are, behind their preamble (DICOM PS3.10, section 7.1).
const DICOM_PREAMBLE: usize = 128;

/// Where a text was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PatientDocument {
    /// In a file.
    File,
    /// In what a person writes, who may well speak of such documents: there it must begin with one, or tell of
    /// somebody.
    Letter,
}

/// Whether these bytes are, or hold, a document about a patient: CDA or another HL7 v3 document, HL7 v2 in either
/// writing, FHIR in XML or JSON, HPRIM in each of its forms, DICOM.
pub fn holds_patient_document(bytes: &[u8]) -> bool {
    is_one(bytes, PatientDocument::File)
}

/// The same for what a person writes in a mail.
pub fn letter_holds_patient_document(bytes: &[u8]) -> bool {
    is_one(bytes, PatientDocument::Letter)
}

pub(super) fn is_one(bytes: &[u8], found: PatientDocument) -> bool {
    let window = bytes.get(..WINDOW).unwrap_or(bytes);
    is_dicom(window) || texts_of(window).any(|text| in_text(&text, found))
}

/// What a report says in its texts is no document; an element of one inside it is.
fn in_text(text: &str, found: PatientDocument) -> bool {
    let markup = markup::read(text);
    if markup.root == Root::Report {
        return markup.is_patients && found == PatientDocument::File;
    }
    let words = escapes::unescape(markup::without_tags(text));
    let text =
        Text { start: text, segments: Segments::read(&words), carried: markup::read(&words), markup, words: &words };
    if found == PatientDocument::File && markup.root != Root::Page {
        text.is_a_document()
    } else {
        text.tells_of_somebody()
    }
}

/// A text, and what it carries.
struct Text<'x> {
    start: &'x str,
    markup: Markup,
    /// Without its tags, references and escapes undone.
    words: &'x str,
    /// The markup that it carries as text: escaped once as XML, or as a string of JSON.
    carried: Markup,
    segments: Segments,
}

impl Text<'_> {
    /// Whether marks of a document stand in it.
    fn is_a_document(&self) -> bool {
        self.markup.is_patients
            || self.carried.is_patients
            || self.segments.are_a_message()
            || fhir::is_in_json(self.words)
            || segments::is_hprim_medecin(self.words)
    }

    /// Whether it begins with a document, or a patient is told of and not only the kind of document: what a person
    /// writes may well speak of that.
    fn tells_of_somebody(&self) -> bool {
        let somebody = self.markup.tells_of_somebody || self.carried.tells_of_somebody;
        self.begins_with_one()
            || (self.markup.is_patients || self.carried.is_patients) && somebody
            || self.segments.tell
            || fhir::is_told_in_json(self.words)
            || segments::is_hprim_medecin(self.words)
    }

    fn begins_with_one(&self) -> bool {
        let start = self.start.trim_start_matches(|character: char| !character.is_ascii_graphic());
        let object = start.strip_prefix('[').unwrap_or(start).trim_start().starts_with('{');
        start.starts_with('<') && self.markup.root != Root::Page && self.markup.is_patients
            || object && fhir::is_in_json(self.words)
            || self.segments.begin
    }
}

/// A file, or its items right behind its start without a preamble, as some modalities write it.
fn is_dicom(bytes: &[u8]) -> bool {
    let marked = bytes.get(DICOM_PREAMBLE..).is_some_and(|rest| rest.starts_with(b"DICM"));
    let bare: [&[u8]; 3] = [b"\x02\0\0\0UL", b"\x08\0\0\0UL", b"\x08\0\x05\0CS"];
    marked || bare.iter().any(|item| bytes.starts_with(item))
}

/// What can be read of a text in any encoding that writes ASCII letters as bytes, or as one byte among zeros: UTF-16 and
/// UTF-32 of either order, with or without their mark, become ASCII without those zeros. In a file of another kind, zeros
/// stand between its pieces.
fn texts_of(bytes: &[u8]) -> impl Iterator<Item = Cow<'_, str>> {
    let narrow = bytes.contains(&0).then(|| bytes.iter().copied().filter(|byte| *byte != 0).collect::<Vec<u8>>());
    let narrow = narrow.map(|bytes| Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()));
    std::iter::once_with(|| String::from_utf8_lossy(bytes)).chain(narrow)
}
