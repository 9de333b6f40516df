//! What an answer says of what we need. The rest never stops a mailbox: what cannot be read is passed over, and only what
//! no IMAP server says ends a session.
//!
//! Ends of commands, words to people, numbers and mails are read by ourselves, loosely; what is left is read by
//! `imap_proto`, which refuses whole answers for one flag, and panics on some.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;

use async_imap::imap_proto::{Capability, MailboxDatum, Outcome, RequestId, Response, ResponseCode, Status};

use super::answers::Answer;
use super::fetched;

/// Lists in lists that the parser, which takes a frame of the stack for each, is trusted with.
const DEEPEST: u32 = 32;

/// What became of an answer.
pub(super) enum Understood<'a> {
    /// It was read.
    As(Response<'a>),
    /// It says nothing that is needed.
    Unneeded,
    /// No server says this: the other side is something else, or the two no longer speak of the same thing.
    Foreign,
}

/// Reads an answer.
pub(super) fn understand(answer: &Answer) -> Understood<'_> {
    let line = answer.bytes.trim_ascii_end();
    let read = match line {
        [b'+', rest @ ..] => Some(Response::Continue(outcome(rest))),
        [b'*', b' ', rest @ ..] => untagged(rest, answer),
        // A blank line behind a mail, a code without its OK.
        [] | [b'*' | b'[', ..] => None,
        tagged => match done(tagged) {
            Some(done) => Some(done),
            None => return Understood::Foreign,
        },
    };
    read.map_or(Understood::Unneeded, Understood::As)
}

fn untagged<'a>(rest: &'a [u8], answer: &'a Answer) -> Option<Response<'a>> {
    let (word, after) = split(rest);
    if let Some(status) = status(word) {
        return Some(Response::Data { status, outcome: outcome(after) });
    }
    if let Some(number) = number(word) {
        let (kind, after) = split(after);
        return match kind.to_ascii_uppercase().as_slice() {
            b"EXISTS" => Some(Response::MailboxData(MailboxDatum::Exists(number))),
            b"EXPUNGE" => Some(Response::Expunge(number)),
            b"FETCH" => Some(Response::Fetch(number, fetched::items(after))),
            _ => None,
        };
    }
    match word.to_ascii_uppercase().as_slice() {
        b"CAPABILITY" => Some(Response::Capabilities(words(after).map(Capability::Atom).collect())),
        b"FLAGS" => None,
        _ => by_the_book(answer),
    }
}

/// Everything else, if the parser reads all of it.
fn by_the_book(answer: &Answer) -> Option<Response<'_>> {
    if answer.depth > DEEPEST {
        return None;
    }
    let read = std::panic::catch_unwind(AssertUnwindSafe(|| Response::parse(&answer.bytes)));
    match read {
        Ok(Ok(([], response))) => Some(response),
        _ => None,
    }
}

/// The end of a command.
fn done(line: &[u8]) -> Option<Response<'_>> {
    let (tag, rest) = split(line);
    let (word, after) = split(rest);
    let status = status(word).filter(|status| matches!(status, Status::Ok | Status::No | Status::Bad))?;
    let tag = std::str::from_utf8(tag).ok()?.to_owned();
    Some(Response::Done { tag: RequestId(tag), status, outcome: outcome(after) })
}

/// A code that matters here is told apart; any other stays in the text.
fn outcome(text: &[u8]) -> Outcome<'_> {
    let text = text.trim_ascii_start();
    let (code, information) = match coded(text) {
        Some((code, rest)) => (Some(code), rest),
        None => (None, text),
    };
    let information = (!information.is_empty()).then(|| String::from_utf8_lossy(information));
    Outcome { code, information }
}

fn coded(text: &[u8]) -> Option<(ResponseCode<'static>, &[u8])> {
    let inside = text.strip_prefix(b"[")?;
    let end = inside.iter().position(|byte| *byte == b']')?;
    let (word, argument) = split(inside.get(..end)?);
    let code = match word.to_ascii_uppercase().as_slice() {
        b"ALERT" => ResponseCode::Alert,
        b"READ-ONLY" => ResponseCode::ReadOnly,
        b"TRYCREATE" => ResponseCode::TryCreate,
        b"UIDVALIDITY" => ResponseCode::UidValidity(number(argument)?),
        _ => return None,
    };
    Some((code, inside.get(end.saturating_add(1)..)?.trim_ascii_start()))
}

fn status(word: &[u8]) -> Option<Status> {
    match word.to_ascii_uppercase().as_slice() {
        b"OK" => Some(Status::Ok),
        b"NO" => Some(Status::No),
        b"BAD" => Some(Status::Bad),
        b"BYE" => Some(Status::Bye),
        b"PREAUTH" => Some(Status::PreAuth),
        _ => None,
    }
}

/// The first word, and what follows it.
fn split(text: &[u8]) -> (&[u8], &[u8]) {
    let text = text.trim_ascii_start();
    let end = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    (word, rest.trim_ascii_start())
}

fn words(text: &[u8]) -> impl Iterator<Item = Cow<'_, str>> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).map(String::from_utf8_lossy)
}

pub(super) fn number<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    let digits = word.trim_ascii();
    digits.iter().all(u8::is_ascii_digit).then_some(())?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let bytes = format!("{line}\r\n").into_bytes();
        let told = match understand(&Answer { bytes, depth: 0, cut: None }) {
            Understood::As(response) => format!("{response:?}"),
            Understood::Unneeded => "unneeded".to_owned(),
            Understood::Foreign => "foreign".to_owned(),
        };
        assert!(told.starts_with(expected), "{line}: {told}, expected {expected}");
    }

    #[test]
    fn what_is_needed_is_read_however_it_is_written() {
        check("* 12 EXISTS", "MailboxData(Exists(12))");
        check("*  12 exists ", "MailboxData(Exists(12))");
        check("* 3 EXPUNGE", "Expunge(3)");
        check("* ok [uidvalidity 7] x", "Data { status: Ok, outcome: Outcome { code: Some(UidValidity(7)),");
        check("* OK [UIDVALIDITY 7]x", "Data { status: Ok, outcome: Outcome { code: Some(UidValidity(7)),");
        check("* OK [ALERT]é", "Data { status: Ok, outcome: Outcome { code: Some(Alert), information: Some(\"é\")");
        check("* OK [UNAVAILABLE] x", "Data { status: Ok, outcome: Outcome { code: None, information: Some(\"[UNAV");
        check("* OK [PERMANENTFLAGS (\\Seen a(b \"c d\" \u{4})] x", "Data { status: Ok");
        check("* BYE", "Data { status: Bye");
        check("A0001 OK", "Done { tag: RequestId(\"A0001\"), status: Ok");
        check(
            "A0001 no [TRYCREATE] x",
            "Done { tag: RequestId(\"A0001\"), status: No, outcome: Outcome { code: Some(Try",
        );
        check("+", "Continue");
        check("* CAPABILITY IMAP4rev1  MOVE X=\"y\" ", "Capabilities([Atom(\"IMAP4rev1\"), Atom(\"MOVE\"), Atom(");
        check("* LIST () \".\" Traites", "MailboxData(List");
        check("* SEARCH 3 9", "MailboxData(Search([3, 9]))");
    }

    #[test]
    fn what_is_not_needed_is_passed_over() {
        for line in [
            "* FLAGS (\\Seen \u{4}Junk a(b \"c d\")",
            "* 4 RECENT",
            "* 99999999999 EXISTS",
            "* [COPYUID 5 1 1]",
            "[COPYUID 5 1 1] Moved.",
            "* COPYUID 5 1 1",
            "* STATUS",
            "* XAPPLEPUSHSERVICE \"x\" {",
            "*",
            "",
        ] {
            check(line, "unneeded");
        }
    }

    #[test]
    fn what_no_server_says_is_foreign() {
        for line in ["HTTP/1.1 400 Bad Request", "\u{0}\u{1}\u{2}", "bonjour", "A0001 DONE"] {
            check(line, "foreign");
        }
    }
}
