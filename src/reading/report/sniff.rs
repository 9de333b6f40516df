//! What a mail part is, from its first bytes: enough to choose which parts to read.

use std::borrow::Cow;

use super::DocumentLimits;
use super::encoding::{Detected, Encoding, detect};
use super::formats::adapter;
use super::patient::holds_patient_document;
use super::xml::{Name, Node, XmlReader, is_blank, is_html_doctype};
use domain::defect::Code;

/// The bytes looked at: room for a long licence comment before the root.
const WINDOW: usize = 64 * 1024;

/// What the first bytes of a mail part say it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sniff {
    /// XML with the root element of this format.
    Known(&'static str),
    /// A document about a patient, as [`holds_patient_document`] tells it.
    PatientDocument,
    /// XML with another root.
    OtherXml {
        /// The root element, `{namespace}local`.
        root: String,
        /// HTML, the metadata of an XDM archive (IHE ITI TF-2, transaction 32), or our own
        /// compte-rendu sent back: never a report, whatever else the mail holds.
        ignorable: bool,
    },
    /// Begins like XML, but its root cannot be read: `read` says why.
    Broken,
    /// No XML at all.
    NotXml,
}

/// Looks at the beginning of a file. Never fails; what it calls `Known` may still be rejected by `read`.
pub fn sniff(bytes: &[u8]) -> Sniff {
    // Even in the root of a report: nobody knows what stands there.
    if holds_patient_document(bytes) { Sniff::PatientDocument } else { kind(bytes) }
}

fn kind(bytes: &[u8]) -> Sniff {
    let window = bytes.get(..WINDOW).unwrap_or(bytes);
    let Ok(detected) = detect(window) else { return Sniff::Broken };
    let text = lossy(window, &detected);
    let start = text.trim_start_matches(is_blank);
    if begins_like_xml(start) { root(&text, start) } else { Sniff::NotXml }
}

/// Bad bytes do not matter here: if they stand after the root, it is known all the same.
fn lossy<'a>(window: &'a [u8], detected: &Detected) -> Cow<'a, str> {
    let bytes = window.get(detected.bom..).unwrap_or_default();
    match detected.encoding {
        Encoding::Utf16Le => encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0,
        Encoding::Utf16Be => encoding_rs::UTF_16BE.decode_without_bom_handling(bytes).0,
        _ => String::from_utf8_lossy(bytes),
    }
}

/// An address or a link in angle brackets, with which a plain text may begin, is no tag: what
/// follows the name tells.
fn begins_like_xml(start: &str) -> bool {
    let Some(rest) = start.strip_prefix('<') else { return false };
    if rest.starts_with(['?', '!']) {
        return true;
    }
    let after = rest.trim_start_matches(|character: char| character.is_alphanumeric() || "_:.-".contains(character));
    let named = rest.starts_with(|first: char| first.is_alphabetic() || first == '_' || first == ':');
    named && (after.is_empty() || after.starts_with("/>") || after.starts_with(|next| next == '>' || is_blank(next)))
}

fn root(text: &str, start: &str) -> Sniff {
    let limits = DocumentLimits::default();
    match XmlReader::new(text, &limits).next() {
        Ok(Node::Start(tag)) => judge(&tag.name),
        Err(fault) if fault.code == Code::D02 && is_html_doctype(text.get(fault.span.start..).unwrap_or(start)) => {
            Sniff::OtherXml { root: "html".to_owned(), ignorable: true }
        }
        _ => Sniff::Broken,
    }
}

fn judge(root: &Name<'_>) -> Sniff {
    if let Some(adapter) = adapter(root) {
        return Sniff::Known(adapter.format);
    }
    let html = root.local.eq_ignore_ascii_case("html")
        && (root.namespace.is_empty() || root.namespace == "http://www.w3.org/1999/xhtml");
    let metadata = root.namespace.starts_with("urn:oasis:names:tc:ebxml-regrep");
    let our_answer = root.namespace.starts_with("urn:fr:dispolits:compte-rendu:");
    Sniff::OtherXml { root: domain::defect::excerpt(&root.to_string()), ignorable: html || metadata || our_answer }
}
