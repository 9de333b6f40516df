//! What Exchange gives in place of a mail that it cannot convert for IMAP or POP: a text of its own, whose words depend on
//! the server's language, while the original stays on the server.

use super::head::HeaderBlock;

/// The header of a substitute is short: it has no way behind it.
const LONGEST: usize = 16 * 1024;

/// Whether these bytes are such a text. It never travelled, so that it has neither `Received` nor a `Message-ID`; it is
/// signed by the server, by name and mostly without an address.
pub fn is_substitute(raw: &[u8]) -> bool {
    let beginning = raw.get(..LONGEST).unwrap_or(raw);
    contains(beginning, "microsoft exchange") && is_signed_by_exchange(&HeaderBlock::read(beginning))
}

fn is_signed_by_exchange(head: &HeaderBlock<'_>) -> bool {
    if head.has("Received") || head.has("Message-ID") {
        return false;
    }
    let signed = |from: String| {
        let names_protocol =
            || ["IMAP4", "POP3"].iter().any(|name| head.texts("Subject").any(|text| text.contains(name)));
        contains(from.as_bytes(), "microsoft exchange") && (!from.contains('@') || names_protocol())
    };
    let mut from = head.texts("From");
    from.next().is_some_and(signed)
}

fn contains(text: &[u8], lower_case: &str) -> bool {
    text.windows(lower_case.len()).any(|window| window.eq_ignore_ascii_case(lower_case.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expected: bool) {
        let raw = format!("MIME-Version: 1.0\r\n{header}\r\n\r\nSubject: \"Lits\"\r\nFrom: \"x\"\r\n");
        assert_eq!(is_substitute(raw.as_bytes()), expected, "{header}");
    }

    #[test]
    fn a_substitute_is_signed_by_the_server_and_never_travelled() {
        check("From: Microsoft Exchange Server 2010\r\nSubject: Retrieval failed: 12", true);
        check("From: \"Microsoft Exchange Server\"\r\nSubject: =?utf-8?B?w4ljaGVj?=", true);
        check("From: Microsoft Exchange <srv@ch.test>\r\nSubject: échec du protocole POP3, message 7", true);
        check("From: Microsoft Exchange <srv@ch.test>\r\nSubject: Relevé", false);
        check("From: Microsoft Exchange Server\r\nReceived: from x by y\r\nSubject: Z IMAP4", false);
        check("From: Microsoft Exchange Server\r\nMessage-ID: <a@b.test>\r\nSubject: Z IMAP4", false);
        check("From: Lits <lits@ch.test>\r\nSubject: Microsoft Exchange Server IMAP4", false);
    }
}
