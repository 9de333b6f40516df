//! Delivery notices (RFC 3464) and read receipts (RFC 8098): which of our mails they speak of.
//!
//! Tolerant: the MDN example of the ANS guide on CDA by MSSanté mail, which partners copy, has
//! boundary lines that do not match, a first part without type and blanks inside `<… >`.

use super::head::Head;
use super::identifier;
use super::mime::{parts, split_head};
use super::part::Facts;

/// The parts of a report that are looked at; RFC 6522 has three.
const MAX_PARTS: usize = 8;

/// The bytes of a part that are looked at: its fields stand at the beginning.
const MAX_BYTES: usize = 64 << 10;

const NOTICE: &str = "message/disposition-notification";
const DELIVERY_STATUS: &str = "message/delivery-status";

/// Who reports on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptKind {
    /// A server reports on delivery (DSN, RFC 3464).
    Delivery,
    /// The recipient's software reports on what became of the mail (MDN, RFC 8098).
    Disposition,
    /// Another multipart/report, such as an abuse report.
    Other,
}

/// A multipart/report: nothing in it is ever ingested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    kind: ReceiptKind,
    original_message_id: Option<String>,
    is_failure: bool,
}

impl Receipt {
    /// Who reports on what.
    pub fn kind(&self) -> ReceiptKind {
        self.kind
    }

    /// The Message-ID of the mail it speaks of, without angle brackets, if it can be found.
    pub fn original_message_id(&self) -> Option<&str> {
        self.original_message_id.as_deref()
    }

    /// Whether it says that the mail did not arrive (`Action: failed`) or could not be processed
    /// (a disposition `failed`, or with `/error` or `/failure`). A delay is no failure.
    pub fn is_failure(&self) -> bool {
        self.is_failure
    }

    pub(super) fn read(facts: &Facts, body: &[u8]) -> Self {
        let mut parts: Vec<Part> =
            facts.boundary.iter().flat_map(|boundary| parts(body, boundary)).take(MAX_PARTS).map(Part::read).collect();
        if parts.is_empty() {
            parts.push(Part { media: NOTICE.to_owned(), text: text(body) });
        }
        Self {
            kind: kind(facts, &parts),
            original_message_id: original_message_id(&parts),
            is_failure: says(&parts, "action", |value| value == "failed") || says(&parts, "disposition", is_failed),
        }
    }
}

/// A part of a report, decoded as far as it goes.
struct Part {
    media: String,
    text: String,
}

impl Part {
    fn read(entity: &[u8]) -> Self {
        let (block, body) = split_head(entity);
        let facts = Facts::read(&Head::read(block.get(..MAX_BYTES).unwrap_or(block)), "text/plain");
        let text = text(&facts.encoding.decode(body).bytes);
        Self { media: facts.media, text }
    }

    fn is_notice(&self) -> bool {
        matches!(self.media.as_str(), NOTICE | DELIVERY_STATUS | "message/global-disposition-notification")
    }

    /// The mail reported on, or its header alone.
    fn is_original(&self) -> bool {
        self.media.contains("rfc822") || self.media.starts_with("message/global")
    }
}

fn kind(facts: &Facts, parts: &[Part]) -> ReceiptKind {
    let has = |media: &str| parts.iter().any(|part| part.media == media);
    match facts.variant.as_deref() {
        Some("delivery-status") => ReceiptKind::Delivery,
        Some("disposition-notification") => ReceiptKind::Disposition,
        _ if has(DELIVERY_STATUS) => ReceiptKind::Delivery,
        _ if has(NOTICE) && facts.boundary.is_some() => ReceiptKind::Disposition,
        _ => ReceiptKind::Other,
    }
}

/// The notice names the mail; failing that, the mail that is sent back does.
fn original_message_id(parts: &[Part]) -> Option<String> {
    let in_notice =
        parts.iter().filter(|part| part.is_notice()).flat_map(|part| fields(&part.text, "original-message-id"));
    let in_original = parts.iter().filter(|part| part.is_original()).flat_map(|part| fields(&part.text, "message-id"));
    in_notice.chain(in_original).find_map(|value| identifier::one(&value))
}

/// Whether a field of a notice, in lower case, fulfils `rule`.
fn says(parts: &[Part], name: &str, rule: impl Fn(&str) -> bool) -> bool {
    let mut values = parts.iter().filter(|part| part.is_notice()).flat_map(|part| fields(&part.text, name));
    values.any(|value| rule(&value.to_ascii_lowercase()))
}

/// RFC 8098, section 3.2.6, and the `processed/Error: 902^…` of version 1.1.2 of the ANS guide.
fn is_failed(disposition: &str) -> bool {
    let state = disposition.split_once(';').map_or(disposition, |(_, state)| state);
    ["failed", "/error", "/failure"].iter().any(|mark| state.contains(mark))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..MAX_BYTES).unwrap_or(bytes)).into_owned()
}

/// The values of the fields of this name, continuation lines joined; blank lines separate groups of
/// fields here (RFC 3464, section 2.1), so they end nothing.
fn fields(text: &str, name: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match values.last_mut() {
            Some(value) if inside && line.starts_with([' ', '\t']) => value.push_str(line),
            _ => {
                let value = line.split_once(':').filter(|(field, _)| field.trim().eq_ignore_ascii_case(name));
                inside = value.is_some();
                values.extend(value.map(|(_, value)| value.trim().to_owned()));
            }
        }
    }
    values
}
