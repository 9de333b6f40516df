//! What the sender reads: the French text for people, `compte-rendu.xml` for their software, and
//! the mail that carries both.
//!
//! Pure: a reply is a function of its [`Letter`], byte for byte, so that what is stored before it
//! is sent can be sent again unchanged.

mod classify;
mod compte_rendu;
mod corrections;
mod counts;
mod detail;
mod digest;
mod discretion;
mod guide;
mod layout;
mod lighter;
mod mail;
mod original;
mod receipt;
mod reminder;
mod subject;
mod summary;
mod text;

use jiff::Timestamp;

use domain::address::Address;
use domain::outcome::MailOutcome;
use mail::Attachment;

pub use classify::is_failure;
pub use compte_rendu::{DEFAUTS_LIMIT, LIGNES_LIMIT, NAMESPACE, compte_rendu};
pub use digest::{Digest, digest};
pub use guide::guide_table;
pub use lighter::without_original;
pub use reminder::{Reminder, reminder};
pub use text::text;

/// All that a reply is made of.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// What became of the mail.
    pub outcome: &'a MailOutcome,
    /// First answer or complement.
    pub kind: ReplyKind,
    /// From whom, to whom, in answer to what.
    pub envelope: &'a ReplyEnvelope,
    /// When the reply is made; its `Date`.
    pub at: Timestamp,
}

impl Letter<'_> {
    /// Whether it is a receipt (MDN).
    fn is_receipt(&self) -> bool {
        self.envelope.receipt.is_some() && self.kind == ReplyKind::Reponse
    }
}

/// Which of the two mails a sender may get about one of his.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplyKind {
    /// The reply.
    Reponse,
    /// The one later mail, when the ROR rejected more after the reply had left. Never an MDN.
    Complement,
    /// The same one later mail, when the operator had the mail judged again after the reply had left. Never an MDN.
    Reprise,
}

/// Everything of a reply that is not the judgement.
#[derive(Debug, Clone)]
pub struct ReplyEnvelope {
    /// The mailbox of Dispolits.
    pub from: Address,
    /// Its display name, such as « Dispolits – GCS … ».
    pub from_name: String,
    /// Who is answered.
    pub to: Address,
    /// The establishments' contacts, when they must know too; nobody where a receipt is due, which goes to the one who
    /// asked for it alone (RFC 8098, section 3).
    pub cc: Vec<Address>,
    /// The subject to repeat, decoded; `None` unless the mail was recognised as a report.
    pub original_subject: Option<String>,
    /// The Message-ID answered, without angle brackets.
    pub original_message_id: Option<String>,
    /// The References of the mail answered, without angle brackets.
    pub references: Vec<String>,
    /// The raw mail, if it may go back. Attached as a whole only if it can travel unchanged, else by its headers;
    /// nothing of it where it holds anything but reports.
    pub original: Option<Vec<u8>>,
    /// What may travel back as a whole.
    pub returning: Returning,
    /// The receipt due, if the sender asked for one and may have it.
    pub receipt: Option<ReceiptRequest>,
    /// Where a person reads what is answered to it (MSSanté référentiel #2, ECO.2.2.5).
    pub contact: Option<Address>,
    /// The Message-ID of this reply, derived from the mail, without angle brackets.
    pub message_id: String,
    /// The product reference for `X-MSS-NIL` (MSSanté référentiel #2, ECO.2.4.3).
    pub nil: Option<String>,
    /// Whether this is the qualification platform: banner and subject prefix.
    pub qualification: bool,
    /// Whether this reply announces the return to normal.
    pub back_to_normal: bool,
}

/// Which of the senders' mails may go back as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returning {
    /// The largest, in bytes.
    pub largest: usize,
    /// Whether those that are not ASCII may: the reply is then a mail of 8 bits (RFC 6152).
    pub eight_bit: bool,
}

/// What an MDN says of the addresses (RFC 8098, sections 3.2.3 and 3.2.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRequest {
    /// The mailbox the mail was read from.
    pub final_recipient: Address,
    /// The address of the mail's own `Original-Recipient` field.
    pub original_recipient: Option<Address>,
}

/// A reply ready to be stored and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject, decoded.
    pub subject: String,
    /// The text for people.
    pub text: String,
    /// The XML for software.
    pub compte_rendu: String,
    /// The whole mail (RFC 5322) with CRLF line ends, no line above 998 characters: ASCII, but for a mail of 8 bits that
    /// goes back as it is.
    pub bytes: Vec<u8>,
}

/// Whether a subject repeats that of a reply of ours: an answer to it, whoever wrote it.
pub fn is_repeated_subject(subject: &str) -> bool {
    subject.contains(subject::MARK)
}

/// Makes the mail. The same letter always gives the same bytes.
pub fn render(letter: &Letter<'_>) -> Rendered {
    let outcome = discretion::discreet(letter.outcome);
    let letter = &Letter { outcome: &outcome, ..*letter };
    let ReplyEnvelope { back_to_normal, qualification, .. } = *letter.envelope;
    let subject = subject::subject(letter);
    let write = if letter.is_receipt() { text::receipt_text } else { text::told };
    let text = write(letter.outcome, letter.kind, back_to_normal, qualification);
    let compte_rendu = compte_rendu::xml(letter.outcome);
    let bytes = mail::bytes(letter, &subject, &text, &[Attachment::new("compte-rendu.xml", &compte_rendu)]);
    Rendered { subject, text, compte_rendu, bytes }
}
