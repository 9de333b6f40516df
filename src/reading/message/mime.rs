//! Takes a mail apart into its parts (RFC 2046), in linear time and with bounded depth.
//!
//! The structure is not left to mail-parser, which reads our header blocks: it nests forwarded mails
//! without a limit, so that freeing 100 000 of them overflows the stack and aborts the process, and it
//! searches the rest of the mail for each boundary, which one megabyte turns into minutes.

use super::enclosed;
use super::head::HeaderBlock;
use super::part::Facts;
use super::transfer::{DecodingState, Encoding};

/// The deepest nesting of parts; mail readers produce five levels or so.
const MAX_NESTING: usize = 30;

/// Forwarded mails inside forwarded mails that are looked into.
const MAX_FORWARDED: usize = 2;

/// The longest header of a mail, in bytes; Postfix, for one, cuts at 102 400.
const MAX_HEAD: usize = 128 << 10;

/// The longest header of a part, in bytes.
const MAX_PART_HEAD: usize = 16 << 10;

/// Why a mail cannot be taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// No header field at all.
    NoHeader,
    /// No line feed at all, but carriage returns.
    NoLineFeed,
    /// A header longer than the limit.
    LongHead,
    /// Parts nested deeper than the limit.
    TooDeep,
    /// More parts than the limit.
    TooManyParts,
}

/// What is done with the pieces, in the order of the mail.
pub(super) trait Sink {
    /// A part that has no parts of its own.
    fn leaf(&mut self, facts: &Facts, body: &[u8]);
    /// A multipart/report, which is not taken apart; one inside a forwarded mail is outside.
    fn report(&mut self, facts: &Facts, body: &[u8]);
    /// A multipart whose boundary is not declared or never occurs; its body is outside.
    fn unsplit(&mut self);
    /// What is in no part: before the first boundary of a multipart, behind its last one, or never taken apart.
    fn outside(&mut self, bytes: &[u8]);
    /// A mail inside this one that lost bytes on the way; what is left of it follows.
    fn damaged_mail(&mut self, facts: &Facts);
    /// A forwarded mail that lies deeper than is looked into.
    fn beyond(&mut self, mail: &[u8]);
}

/// Where a piece stands.
#[derive(Clone, Copy)]
struct PartLevel {
    nesting: usize,
    forwarded: usize,
    is_mail: bool,
}

struct Walk<'s, S> {
    sink: &'s mut S,
    parts_left: usize,
}

/// The header block of a mail and its body.
pub(super) fn open(raw: &[u8]) -> Result<(&[u8], &[u8]), Unreadable> {
    let (block, body) = split_head(beginning(raw));
    if block.len() <= MAX_HEAD { Ok((block, body)) } else { Err(Unreadable::LongHead) }
}

/// As much of a header that is too long as may be read: enough to know the sender.
pub(super) fn open_long_head(raw: &[u8]) -> &[u8] {
    let mail = beginning(raw);
    mail.get(..MAX_HEAD).unwrap_or(mail)
}

/// A mail whose lines end in a carriage return alone, with line feeds instead: enough to know the sender, and whether a
/// patient's document is in it. `None` if the mail has a line feed: then a carriage return alone ends no line, here or at
/// any server.
pub(super) fn relined(raw: &[u8]) -> Option<Vec<u8>> {
    if raw.contains(&b'\n') || !raw.contains(&b'\r') {
        return None;
    }
    Some(raw.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect())
}

/// A mail without what programs leave in front of its header: byte order marks, blanks and blank lines, and the line
/// « From … » that parts the mails of an mbox file (RFC 4155).
fn beginning(mail: &[u8]) -> &[u8] {
    let mut rest = mail;
    loop {
        let bare = rest.trim_ascii_start();
        let bare = bare.strip_prefix(b"\xef\xbb\xbf").or_else(|| without_mbox_line(bare)).unwrap_or(bare);
        if bare.len() == rest.len() {
            return rest;
        }
        rest = bare;
    }
}

/// What follows the line; `None` if it is no such line but the field From with a blank before its colon.
fn without_mbox_line(mail: &[u8]) -> Option<&[u8]> {
    let behind = mail.strip_prefix(b">").unwrap_or(mail).strip_prefix(b"From ")?;
    let end = behind.iter().position(|byte| *byte == b'\n').map_or(behind.len(), |end| end + 1);
    (!behind.trim_ascii_start().starts_with(b":")).then(|| behind.get(end..).unwrap_or_default())
}

/// Hands every piece of a mail to `sink`, until a limit is met.
pub(super) fn walk(facts: &Facts, body: &[u8], parts: usize, sink: &mut impl Sink) -> Result<(), Unreadable> {
    Walk { sink, parts_left: parts }.content(facts, body, PartLevel { nesting: 0, forwarded: 0, is_mail: true })
}

/// The parts between the lines of `boundary`, headers included. A missing last line is forgiven:
/// what is cut off shows in the document itself.
pub(super) fn parts<'x, 'b>(body: &'x [u8], boundary: &'b str) -> MimeParts<'x, 'b> {
    MimeParts { body, boundary: boundary.as_bytes(), first: None, at: 0, start: None, closed: false }
}

/// The header block, its last line ending included, and what follows the blank line.
pub(super) fn split_head(entity: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in entity.split_inclusive(|byte| *byte == b'\n') {
        if matches!(line, b"\n" | b"\r\n") {
            let body = entity.get(at + line.len()..).unwrap_or_default();
            return (entity.get(..at).unwrap_or_default(), body);
        }
        at += line.len();
    }
    (entity, &[])
}

impl<S: Sink> Walk<'_, S> {
    fn entity(&mut self, entity: &[u8], default: &str, level: PartLevel) -> Result<(), Unreadable> {
        self.parts_left = self.parts_left.checked_sub(1).ok_or(Unreadable::TooManyParts)?;
        if level.nesting > MAX_NESTING {
            return Err(Unreadable::TooDeep);
        }
        let (block, body) = split_head(entity);
        let limit = if level.is_mail { MAX_HEAD } else { MAX_PART_HEAD };
        if block.len() > limit {
            return Err(Unreadable::LongHead);
        }
        self.content(&Facts::read(&HeaderBlock::read(block), default), body, level)
    }

    fn content(&mut self, facts: &Facts, body: &[u8], level: PartLevel) -> Result<(), Unreadable> {
        let level = PartLevel { nesting: level.nesting + 1, is_mail: false, ..level };
        if facts.media == "multipart/report" {
            if level.forwarded == 0 {
                self.sink.report(facts, body);
            } else {
                self.sink.outside(body);
            }
            Ok(())
        } else if facts.is_multipart() {
            self.multipart(facts, body, level)
        } else if facts.is_mail() || enclosed::is_mail(facts, body) {
            self.forwarded(facts, body, level)
        } else {
            self.sink.leaf(facts, body);
            Ok(())
        }
    }

    fn multipart(&mut self, facts: &Facts, body: &[u8], level: PartLevel) -> Result<(), Unreadable> {
        let default = if facts.media == "multipart/digest" { "message/rfc822" } else { "text/plain" };
        let Some(boundary) = &facts.boundary else {
            self.unsplit(body);
            return Ok(());
        };
        let mut parts = parts(body, boundary);
        let mut found = false;
        for part in parts.by_ref() {
            found = true;
            self.entity(part, default, level)?;
        }
        if found {
            self.sink.outside(parts.before());
            self.sink.outside(parts.behind());
        } else {
            self.unsplit(body);
        }
        Ok(())
    }

    fn unsplit(&mut self, body: &[u8]) {
        self.sink.outside(body);
        self.sink.unsplit();
    }

    /// RFC 2046, section 5.2.1, forbids to encode a forwarded mail; some do it all the same.
    fn forwarded(&mut self, facts: &Facts, body: &[u8], level: PartLevel) -> Result<(), Unreadable> {
        let mail = facts.encoding.decode(body);
        if level.forwarded == MAX_FORWARDED {
            self.sink.beyond(&mail.bytes);
            return Ok(());
        }
        if mail.state == DecodingState::Damaged && facts.encoding != Encoding::Unknown {
            self.sink.damaged_mail(facts);
        }
        let inside = PartLevel { forwarded: level.forwarded + 1, is_mail: true, ..level };
        self.entity(beginning(&mail.bytes), "text/plain", inside)
    }
}

/// The parts of a multipart, one after the other.
pub(super) struct MimeParts<'x, 'b> {
    body: &'x [u8],
    boundary: &'b [u8],
    /// Where the first boundary stands, once it was found.
    first: Option<usize>,
    at: usize,
    start: Option<usize>,
    closed: bool,
}

impl<'x> Iterator for MimeParts<'x, '_> {
    type Item = &'x [u8];

    fn next(&mut self) -> Option<&'x [u8]> {
        let rest = if self.closed { &[] } else { self.body.get(self.at..).unwrap_or_default() };
        for line in rest.split_inclusive(|byte| *byte == b'\n') {
            let line_start = self.at;
            self.at += line.len();
            if let Some(closing) = delimiter(line, self.boundary) {
                self.first.get_or_insert(line_start);
                self.closed = closing;
                let next = (!closing).then_some(self.at);
                if let Some(start) = std::mem::replace(&mut self.start, next) {
                    return Some(self.without_line_ending(start, line_start));
                }
                if closing {
                    return None;
                }
            }
        }
        self.start.take().and_then(|start| self.body.get(start..))
    }
}

impl<'x> MimeParts<'x, '_> {
    /// What stands before the first boundary.
    fn before(&self) -> &'x [u8] {
        self.body.get(..self.first.unwrap_or(0)).unwrap_or_default()
    }

    /// What stands behind the last boundary, once all parts were given.
    fn behind(&self) -> &'x [u8] {
        if self.closed { self.body.get(self.at..).unwrap_or_default() } else { &[] }
    }

    /// The line ending before a boundary belongs to the boundary (RFC 2046, section 5.1.1).
    fn without_line_ending(&self, start: usize, end: usize) -> &'x [u8] {
        let part = self.body.get(start..end).unwrap_or_default();
        part.strip_suffix(b"\n").map_or(part, |part| part.strip_suffix(b"\r").unwrap_or(part))
    }
}

/// Whether a line is a boundary, and whether it is the last one. The whole line must match: the
/// boundary of one multipart may begin like that of another.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?.trim_ascii();
    match rest {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}
