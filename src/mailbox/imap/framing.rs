//! Where literals begin and end in what a server sends (RFC 3501, section 4.3), and how deeply its
//! lists are nested outside them.

/// Lists in lists that an answer to our commands never reaches.
const DEEPEST: u32 = 32;

/// Follows a stream byte by byte, mails excepted, which are skipped.
#[derive(Debug, Default)]
pub(super) struct Framing {
    /// Bytes of the present literal that are still to come.
    literal: u64,
    depth: u32,
    tail: Tail,
}

/// What the last bytes of a line may become: `{` digits `}` CR LF.
#[derive(Debug, Default, Clone, Copy)]
enum Tail {
    #[default]
    Plain,
    Open(u64),
    Closed(u64),
    Return(u64),
}

impl Framing {
    /// How much of a literal was announced and has not come yet.
    pub(super) fn literal(&self) -> u64 {
        self.literal
    }

    /// Takes the next bytes; false if they are nested too deeply.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) -> bool {
        while let Some((byte, rest)) = bytes.split_first() {
            if self.literal > 0 {
                bytes = self.skip(bytes);
            } else {
                self.see(*byte);
                bytes = rest;
            }
            if self.depth > DEEPEST {
                return false;
            }
        }
        true
    }

    fn skip<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let skipped = usize::try_from(self.literal).unwrap_or(usize::MAX).min(bytes.len());
        self.literal = self.literal.saturating_sub(u64::try_from(skipped).unwrap_or(u64::MAX));
        bytes.get(skipped..).unwrap_or_default()
    }

    fn see(&mut self, byte: u8) {
        self.tail = match (self.tail, byte) {
            (_, b'{') => Tail::Open(0),
            (Tail::Open(number), b'0'..=b'9') => {
                Tail::Open(number.saturating_mul(10).saturating_add(u64::from(byte.wrapping_sub(b'0'))))
            }
            (Tail::Open(number), b'}') => Tail::Closed(number),
            (Tail::Closed(number), b'\r') => Tail::Return(number),
            (Tail::Return(number), b'\n') => {
                self.literal = number;
                Tail::Plain
            }
            (_, other) => {
                self.nest(other);
                Tail::Plain
            }
        };
    }

    /// A quoted string may hold parentheses as well; none that we ask for does.
    fn nest(&mut self, byte: u8) {
        self.depth = match byte {
            b'(' => self.depth.saturating_add(1),
            b')' => self.depth.saturating_sub(1),
            b'\n' => 0,
            _ => self.depth,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the pieces the bytes come in.
    fn check(bytes: &[u8], followed: bool, literal: u64) {
        for piece in [1, 2, 7, bytes.len()] {
            let mut framing = Framing::default();
            let all = bytes.chunks(piece).all(|chunk| framing.follow(chunk));
            assert_eq!((all, framing.literal()), (followed, literal), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn literals_are_counted_to_their_end() {
        check(b"* 1 FETCH (BODY[] {12}\r\nbon", true, 9);
        check(b"* 1 FETCH (BODY[] {3}\r\nbon)\r\n", true, 0);
        check(b"* 1 FETCH (A {1}\r\nx B {5}\r\n", true, 5);
        check(b"* 1 FETCH (BODY[] {99999999999999999999999}\r\n", true, u64::MAX);
        check(b"* OK {12} {x}\r\n{}", true, 0);
    }

    #[test]
    fn the_text_of_mails_is_no_framing() {
        check(b"* 1 FETCH (BODY[] {12}\r\n{99}\r\n((((((", true, 0);
        let mail = format!("* 1 FETCH (BODY[] {{500}}\r\n{})\r\n", "(".repeat(500));
        check(mail.as_bytes(), true, 0);
    }

    #[test]
    fn nesting_has_an_end() {
        check("(".repeat(32).as_bytes(), true, 0);
        check("(".repeat(33).as_bytes(), false, 0);
        check("(()())\r\n".repeat(100).as_bytes(), true, 0);
    }
}
