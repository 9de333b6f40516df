//! Who wrote, where an answer goes, and what it refers to.

use domain::address::Address;
use domain::defect::excerpt;

use super::head::HeaderBlock;
use super::identifier;
use super::mailboxes::Mailboxes;

/// What the Return-Path field says: the address of the SMTP envelope (RFC 5321, section 4.4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReturnPath {
    /// No such field, or none that can be read.
    #[default]
    Absent,
    /// `<>`, or the mailer-daemon itself: a delivery notice, never to be answered (RFC 3834, section 2).
    Null,
    /// An address.
    Address(Address),
}

/// The fields of the header that a reply needs.
#[derive(Debug, Clone, Default)]
pub(super) struct MessageEnvelope {
    pub(super) sender: Option<Address>,
    pub(super) from_text: String,
    pub(super) several_senders: bool,
    pub(super) repeats_from: bool,
    pub(super) reply_to: Option<Address>,
    pub(super) disposition_notification_to: Option<Address>,
    pub(super) original_recipient: Option<Address>,
    pub(super) return_path: ReturnPath,
    pub(super) message_id: Option<String>,
    pub(super) references: Vec<String>,
    pub(super) answers: Vec<String>,
    pub(super) subject: Option<String>,
}

impl MessageEnvelope {
    pub(super) fn read(head: &HeaderBlock<'_>) -> Self {
        let mailboxes = |field: &str| Mailboxes::read(head.texts(field));
        let from = mailboxes("From");
        Self {
            sender: from.only().cloned(),
            from_text: from_text(head, &from),
            several_senders: from.all().count() > 1,
            repeats_from: head.texts("From").count() > 1,
            reply_to: mailboxes("Reply-To").first().cloned(),
            disposition_notification_to: mailboxes("Disposition-Notification-To").only().cloned(),
            original_recipient: original_recipient(head),
            return_path: return_path(head),
            message_id: head.texts("Message-ID").find_map(|text| identifier::one(&text)),
            references: references(head),
            answers: answers(head),
            subject: head.decoded("Subject").map(|text| excerpt(text.trim())).filter(|text| !text.is_empty()),
        }
    }
}

/// The addresses alone, since a long display name would push them out of the excerpt.
fn from_text(head: &HeaderBlock<'_>, from: &Mailboxes) -> String {
    let addresses: Vec<&str> = from.all().map(Address::as_str).collect();
    match addresses.as_slice() {
        [] => excerpt(&head.texts("From").collect::<Vec<_>>().join(", ")),
        addresses => excerpt(&addresses.join(", ")),
    }
}

/// `rfc822;lits@region.test`: the address the sender wrote, kept by the last server from ORCPT (RFC 3461, section 4.2).
fn original_recipient(head: &HeaderBlock<'_>) -> Option<Address> {
    let text = head.texts("Original-Recipient").next()?;
    let (kind, address) = text.split_once(';')?;
    kind.trim().eq_ignore_ascii_case("rfc822").then(|| address.parse().ok())?
}

/// The topmost field: the last server to deliver wrote it.
fn return_path(head: &HeaderBlock<'_>) -> ReturnPath {
    let Some(text) = head.texts("Return-Path").next() else { return ReturnPath::Absent };
    let bare: String = text.chars().filter(|character| !matches!(character, '<' | '>' | ' ')).collect();
    if bare.is_empty() || bare.to_ascii_lowercase().starts_with("mailer-daemon") {
        return ReturnPath::Null;
    }
    bare.parse().map_or(ReturnPath::Absent, ReturnPath::Address)
}

/// RFC 5322, section 3.6.4: without References, In-Reply-To stands in if it names one message.
fn references(head: &HeaderBlock<'_>) -> Vec<String> {
    let references = identifiers(head, "References");
    if references.is_empty() { identifiers(head, "In-Reply-To").into_iter().take(1).collect() } else { references }
}

/// Whatever either field names: machines that answer fill in one, both, or the wrong one.
fn answers(head: &HeaderBlock<'_>) -> Vec<String> {
    ["In-Reply-To", "References"].into_iter().flat_map(|field| identifiers(head, field)).collect()
}

fn identifiers(head: &HeaderBlock<'_>, field: &str) -> Vec<String> {
    identifier::references(&head.texts(field).collect::<Vec<_>>().join(" "))
}
