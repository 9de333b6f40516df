//! A reply that a server did not take for what it holds, made lighter: without the sender's mail.

use super::original::{header_block, headers_part};

/// How the part that holds a whole mail begins.
const WHOLE: &[u8] = b"Content-Type: message/rfc822";

/// The mail of a reply without the sender's mail in it, of which the header alone stays; `None` if there is none in it. `mail` is one that this module made, its original coded in whatever way.
pub fn without_original(mail: &[u8]) -> Option<Vec<u8>> {
    let (_, kind) = split(mail, b"\r\nContent-Type: multipart/")?;
    let (_, boundary) = split(kind, b"boundary=\"")?;
    let (boundary, _) = split(boundary, b"\"")?;
    let opening = [b"\r\n--", boundary, b"\r\n"].concat();
    let (before, part) = split(mail, &[&opening, WHOLE].concat())?;
    let (part, after) = split(part, &[b"\r\n--", boundary].concat())?;
    let (_, original) = split(part, b"\r\n\r\n")?;
    let mut lighter = [before, &opening].concat();
    headers_part(header_block(original)).write_part(&mut lighter);
    lighter.extend_from_slice(&[b"\r\n--", boundary, after].concat());
    Some(lighter)
}

/// What stands before and after the first `mark`.
fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    Some((bytes.get(..at)?, bytes.get(at + mark.len()..)?))
}
