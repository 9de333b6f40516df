//! What of the sender's mail goes back with the reply.

use mail_builder::headers::content_type::ContentType;
use mail_builder::mime::{BodyPart, MimePart};

use super::mail::valid_id;
use super::subject::header_text;
use super::{ReplyEnvelope, Returning};

/// The most bytes of its headers sent back.
const HEADERS_LIMIT: usize = 16 * 1024;
/// The longest line of a mail (RFC 5322, section 2.1.1), in bytes without the line end.
const LINE_LIMIT: usize = 998;

/// What the mail is called when it is saved.
const NAME: &str = "courriel-d-origine.eml";

/// The mail as `message/rfc822`, or its headers as `text/rfc822-headers` where it cannot travel
/// whole; `None` when it was not given.
pub(super) fn part(raw: Option<&[u8]>, returning: Returning) -> Option<MimePart<'static>> {
    let raw = raw?;
    Some(whole(raw, returning).unwrap_or_else(|| headers_part(header_block(raw))))
}

/// The same for a receipt, whose third part is expected: without the mail, its Message-ID.
pub(super) fn part_or_known(raw: Option<&[u8]>, envelope: &ReplyEnvelope) -> Option<MimePart<'static>> {
    let known = || envelope.original_message_id.as_deref().and_then(valid_id);
    part(raw, envelope.returning).or_else(|| known().map(|id| headers_part(format!("Message-ID: <{id}>\r\n"))))
}

/// Whether the mail makes the one that carries it a mail of 8 bits.
pub(super) fn takes_eight_bits(raw: &[u8], returning: Returning) -> bool {
    !raw.is_ascii() && travels(raw, returning)
}

/// RFC 2046, section 5.2.1, allows no encoding on `message/rfc822`: only a mail goes back whole that can travel as it is.
fn whole(raw: &[u8], returning: Returning) -> Option<MimePart<'static>> {
    travels(raw, returning).then(|| {
        let encoding = if raw.is_ascii() { "7bit" } else { "8bit" };
        let part = MimePart::new("message/rfc822", BodyPart::Binary(with_crlf(raw).into()));
        part.transfer_encoding(encoding).attachment(NAME)
    })
}

fn travels(raw: &[u8], returning: Returning) -> bool {
    let fits = |line: &[u8]| line.len() <= LINE_LIMIT && !line.contains(&b'\r') && !line.contains(&b'\0');
    raw.len() <= returning.largest && (returning.eight_bit || raw.is_ascii()) && lines(raw).all(fits)
}

fn with_crlf(raw: &[u8]) -> Vec<u8> {
    lines(raw).collect::<Vec<_>>().join(&b"\r\n"[..])
}

fn lines(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    raw.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

pub(super) fn headers_part(block: String) -> MimePart<'static> {
    MimePart::new(ContentType::new("text/rfc822-headers"), BodyPart::Text(block.into()))
}

/// The lines before the first empty one, readable, bounded; empty ones in front of the header are passed over.
pub(super) fn header_block(raw: &[u8]) -> String {
    let start = raw.get(..HEADERS_LIMIT).unwrap_or(raw);
    let text = String::from_utf8_lossy(start.trim_ascii_start());
    let lines: Vec<String> = text.lines().take_while(|line| !line.trim_end().is_empty()).map(printable).collect();
    lines.join("\r\n") + "\r\n"
}

/// A header line whose indentation, which marks a continuation, is kept.
fn printable(line: &str) -> String {
    let indent = if line.starts_with([' ', '\t']) { " " } else { "" };
    format!("{indent}{}", header_text(line, LINE_LIMIT))
}
