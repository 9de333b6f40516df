//! What of the sender's mail goes back with the reply.

use mail_builder::headers::content_type::ContentType;
use mail_builder::mime::{BodyPart, MimePart};

use super::Envelope;
use super::mail::valid_id;
use super::subject::header_text;

/// The largest mail sent back as a whole, in bytes.
pub const ORIGINAL_LIMIT: usize = 1024 * 1024;
/// The most bytes of its headers sent back.
const HEADERS_LIMIT: usize = 16 * 1024;
/// The longest line of a mail (RFC 5322, section 2.1.1), in bytes without the line end.
const LINE_LIMIT: usize = 998;

/// The mail as `message/rfc822`, or its headers as `text/rfc822-headers` where it cannot travel
/// whole; `None` when it was not given.
pub(super) fn part(raw: Option<&[u8]>) -> Option<MimePart<'static>> {
    let raw = raw?;
    Some(whole(raw).unwrap_or_else(|| headers_part(header_block(raw))))
}

/// The same for a receipt, whose third part is expected: without the mail, its Message-ID.
pub(super) fn part_or_known(raw: Option<&[u8]>, envelope: &Envelope) -> Option<MimePart<'static>> {
    let known = || envelope.original_message_id.as_deref().and_then(valid_id);
    part(raw).or_else(|| known().map(|id| headers_part(format!("Message-ID: <{id}>\r\n"))))
}

/// RFC 2046, section 5.2.1, allows no transfer encoding on `message/rfc822`: only a mail that is
/// fit for 7 bits as it stands goes back whole.
fn whole(raw: &[u8]) -> Option<MimePart<'static>> {
    let text = std::str::from_utf8(raw).ok().filter(|text| raw.len() <= ORIGINAL_LIMIT && text.is_ascii())?;
    let text = text.replace("\r\n", "\n");
    let fits = |line: &str| line.len() <= LINE_LIMIT && !line.contains(['\r', '\0']);
    text.split('\n').all(fits).then(|| {
        let bytes = text.replace('\n', "\r\n").into_bytes();
        MimePart::new("message/rfc822", BodyPart::Binary(bytes.into())).transfer_encoding("7bit")
    })
}

pub(super) fn headers_part(block: String) -> MimePart<'static> {
    MimePart::new(ContentType::new("text/rfc822-headers"), BodyPart::Text(block.into()))
}

/// The lines before the first empty one, readable, bounded.
pub(super) fn header_block(raw: &[u8]) -> String {
    let start = raw.get(..HEADERS_LIMIT).unwrap_or(raw);
    let text = String::from_utf8_lossy(start);
    let lines: Vec<String> = text.lines().take_while(|line| !line.trim_end().is_empty()).map(printable).collect();
    lines.join("\r\n") + "\r\n"
}

/// A header line whose indentation, which marks a continuation, is kept.
fn printable(line: &str) -> String {
    let indent = if line.starts_with([' ', '\t']) { " " } else { "" };
    format!("{indent}{}", header_text(line, LINE_LIMIT))
}
