//! From the bytes of a document to the counts it declares, with every defect at once.
//!
//! The way of one document: `decode` turns bytes into text, `xml` walks over it once, `formats`
//! chooses an adapter by the root element, the adapter (`native`) fills the `model` and notes
//! `defects`. What needs the referential, the clock or several services is judged later, on the
//! model, alike for every format.

mod date_time;
mod decode;
mod defects;
mod encoding;
mod foreign;
mod formats;
mod limits;
mod magic;
mod model;
mod native;
mod patient;
mod sniff;
mod source;
mod xml;

use sha2::{Digest, Sha256};

pub use decode::{DecodeFault, Decoded, decode};
pub use foreign::Foreign;
pub use formats::formats;
pub use limits::DocumentLimits;
pub use magic::Magic;
pub use model::{Etablissement, PlacedCount, RejectedCount, ReportHead, ReportReading, ReportedService};
pub use patient::{holds_patient_document, letter_holds_patient_document};
pub use sniff::{Sniff, sniff};

use defects::Findings;
use domain::defect::{Code, Defect, Place, excerpt, size_in_words};
use source::DocumentSource;
use xml::{Node, XmlFault, XmlReader};

/// Reads the document in the attachment `name`. Never fails: what is wrong is in the defects.
///
/// The establishments are empty if the document as a whole is rejected; then at least one defect
/// says why. Rejected parts stay in the reading, marked as such, for the checks between parts.
pub fn read(name: &str, bytes: &[u8], limits: &DocumentLimits) -> ReportReading {
    if bytes.len() > limits.bytes {
        return too_large(name, bytes, limits);
    }
    if let Some(magic) = Magic::of(bytes) {
        return foreign(name, bytes, magic);
    }
    match decode(bytes) {
        Ok(decoded) => read_text(&DocumentSource::new(name, decoded.text()), limits),
        Err(fault) => {
            let defect = fault.into_defect(DocumentSource::new(name, "").name());
            unreadable(name, bytes, defect)
        }
    }
}

fn read_text(source: &DocumentSource<'_>, limits: &DocumentLimits) -> ReportReading {
    let mut reading = ReportReading::default();
    source.name().clone_into(&mut reading.head.name);
    reading.head.sha256 = sha256(source.text().as_bytes());
    let mut findings = Findings::new(source, limits.defects);
    let mut xml = XmlReader::new(source.text(), limits);
    if let Err(fault) = read_document(&mut xml, &mut reading, &mut findings) {
        findings.stop(fault);
    }
    if findings.document_rejected() {
        reading.etablissements = Vec::new();
    }
    reading.defects = findings.into_defects();
    reading
}

fn read_document(
    xml: &mut XmlReader<'_>,
    reading: &mut ReportReading,
    findings: &mut Findings<'_>,
) -> Result<(), XmlFault> {
    // The reader gives a start tag first, or says why there is none.
    let Node::Start(root) = xml.next()? else { return Ok(()) };
    reading.head.place = findings.place(root.span.clone()).with_path(excerpt(root.name.local));
    let adapter = formats::adapter(&root.name).ok_or_else(|| formats::unknown(&root))?;
    reading.head.format = Some(adapter.format);
    (adapter.read)(xml, &root, reading, findings)?;
    xml.next().map(drop)
}

fn too_large(name: &str, bytes: &[u8], limits: &DocumentLimits) -> ReportReading {
    let source = DocumentSource::new(name, "");
    let detail = format!("Il compte plus de {}.", size_in_words(limits.bytes as u64));
    let fault = XmlFault::limit(0..0, detail).found(size_in_words(bytes.len() as u64));
    unreadable(name, bytes, fault.into_defect(Place::piece(source.name())))
}

/// A file of another program under the name of a document.
fn foreign(name: &str, bytes: &[u8], magic: Magic) -> ReportReading {
    let code = if std::str::from_utf8(bytes).is_ok() { Code::D01 } else { Code::D04 };
    let place = DocumentSource::new(name, "").place(0..0);
    let defect = Defect::new(code, place)
        .sentence_instead(format!("Ce fichier n’est pas un document XML : c’est {}.", magic.name()))
        .hint_instead("Joignez le fichier XML lui-même, tel que votre logiciel le produit.");
    unreadable(name, bytes, defect)
}

fn unreadable(name: &str, bytes: &[u8], defect: Defect) -> ReportReading {
    let mut reading = ReportReading::default();
    DocumentSource::new(name, "").name().clone_into(&mut reading.head.name);
    reading.head.sha256 = sha256(bytes);
    reading.head.place = Place::piece(&reading.head.name);
    reading.defects.push(defect);
    reading
}

fn sha256(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}
