//! A mail that came as a file: `.eml` sent as a stream of octets, as many programs do.

use super::part::Facts;

/// The bytes of a part in which a header is looked for.
const HEAD: usize = 16 << 10;

/// Fields of which one at least stands beside From in the header of a mail.
const USUAL: &[&str] =
    &["to", "subject", "date", "message-id", "mime-version", DECLARED, "content-transfer-encoding", "received"];

const DECLARED: &str = "content-type";

/// Whether a part is a whole mail, by its content. What people read as the text of a mail never is: it may quote one.
pub(super) fn is_mail(facts: &Facts, body: &[u8]) -> bool {
    let start = body.get(..HEAD).unwrap_or(body);
    !facts.is_text_of_mail() && begins_like_mail(&facts.encoding.decode(start).bytes)
}

/// Whether these bytes begin with the header of a mail (RFC 5322, section 2.2), a mark or the line of a mailbox file
/// before it passed over. Without a sender, it must declare its content (RFC 2045, section 5), and a blank line end it.
pub(super) fn begins_like_mail(bytes: &[u8]) -> bool {
    let mut names: Vec<String> = Vec::new();
    let mut is_closed = false;
    for (rank, line) in without_lead(bytes).split(|byte| *byte == b'\n').enumerate() {
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        let mailbox_line = rank == 0 && (line.starts_with(b"From ") || line.starts_with(b">From "));
        match field_name(line) {
            _ if folded || mailbox_line => {}
            Some(name) => names.push(name),
            None => {
                is_closed = line.trim_ascii().is_empty();
                break;
            }
        }
    }
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if has("from") {
        USUAL.iter().any(|name| has(name))
    } else {
        is_closed && has(DECLARED) && USUAL.iter().any(|name| *name != DECLARED && has(name))
    }
}

fn without_lead(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start()
}

/// The name of a header field, in lower case.
fn field_name(line: &[u8]) -> Option<String> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = std::str::from_utf8(line.get(..colon)?).ok()?.trim_end();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (!name.is_empty() && name.bytes().all(is_name)).then(|| name.to_ascii_lowercase())
}
