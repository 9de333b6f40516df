//! The items of a mail in an answer to FETCH (RFC 3501, section 7.4.2): those we ask for, whatever stands beside them.

use std::borrow::Cow;

use async_imap::imap_proto::AttributeValue;

use super::parsing::number;

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FetchValue<'a> {
    /// A quoted string or a literal, without its marks.
    Text(&'a [u8]),
    Atom(&'a [u8]),
    /// A list, whatever it holds.
    List,
}

/// What is known of a mail. Items that are not needed are passed over; where flags make lists that do not close, what is
/// needed is looked for word by word.
pub(super) fn items(text: &[u8]) -> Vec<AttributeValue<'_>> {
    let strict = Scanner(text).pairs();
    let pairs = strict.unwrap_or_else(|| Scanner(text).flat());
    pairs.into_iter().filter_map(|(name, value)| needed(name, value)).collect()
}

fn needed<'a>(name: &[u8], value: FetchValue<'a>) -> Option<AttributeValue<'a>> {
    let name = name.to_ascii_uppercase();
    match (name.as_slice(), value) {
        (b"UID", FetchValue::Atom(word)) => number(word).map(AttributeValue::Uid),
        (b"RFC822.SIZE", FetchValue::Atom(word) | FetchValue::Text(word)) => {
            // Four gigabytes or more are as good as any number that is over every limit.
            number::<u64>(word).map(|bytes| AttributeValue::Rfc822Size(u32::try_from(bytes).unwrap_or(u32::MAX)))
        }
        (b"INTERNALDATE", FetchValue::Text(date)) => Some(AttributeValue::InternalDate(String::from_utf8_lossy(date))),
        (name, value) => body(name, value),
    }
}

/// `BODY[]`, with the place where it begins if a part of it was asked for.
fn body<'a>(name: &[u8], value: FetchValue<'a>) -> Option<AttributeValue<'a>> {
    let after = name.strip_prefix(b"BODY[]").or_else(|| name.strip_prefix(b"BODY.PEEK[]"))?;
    let index = match after {
        [] => None,
        [b'<', offset @ .., b'>'] => Some(number(offset)?),
        _ => return None,
    };
    let data = match value {
        FetchValue::Text(bytes) => Some(Cow::Borrowed(bytes)),
        // NIL: there is none.
        FetchValue::Atom(_) => None,
        FetchValue::List => return None,
    };
    Some(AttributeValue::BodySection { section: None, index, data })
}

/// What is left to be read.
struct Scanner<'a>(&'a [u8]);

impl<'a> Scanner<'a> {
    /// Name and value again and again, if the text is written so.
    fn pairs(mut self) -> Option<Vec<(&'a [u8], FetchValue<'a>)>> {
        let mut pairs = Vec::new();
        self.expect(b'(')?;
        loop {
            self.blank();
            if let [b')', rest @ ..] = self.0 {
                return rest.trim_ascii().is_empty().then_some(pairs);
            }
            let name = self.name()?;
            self.blank();
            pairs.push((name, self.value()?));
        }
    }

    /// Every word with the one that follows it, lists or not.
    fn flat(mut self) -> Vec<(&'a [u8], FetchValue<'a>)> {
        let (mut pairs, mut last) = (Vec::new(), None);
        while !self.0.is_empty() {
            if let [b' ' | b'(' | b')', rest @ ..] = self.0 {
                self.0 = rest;
                continue;
            }
            let value = match self.value() {
                Some(value) => value,
                // A quote that does not close is a word like any other.
                None => FetchValue::Atom(self.word()),
            };
            if let Some(name) = last {
                pairs.push((name, value));
            }
            last = if let FetchValue::Atom(word) = value { Some(word) } else { None };
        }
        pairs
    }

    fn value(&mut self) -> Option<FetchValue<'a>> {
        match self.0 {
            [b'"', ..] => self.quoted().map(FetchValue::Text),
            [b'{', ..] | [b'~', b'{', ..] => self.literal().map(FetchValue::Text),
            [b'(', ..] => self.list(),
            [] | [b')', ..] => None,
            _ => Some(FetchValue::Atom(self.word())),
        }
    }

    fn list(&mut self) -> Option<FetchValue<'a>> {
        let mut depth = 0_u32;
        loop {
            match self.0 {
                [] => return None,
                [b'(', rest @ ..] => {
                    depth = depth.saturating_add(1);
                    self.0 = rest;
                }
                [b')', rest @ ..] => {
                    depth = depth.saturating_sub(1);
                    self.0 = rest;
                    if depth == 0 {
                        return Some(FetchValue::List);
                    }
                }
                [b' ', rest @ ..] => self.0 = rest,
                _ => drop(self.value()?),
            }
        }
    }

    /// Without its quotes; what is quoted in it by a backslash is none of what we ask for.
    fn quoted(&mut self) -> Option<&'a [u8]> {
        let inside = self.0.strip_prefix(b"\"")?;
        let mut escaped = false;
        let end = inside.iter().position(|byte| {
            let is_end = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            is_end
        })?;
        self.0 = inside.get(end.saturating_add(1)..)?;
        inside.get(..end)
    }

    fn literal(&mut self) -> Option<&'a [u8]> {
        let announced = self.0.strip_prefix(b"~").unwrap_or(self.0).strip_prefix(b"{")?;
        let line = announced.iter().position(|byte| *byte == b'\n')?;
        let close = announced.iter().position(|byte| *byte == b'}').filter(|close| *close < line)?;
        let digits = announced.get(..close)?;
        let bytes: usize = number(digits.strip_suffix(b"+").unwrap_or(digits))?;
        let (literal, rest) = announced.get(line.saturating_add(1)..)?.split_at_checked(bytes)?;
        self.0 = rest;
        Some(literal)
    }

    /// A name may have blanks and parentheses between its brackets.
    fn name(&mut self) -> Option<&'a [u8]> {
        let mut inside = false;
        let end = self.0.iter().position(|byte| {
            inside = *byte == b'[' || inside && *byte != b']';
            !inside && matches!(byte, b' ' | b'(' | b')')
        })?;
        let (name, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        (!name.is_empty()).then_some(name)
    }

    /// One byte at least.
    fn word(&mut self) -> &'a [u8] {
        let inside = self.0.get(1..).unwrap_or_default();
        let end = inside.iter().position(|byte| matches!(byte, b' ' | b'(' | b')')).unwrap_or(inside.len());
        let (word, rest) = self.0.split_at_checked(end.saturating_add(1)).unwrap_or((self.0, &[]));
        self.0 = rest;
        word
    }

    fn blank(&mut self) {
        while let [b' ', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.blank();
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        (*first == byte).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let told: Vec<String> = items(text.as_bytes()).iter().map(|item| format!("{item:?}")).collect();
        assert_eq!(told, expected, "{text}");
    }

    const SIZES: [&str; 2] = ["Uid(7)", "Rfc822Size(18)"];
    const BODY: &str = "BodySection { section: None, index: None, data: Some([98, 111, 110]) }";

    #[test]
    fn what_is_asked_for_is_found_beside_anything() {
        check("(UID 7 RFC822.SIZE 18)", &SIZES);
        check("(uid 7  rfc822.size 18 )", &SIZES);
        check("(FLAGS (\\Seen \"a b\" c\u{4}) UID 7 MODSEQ (12) RFC822.SIZE 18)", &SIZES);
        check("(X-GM-LABELS (\"\\\\Inbox\" {3}\r\n(x \"é\") UID 7 RFC822.SIZE 18 INTERNALDATE NIL)", &SIZES);
        check("(BODY[HEADER.FIELDS (FROM)] {2}\r\n(( UID 7 RFC822.SIZE 18)", &SIZES);
        check("(UID 7 INTERNALDATE \" 7-Jul\")", &["Uid(7)", "InternalDate(\" 7-Jul\")"]);
        check("(UID 7 RFC822.SIZE 5000000000)", &["Uid(7)", "Rfc822Size(4294967295)"]);
    }

    #[test]
    fn lists_that_do_not_close_hide_nothing() {
        check("(FLAGS (\\Seen a(b) UID 7 RFC822.SIZE 18)", &SIZES);
        check("(FLAGS (a)b \\Seen) UID 7 RFC822.SIZE 18)", &SIZES);
        check("(FLAGS (a\"b \"c) UID 7 RFC822.SIZE 18)", &SIZES);
        check("(FLAGS (a(b) UID 7 BODY[] {3}\r\nbon)", &["Uid(7)", BODY]);
    }

    #[test]
    fn a_body_is_the_whole_mail_or_its_beginning() {
        check("(UID 7 BODY[] {3}\r\nbon)", &["Uid(7)", BODY]);
        check("(BODY[] ~{3}\r\nbon UID 7)", &[BODY, "Uid(7)"]);
        check("(BODY[] \"bon\")", &[BODY]);
        check("(BODY[]<12> {0}\r\n)", &["BodySection { section: None, index: Some(12), data: Some([]) }"]);
        check("(BODY[] NIL)", &["BodySection { section: None, index: None, data: None }"]);
        check("(BODY[TEXT] {3}\r\nbon)", &[]);
        check("(BODY[1] {3}\r\nbon BODY (\"TEXT\" NIL))", &[]);
        // The mail's own words are never read as items.
        check(
            "(BODY[] {9}\r\n UID 99 ) UID 7)",
            &["BodySection { section: None, index: None, data: Some([32, 85, 73, 68, 32, 57, 57, 32, 41]) }", "Uid(7)"],
        );
    }
}
