//! Files written as text where nothing says so: base64 without its declaration, in a text, in JSON or in XML. For the look
//! for patients' documents alone.

use base64::Engine as _;

use super::transfer::LENIENT;

/// The shortest line that is taken for base64, in symbols: encoders write 60, 64 or 76. A line ending behind a shorter
/// one ends the text.
const LINE: usize = 40;

/// The files that stand in a text as base64, as much of each as can be undone.
pub(super) fn base64(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    Runs { rest: text }.map(|symbols| undone(&symbols))
}

/// Up to the first padding that cannot be undone; files encoded piece by piece have padding inside.
fn undone(symbols: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(symbols.len());
    for piece in symbols.split(|symbol| *symbol == b'=').filter(|piece| !piece.is_empty()) {
        // One symbol more than a group is no byte.
        let whole = if piece.len() % 4 == 1 { piece.len() - 1 } else { piece.len() };
        if LENIENT.decode_vec(piece.get(..whole).unwrap_or_default(), &mut bytes).is_err() {
            break;
        }
    }
    bytes
}

/// Symbols in one line of at least that length, and in the lines that follow it.
struct Runs<'x> {
    rest: &'x [u8],
}

impl Iterator for Runs<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        while let Some(start) = self.rest.iter().position(|byte| is_symbol(*byte)) {
            let mut symbols = self.line(start);
            if symbols.len() < LINE {
                continue;
            }
            let mut last = symbols.len();
            while last >= LINE
                && let Some(next) = line_start(self.rest)
            {
                let line = self.line(next);
                last = line.len();
                symbols.extend(line);
            }
            return Some(symbols);
        }
        None
    }
}

impl Runs<'_> {
    /// The symbols that begin at `start`, in the standard alphabet (RFC 4648, sections 4 and 5); what follows them is
    /// left.
    fn line(&mut self, start: usize) -> Vec<u8> {
        let from = self.rest.get(start..).unwrap_or_default();
        let (line, rest) = from.split_at(from.iter().position(|byte| !is_symbol(*byte)).unwrap_or(from.len()));
        self.rest = rest;
        line.iter().map(|symbol| standard(*symbol)).collect()
    }
}

/// Where the symbols of the next line begin, behind a line ending and marks of quotation.
fn line_start(rest: &[u8]) -> Option<usize> {
    let start = rest.iter().position(|byte| !matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | b'>'))?;
    let ends = rest.get(..start)?.iter().any(|byte| matches!(byte, b'\r' | b'\n'));
    rest.get(start).filter(|first| ends && is_symbol(**first)).map(|_| start)
}

fn is_symbol(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
}

fn standard(symbol: u8) -> u8 {
    match symbol {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}
