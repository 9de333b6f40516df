//! Delivery notices (RFC 3464) and read receipts (RFC 8098): which of our mails they speak of.
//!
//! Tolerant: the MDN example of the ANS guide on CDA by MSSanté mail, which partners copy, has
//! boundary lines that do not match, a first part without type and blanks inside `<… >`.

mod delivery;
mod fields;

use super::head::HeaderBlock;
use super::identifier;
use super::mime::{parts, split_head};
use super::part::Facts;
use domain::defect::excerpt;

pub use delivery::{Action, DeliveryNotice};
use fields::Group;

/// The parts of a report that are looked at; RFC 6522 has three.
const MAX_PARTS: usize = 8;
/// The recipients of one notice that are looked at.
const MAX_RECIPIENTS: usize = 16;
/// The bytes of a part that are looked at: its fields stand at the beginning.
const MAX_BYTES: usize = 64 << 10;

const NOTICE: &str = "message/disposition-notification";
const DELIVERY_STATUS: &str = "message/delivery-status";
/// The same for addresses beyond ASCII (RFC 6533).
const GLOBAL: [&str; 2] = ["message/global-disposition-notification", "message/global-delivery-status"];

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
    envelope_id: Option<String>,
    deliveries: Vec<DeliveryNotice>,
    disposition: Option<String>,
    error: Option<String>,
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

    /// The ENVID under which the mail was submitted (`Original-Envelope-Id`; RFC 3464, section 2.2.1).
    pub fn envelope_id(&self) -> Option<&str> {
        self.envelope_id.as_deref()
    }

    /// What a delivery notice says of each recipient, the first 16.
    pub fn deliveries(&self) -> &[DeliveryNotice] {
        &self.deliveries
    }

    /// The error that an MDN gives: its `Error` or `Failure` field (RFC 8098, section 3.2.7), or what version 1.1.2 of
    /// the ANS guide writes behind `processed/Error:`. Safe to repeat.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Whether it says that the mail did not arrive or could not be processed (a disposition `failed`, or with `/error`
    /// or `/failure`). A delay is no failure.
    pub fn is_failure(&self) -> bool {
        self.deliveries.iter().any(|delivery| delivery.action == Action::Failed)
            || self.disposition.as_deref().is_some_and(is_failed)
    }

    pub(super) fn read(facts: &Facts, body: &[u8]) -> Self {
        let mut parts: Vec<Part> =
            facts.boundary.iter().flat_map(|boundary| parts(body, boundary)).take(MAX_PARTS).map(Part::read).collect();
        if parts.is_empty() {
            parts.push(Part::whole(&text(body)));
        }
        let notice: Vec<&Group> = parts.iter().filter(|part| part.is_notice()).flat_map(|part| &part.groups).collect();
        let first = |name: &str| notice.iter().find_map(|group| group.values(name).next());
        let disposition = first("disposition").map(str::to_ascii_lowercase);
        Self {
            kind: kind(facts, &parts),
            original_message_id: original_message_id(&notice, &parts),
            envelope_id: first("original-envelope-id").and_then(identifier::one),
            deliveries: notice.iter().filter_map(|group| DeliveryNotice::read(group)).take(MAX_RECIPIENTS).collect(),
            error: first("error").or(first("failure")).or(first("disposition").and_then(behind_error)).map(excerpt),
            disposition,
        }
    }
}

/// A part of a report, decoded as far as it goes.
struct Part {
    media: String,
    groups: Vec<Group>,
}

impl Part {
    fn read(entity: &[u8]) -> Self {
        let (block, body) = split_head(entity);
        let facts = Facts::read(&HeaderBlock::read(block.get(..MAX_BYTES).unwrap_or(block)), "text/plain");
        let groups = Group::all(&text(&facts.encoding.decode(body).bytes));
        Self { media: facts.media, groups }
    }

    /// A report whose parts cannot be told apart: whatever of it looks like a notice is one.
    fn whole(text: &str) -> Self {
        Self { media: NOTICE.to_owned(), groups: Group::all(text) }
    }

    fn is_notice(&self) -> bool {
        [NOTICE, DELIVERY_STATUS].contains(&self.media.as_str()) || GLOBAL.contains(&self.media.as_str())
    }

    /// The mail reported on, or its header alone.
    fn is_original(&self) -> bool {
        !self.is_notice() && (self.media.contains("rfc822") || self.media.starts_with("message/global"))
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
fn original_message_id(notice: &[&Group], parts: &[Part]) -> Option<String> {
    let in_notice = notice.iter().flat_map(|group| group.values("original-message-id"));
    let originals = parts.iter().filter(|part| part.is_original()).flat_map(|part| &part.groups);
    in_notice.chain(originals.flat_map(|group| group.values("message-id"))).find_map(identifier::one)
}

/// RFC 8098, section 3.2.6, and the `processed/Error: 902^…` of version 1.1.2 of the ANS guide.
fn is_failed(disposition: &str) -> bool {
    let state = disposition.split_once(';').map_or(disposition, |(_, state)| state);
    ["failed", "/error", "/failure"].iter().any(|mark| state.contains(mark))
}

/// `902^Identifiant inconnu` of `automatic-action/MDN-sent-automatically; processed/Error: 902^Identifiant inconnu`.
fn behind_error(disposition: &str) -> Option<&str> {
    let (_, state) = disposition.split_once(';')?;
    let (_, modifier) = state.split_once('/')?;
    modifier.split_once(':').map(|(_, error)| error.trim()).filter(|error| !error.is_empty())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..MAX_BYTES).unwrap_or(bytes)).into_owned()
}
