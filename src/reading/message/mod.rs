//! From the bytes of a mail to the documents it carries and to all that a reply must know.
//!
//! Reading never fails and never panics, whatever the bytes: what is wrong with the mail is a defect,
//! that is, an answer. Nothing is decided by a file name or a media type, and no part is ever read in
//! part: a limit that is met is a defect too.

mod archive;
mod automatic;
mod candidates;
mod collect;
mod defects;
mod embedded;
mod enclosed;
mod envelope;
mod head;
mod identifier;
mod limits;
mod mailboxes;
mod mime;
mod name;
mod notification;
mod part;
mod patient_search;
mod substitute;
mod tnef;
mod transfer;
mod uuencode;

use crate::report::Magic;
use domain::address::Address;
use domain::defect::{Code, Defect};

use collect::{FoundDocuments, Gathering};
use defects::Refusal;
use envelope::MessageEnvelope;
use head::HeaderBlock;
use mime::Unreadable;
use part::Facts;

pub use automatic::{Automatic, PATIENT_DOMAINS, is_of_patients};
pub use candidates::Candidate;
pub use envelope::ReturnPath;
pub use limits::{Allowance, MessageLimits};
pub use notification::{Action, DeliveryNotice, Receipt, ReceiptKind};
pub use substitute::is_substitute;

/// A mail, taken apart. It owns what it holds; the raw bytes may go.
#[derive(Debug, Clone)]
pub struct Message {
    envelope: MessageEnvelope,
    automatic: Option<Automatic>,
    found: FoundDocuments,
}

/// Takes a mail apart (RFC 5322, RFC 2045 to 2047). The size of `raw` is the caller's to limit.
///
/// Never fails: a mail that cannot be read has the defect M05 and whatever its header still tells.
pub fn read(raw: &[u8], limits: &MessageLimits) -> Message {
    if let Some(lines) = mime::relined(raw) {
        return unread(&lines, Unreadable::NoLineFeed, limits);
    }
    match mime::open(raw) {
        Ok((block, body)) => read_opened(raw, &HeaderBlock::read(block), body, limits),
        Err(reason) => unread(raw, reason, limits),
    }
}

/// The sender of a mail, whose body is not looked at.
pub fn sender_of(raw: &[u8]) -> Option<Address> {
    let lines = mime::relined(raw);
    MessageEnvelope::read(&HeaderBlock::read(header_of(lines.as_deref().unwrap_or(raw)))).sender
}

fn header_of(raw: &[u8]) -> &[u8] {
    mime::open(raw).map_or_else(|_| mime::open_long_head(raw), |(block, _)| block)
}

/// The documents of a zip archive that came without a mail, by the rules for one that is attached.
pub fn candidates_of_archive(name: &str, bytes: &[u8], limits: &MessageLimits) -> (Vec<Candidate>, Vec<Defect>) {
    let shown = name::shown(Some(name), ".zip");
    let mut gathering = Gathering::new(limits);
    gathering.file(&shown, bytes);
    let found = gathering.finish(Ok(()));
    (found.candidates, found.defects)
}

/// What a mail with this file alone would be answered because the file is no document at all, but compressed or of
/// another program; `None` if it is to be read.
pub fn refused_file(name: &str, bytes: &[u8], limits: &MessageLimits) -> Option<Defect> {
    let shown = name::shown(Some(name), "");
    match Magic::of(bytes)? {
        Magic::Packed(kind) => Some(Refusal::Packed(kind).defect(&shown, limits)),
        Magic::Foreign(kind) if !name::ends_in(name, ".xml") => Some(defects::absent(&[kind.or_by_name(name)])),
        Magic::Zip | Magic::AppleDouble | Magic::Foreign(_) => None,
    }
}

impl Message {
    /// The address in From, if whoever reads it finds exactly one.
    pub fn sender(&self) -> Option<&Address> {
        self.envelope.sender.as_ref()
    }

    /// The sender as somebody may vouch for it: none if the field From stands more than once (RFC 5322, section 3.6, allows
    /// one), since the servers on the way may have looked at another one than we. It is answered all the same.
    pub fn vouched_sender(&self) -> Option<&Address> {
        self.sender().filter(|_| !self.envelope.repeats_from)
    }

    /// What From says, shortened and safe to repeat; empty if there is none.
    pub fn from_text(&self) -> &str {
        &self.envelope.from_text
    }

    /// Whether From holds more than one address, or stands more than once.
    pub fn has_several_senders(&self) -> bool {
        self.envelope.several_senders || self.envelope.repeats_from
    }

    /// The first address in Reply-To.
    pub fn reply_to(&self) -> Option<&Address> {
        self.envelope.reply_to.as_ref()
    }

    /// The address in Disposition-Notification-To, if it holds exactly one (RFC 8098, section 2.1).
    pub fn disposition_notification_to(&self) -> Option<&Address> {
        self.envelope.disposition_notification_to.as_ref()
    }

    /// The address in Original-Recipient, which an MDN repeats (RFC 8098, section 2.3).
    pub fn original_recipient(&self) -> Option<&Address> {
        self.envelope.original_recipient.as_ref()
    }

    /// What the topmost Return-Path says.
    pub fn return_path(&self) -> &ReturnPath {
        &self.envelope.return_path
    }

    /// The Message-ID without angle brackets: printable ASCII, 250 bytes at most. A sender may use
    /// one twice: it identifies nothing.
    pub fn message_id(&self) -> Option<&str> {
        self.envelope.message_id.as_deref()
    }

    /// The Message-IDs of References, or that of In-Reply-To; 20 at most, as safe as the Message-ID.
    pub fn references(&self) -> &[String] {
        &self.envelope.references
    }

    /// The Message-IDs that In-Reply-To and References name, 40 at most, as safe as the Message-ID.
    pub fn answers(&self) -> &[String] {
        &self.envelope.answers
    }

    /// The subject, decoded, on one line, shortened.
    pub fn subject(&self) -> Option<&str> {
        self.envelope.subject.as_deref()
    }

    /// Why this mail must never be answered; `None` if it may. Whether it comes from an address of
    /// our own is for the caller to check.
    pub fn automatic(&self) -> Option<Automatic> {
        self.automatic
    }

    /// The receipt, if the mail is one; then there are neither candidates nor defects.
    pub fn receipt(&self) -> Option<&Receipt> {
        self.found.receipt.as_ref()
    }

    /// The documents to read, in the order of the mail; empty if there is a defect, since each
    /// rejects the whole mail.
    pub fn candidates(&self) -> &[Candidate] {
        &self.found.candidates
    }

    /// M02, M04, M05 or M06; empty if there are candidates. M06 quotes nothing, and what may stand beside it, that a file
    /// could not be opened, names nothing either.
    pub fn defects(&self) -> &[Defect] {
        &self.found.defects
    }

    /// What its archives were unpacked to, in bytes.
    pub fn unpacked(&self) -> u64 {
        self.found.unpacked
    }

    /// Whether it holds nothing but known reports and what a person writes with them: then it may go back to its sender.
    pub fn holds_only_reports(&self) -> bool {
        !self.candidates().is_empty() && !self.found.strangers
    }

    /// Whether a file is attached, of whatever kind.
    pub fn has_attachments(&self) -> bool {
        self.found.files
    }

    /// Whether nothing in it is to be judged: a receipt, or an automatic mail without any document. A patient's document
    /// that a machine sends is one all the same.
    pub fn is_ignorable(&self) -> bool {
        let is_patients = self.defects().iter().any(|defect| defect.code() == Code::M06);
        self.receipt().is_some() || self.automatic().is_some() && self.candidates().is_empty() && !is_patients
    }

    fn new(head: &HeaderBlock<'_>, found: FoundDocuments) -> Self {
        let envelope = MessageEnvelope::read(head);
        // What is wrong with a document must be told, whatever the subject.
        let is_bare = found.candidates.is_empty() && found.defects.iter().all(|defect| defect.code() == Code::M02);
        let automatic = Automatic::of(head, &envelope, found.receipt.is_some(), is_bare);
        Self { envelope, automatic, found }
    }
}

fn read_opened(raw: &[u8], head: &HeaderBlock<'_>, body: &[u8], limits: &MessageLimits) -> Message {
    if head.is_empty() {
        return unread(raw, Unreadable::NoHeader, limits);
    }
    let mut gathering = Gathering::new(limits);
    let end = mime::walk(&Facts::read(head, "text/plain"), body, limits.parts, &mut gathering);
    if end.is_err() {
        gathering.unread(raw);
    }
    Message::new(head, gathering.finish(end))
}

/// A mail that is not taken apart, except to know whether a patient's document is in it.
fn unread(raw: &[u8], reason: Unreadable, limits: &MessageLimits) -> Message {
    let mut gathering = Gathering::new(limits);
    gathering.unread(raw);
    Message::new(&HeaderBlock::read(header_of(raw)), gathering.finish(Err(reason)))
}

/// The text a person reads first in a mail: its first text part, decoded; empty without one.
pub fn text_of(raw: &[u8]) -> String {
    let parsed = mail_parser::MessageParser::default().parse(raw);
    parsed.and_then(|mail| mail.body_text(0).map(std::borrow::Cow::into_owned)).unwrap_or_default()
}
