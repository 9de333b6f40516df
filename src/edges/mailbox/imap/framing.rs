//! Where one answer of a server ends: at the end of its line, literals skipped (RFC 3501, section 4.3). Nothing of what it
//! says need be understood for that.

/// One answer, followed as its bytes come.
#[derive(Debug, Default)]
pub(super) struct Framing {
    /// How many of its bytes were looked at.
    seen: usize,
    /// Bytes of the present literal that are still to come.
    literal: u64,
    depth: u32,
    deepest: u32,
    tail: Tail,
}

/// What was met in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// All that is there was looked at, and it goes on.
    More,
    /// A literal of so many bytes begins; its announcement is at this place.
    Literal { at: usize, bytes: u64 },
    /// It is over after so many bytes.
    End(usize),
}

/// What the last bytes of a line may become: `{` digits `}` CR LF. The place is that of the brace.
#[derive(Debug, Default, Clone, Copy)]
enum Tail {
    #[default]
    Plain,
    Open(usize, Option<u64>),
    Closed(usize, u64),
    Return(usize, u64),
}

impl Framing {
    /// How deeply its lists are nested, literals excepted.
    pub(super) fn deepest(&self) -> u32 {
        self.deepest
    }

    /// Goes on with an answer of which this is known so far.
    pub(super) fn follow(&mut self, answer: &[u8]) -> Mark {
        loop {
            self.skip(answer.len());
            let Some(byte) = answer.get(self.seen) else { return Mark::More };
            let literal = self.see(*byte);
            self.seen = self.seen.saturating_add(1);
            match literal {
                Some((at, bytes)) if may_carry_literals(answer) => {
                    self.literal = bytes;
                    return Mark::Literal { at, bytes };
                }
                _ if *byte == b'\n' => return Mark::End(self.seen),
                _ => {}
            }
        }
    }

    /// The literal that begins here was rewritten: so many bytes of it are kept, from this place on.
    pub(super) fn keep(&mut self, from: usize, bytes: u64) {
        (self.seen, self.literal) = (from, bytes);
    }

    fn skip(&mut self, known: usize) {
        let there = u64::try_from(known.saturating_sub(self.seen)).unwrap_or(u64::MAX);
        let skipped = self.literal.min(there);
        self.literal = self.literal.saturating_sub(skipped);
        self.seen = self.seen.saturating_add(usize::try_from(skipped).unwrap_or(usize::MAX));
    }

    /// Gives the literal that is announced, once its line is over.
    fn see(&mut self, byte: u8) -> Option<(usize, u64)> {
        let mut literal = None;
        self.tail = match (self.tail, byte) {
            (_, b'{') => Tail::Open(self.seen, None),
            (Tail::Open(at, number), b'0'..=b'9') => {
                let digit = u64::from(byte.wrapping_sub(b'0'));
                Tail::Open(at, Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit)))
            }
            // RFC 7888, which is for clients; some servers write it as well.
            (Tail::Open(at, Some(number)), b'+') => Tail::Open(at, Some(number)),
            (Tail::Open(at, Some(number)), b'}') => Tail::Closed(at, number),
            (Tail::Closed(at, number), b'\r') => Tail::Return(at, number),
            (Tail::Return(at, number) | Tail::Closed(at, number), b'\n') => {
                literal = Some((at, number));
                Tail::Plain
            }
            (_, other) => {
                self.nest(other);
                Tail::Plain
            }
        };
        literal
    }

    /// A quoted string may hold parentheses as well.
    fn nest(&mut self, byte: u8) {
        self.depth = match byte {
            b'(' => self.depth.saturating_add(1),
            b')' => self.depth.saturating_sub(1),
            _ => self.depth,
        };
        self.deepest = self.deepest.max(self.depth);
    }
}

/// Where the literal is announced that a line without its end goes on with, and of how many bytes.
pub(super) fn announced(line: &str) -> Option<(usize, usize)> {
    let whole = [line.as_bytes(), b"\n"].concat();
    match Framing::default().follow(&whole) {
        Mark::Literal { at, bytes } => Some((at, usize::try_from(bytes).unwrap_or(usize::MAX))),
        Mark::More | Mark::End(_) => None,
    }
}

/// Only data has literals: what a server says to people may end like one.
fn may_carry_literals(answer: &[u8]) -> bool {
    let Some(rest) = answer.strip_prefix(b"* ") else { return false };
    let word = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
    !["OK", "NO", "BAD", "BYE", "PREAUTH"].iter().any(|status| word.eq_ignore_ascii_case(status.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the first answer ends, and how deep it is, whatever the pieces the bytes come in.
    fn check(bytes: &[u8], end: Option<usize>, deepest: u32) {
        for piece in [1, 2, 7, bytes.len()] {
            let (mut framing, mut known, mut found) = (Framing::default(), 0, None);
            while found.is_none() {
                match framing.follow(&bytes[..known]) {
                    Mark::End(length) => found = Some(length),
                    Mark::Literal { .. } => {}
                    Mark::More if known == bytes.len() => break,
                    Mark::More => known = (known + piece).min(bytes.len()),
                }
            }
            assert_eq!((found, framing.deepest()), (end, deepest), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn an_answer_ends_with_its_line() {
        check(b"* 2 EXISTS\r\n* 3 EXISTS\r\n", Some(12), 0);
        check(b"* 2 EXISTS\n", Some(11), 0);
        check(b"* 2 EXISTS\r", None, 0);
    }

    #[test]
    fn literals_are_skipped_to_their_end() {
        check(b"* 1 FETCH (BODY[] {3}\r\nbon)\r\n* 2", Some(29), 1);
        check(b"* 1 FETCH (BODY[] ~{3}\r\n\n\r\n)\r\n", Some(30), 1);
        check(b"* 1 FETCH (BODY[] {3+}\r\nbon)\r\n", Some(30), 1);
        check(b"* 1 FETCH (A {1}\r\nx B {5}\r\n{1}\r\n)\r\n", Some(35), 1);
        check(b"* 1 FETCH (BODY[] {12}\r\n{99}\r\n((((((", None, 1);
        check(b"* 1 FETCH (BODY[] {99999999999999999999999}\r\n", None, 1);
        check(b"* X {12} {x} {}\r\n", Some(17), 0);
    }

    #[test]
    fn what_is_said_to_people_has_no_literals() {
        check(b"* OK attendez {12}\r\n* 1", Some(20), 0);
        check(b"A0001 NO {12}\r\n", Some(15), 0);
        check(b"+ {12}\r\n", Some(8), 0);
    }

    #[test]
    fn depth_is_that_of_the_deepest_list() {
        check(format!("* X {}\r\n", "(".repeat(33)).as_bytes(), Some(39), 33);
        check(b"* X (()())\r\n", Some(12), 2);
    }
}
