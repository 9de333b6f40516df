//! The mail: headers, parts, boundary. An ordinary mail, or a receipt (MDN) where one is due.

use std::borrow::Cow;

use base16ct::lower::encode_string;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address as HeaderAddress;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};
use sha2::{Digest, Sha256};

use super::classify::is_confidential;
use super::subject::header_text;
use super::{Letter, ReceiptRequest, ReplyEnvelope, original, receipt};
use domain::address::Address;

/// The most References repeated: the newest ones, which thread a mail just as well.
const REFERENCES_LIMIT: usize = 10;
/// The longest Message-ID repeated: it must fit on one line with its header.
const ID_LIMIT: usize = 900;
/// The most characters of a configured header value.
const CONFIGURED_CHARS: usize = 200;

/// An XML file that goes with the text.
#[derive(Debug, Clone)]
pub(super) struct Attachment<'a> {
    name: Cow<'a, str>,
    xml: Cow<'a, str>,
}

impl<'a> Attachment<'a> {
    pub(super) fn new(name: impl Into<Cow<'a, str>>, xml: impl Into<Cow<'a, str>>) -> Self {
        Self { name: name.into(), xml: xml.into() }
    }
}

/// The whole mail with CRLF line ends.
pub(super) fn bytes(letter: &Letter<'_>, subject: &str, text: &str, attachments: &[Attachment<'_>]) -> Vec<u8> {
    let body = Body { letter, text, attachments };
    let mut output = Vec::new();
    with_thread(headers(letter, subject), letter.envelope).body(body.root()).serialize(&mut output);
    output
}

/// A Message-ID that can be repeated in a header: no blanks, brackets or controls.
pub(super) fn valid_id(id: &str) -> Option<&str> {
    let id = id.trim();
    let legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>');
    ((1..=ID_LIMIT).contains(&id.len()) && id.bytes().all(legal)).then_some(id)
}

fn headers<'a>(letter: &Letter<'a>, subject: &'a str) -> MessageBuilder<'a> {
    let envelope = letter.envelope;
    let name = header_text(&envelope.from_name, CONFIGURED_CHARS);
    let mail = MessageBuilder::new()
        .from((name, envelope.from.to_string()))
        .to(envelope.to.as_str())
        .subject(subject)
        .date(Date::new(letter.at.as_second()))
        .message_id(envelope.message_id.as_str())
        .header("Auto-Submitted", Raw::new("auto-replied"));
    let mail = match &envelope.contact {
        Some(contact) => mail.reply_to(contact.as_str()),
        None => mail,
    };
    let copies: Vec<_> = envelope.cc.iter().map(Address::as_str).map(HeaderAddress::from).collect();
    let mail = if copies.is_empty() { mail } else { mail.cc(HeaderAddress::new_list(copies)) };
    match &envelope.nil {
        Some(nil) => mail.header("X-MSS-NIL", Text::new(header_text(nil, CONFIGURED_CHARS))),
        None => mail,
    }
}

/// In-Reply-To and References (RFC 5322, section 3.6.4; MSSanté référentiel #2, ECO.2.2.2).
fn with_thread<'a>(mail: MessageBuilder<'a>, envelope: &'a ReplyEnvelope) -> MessageBuilder<'a> {
    let Some(id) = envelope.original_message_id.as_deref().and_then(valid_id) else {
        return mail;
    };
    let known: Vec<&str> = envelope.references.iter().filter_map(|id| valid_id(id)).collect();
    let older = known.len().saturating_sub(REFERENCES_LIMIT);
    let references = known.into_iter().skip(older).chain([id]);
    mail.in_reply_to(id).references(MessageId::new_list(references))
}

/// The parts of one reply.
struct Body<'a> {
    letter: &'a Letter<'a>,
    text: &'a str,
    attachments: &'a [Attachment<'a>],
}

impl<'a> Body<'a> {
    fn root(&self) -> MimePart<'a> {
        match &self.letter.envelope.receipt {
            Some(request) if self.letter.is_receipt() => self.report(request),
            _ => self.ordinary(),
        }
    }

    /// A part of 8 bits makes the whole one of 8 bits (RFC 2045, section 6.4).
    fn multipart(&self, kind: ContentType<'a>, parts: Vec<MimePart<'a>>) -> MimePart<'a> {
        let returning = self.letter.envelope.returning;
        let whole = MimePart::new(kind, parts);
        if self.original().is_some_and(|raw| original::takes_eight_bits(raw, returning)) {
            whole.transfer_encoding("8bit")
        } else {
            whole
        }
    }

    fn ordinary(&self) -> MimePart<'a> {
        let kind = ContentType::new("multipart/mixed").attribute("boundary", self.boundary());
        let returned = original::part(self.original(), self.letter.envelope.returning);
        let parts = [self.text_part()].into_iter().chain(self.xml_parts()).chain(returned);
        self.multipart(kind, parts.collect())
    }

    /// Three parts with fixed roles (RFC 6522, and the national profile 1.1.3), for readers that go by position: the
    /// report for software goes to the contact, in a mail of its own.
    fn report(&self, request: &ReceiptRequest) -> MimePart<'a> {
        let kind = ContentType::new("multipart/report")
            .attribute("report-type", "disposition-notification")
            .attribute("boundary", self.boundary());
        let Letter { outcome, envelope, .. } = *self.letter;
        let fields = receipt::fields(outcome, envelope, request).into_bytes();
        let machine = MimePart::new("message/disposition-notification", BodyPart::Binary(fields.into()));
        let returned = original::part_or_known(self.original(), envelope);
        let parts = [self.text_part(), machine.transfer_encoding("7bit")].into_iter().chain(returned);
        self.multipart(kind, parts.collect())
    }

    fn text_part(&self) -> MimePart<'a> {
        MimePart::new("text/plain", BodyPart::Text(self.text.replace('\n', "\r\n").into()))
    }

    fn xml_parts(&self) -> impl Iterator<Item = MimePart<'a>> {
        self.attachments.iter().map(|attachment| {
            MimePart::new("application/xml", BodyPart::Binary(attachment.xml.as_bytes().into()))
                .attachment(attachment.name.as_ref())
        })
    }

    /// A patient document sent by mistake never goes back, nor its headers.
    fn original(&self) -> Option<&'a [u8]> {
        let original = self.letter.envelope.original.as_deref();
        original.filter(|_| !is_confidential(self.letter.outcome))
    }

    /// Derived from all that it separates: deterministic, and no mail returned inside can hold it.
    fn boundary(&self) -> String {
        let mut hash = Sha256::new();
        let attached = self.attachments.iter().map(|attachment| attachment.xml.as_bytes());
        for content in [self.text.as_bytes(), self.original().unwrap_or_default()].into_iter().chain(attached) {
            hash.update(content.len().to_be_bytes());
            hash.update(content);
        }
        hash.update(self.letter.envelope.message_id.as_bytes());
        let digits = encode_string(&hash.finalize());
        // `=_` never occurs in quoted-printable or base64.
        format!("=_{}", digits.get(..40).unwrap_or(&digits))
    }
}
