//! Content-Transfer-Encoding (RFC 2045, section 6), decoded strictly.
//!
//! Mail readers decode what they can. Here a lost line would be a bed lost in silence, so damage is
//! reported, and what could be decoded only serves to guess what the part was.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// Padding is required (RFC 2045, section 6.8), left-over bits are not looked at: some encoders leave any.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// One run of symbols, its padding taken off.
pub(super) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// How a part's bytes were made fit for mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// 7bit, 8bit, binary, or nothing said.
    Identity,
    /// Base64.
    Base64,
    /// Quoted-printable.
    QuotedPrintable,
    /// Anything else: it cannot be undone.
    Unknown,
}

/// A part's bytes; the charset is left alone, since the XML declaration rules.
pub(super) struct Decoded<'x> {
    /// The bytes, or as many as could be saved.
    pub(super) bytes: Cow<'x, [u8]>,
    /// Whether something is lost.
    pub(super) state: DecodingState,
}

/// What the way through the mail did to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DecodingState {
    /// Nothing is lost.
    Intact,
    /// Every symbol is sound, but the padding of the base64 is missing, too long, or stands inside: only the content
    /// can tell whether it is whole.
    Unpadded,
    /// Something is lost, or the encoding is unknown.
    Damaged,
}

impl DecodingState {
    fn of(intact: bool) -> Self {
        if intact { Self::Intact } else { Self::Damaged }
    }
}

impl Encoding {
    /// The encoding a Content-Transfer-Encoding field names.
    pub(super) fn named(text: &str) -> Self {
        let token = text.split([';', '(', ' ']).next().unwrap_or_default().trim_matches('"');
        match token.to_ascii_lowercase().as_str() {
            "" | "7bit" | "8bit" | "binary" => Self::Identity,
            // The others are what old programs call it.
            "base64" | "x-base64" | "base-64" | "b64" => Self::Base64,
            "quoted-printable" => Self::QuotedPrintable,
            _ => Self::Unknown,
        }
    }

    /// Undoes the encoding.
    pub(super) fn decode(self, body: &[u8]) -> Decoded<'_> {
        match self {
            Self::Identity => Decoded { bytes: Cow::Borrowed(body), state: DecodingState::Intact },
            Self::Unknown => Decoded { bytes: Cow::Borrowed(body), state: DecodingState::Damaged },
            Self::Base64 => base64(body),
            Self::QuotedPrintable => quoted_printable(body),
        }
    }
}

fn base64(body: &[u8]) -> Decoded<'static> {
    let mut symbols: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if let Ok(bytes) = BASE64.decode(&symbols) {
        return Decoded { bytes: bytes.into(), state: DecodingState::Intact };
    }
    if let Some(bytes) = runs(&symbols) {
        return Decoded { bytes: bytes.into(), state: DecodingState::Unpadded };
    }
    let is_symbol = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let sound = symbols.iter().take_while(|byte| is_symbol(byte)).count();
    symbols.truncate(sound - sound % 4);
    Decoded { bytes: BASE64.decode(&symbols).unwrap_or_default().into(), state: DecodingState::Damaged }
}

/// What stands between the padding, run by run: files encoded piece by piece have padding inside.
fn runs(symbols: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(symbols.len());
    let mut full = symbols.split(|symbol| *symbol == b'=').filter(|run| !run.is_empty());
    full.try_for_each(|run| LENIENT.decode_vec(run, &mut bytes).ok())?;
    Some(bytes)
}

fn quoted_printable(body: &[u8]) -> Decoded<'static> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut intact = true;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        intact &= quoted_printable_line(line, &mut bytes);
    }
    Decoded { bytes: bytes.into(), state: DecodingState::of(intact) }
}

/// One line: trailing blanks were added on the way, an `=` at the end joins it to the next (RFC 2045, 6.7).
fn quoted_printable_line(line: &[u8], bytes: &mut Vec<u8>) -> bool {
    let (text, ending) = split_line_ending(line);
    let kept = text.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |last| last + 1);
    let text = text.get(..kept).unwrap_or_default();
    if let Some(joined) = text.strip_suffix(b"=") {
        return quoted_printable_text(joined, bytes);
    }
    let intact = quoted_printable_text(text, bytes);
    bytes.extend_from_slice(ending);
    intact
}

fn quoted_printable_text(mut rest: &[u8], bytes: &mut Vec<u8>) -> bool {
    let mut intact = true;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'=' {
            bytes.push(first);
        } else if let Some(byte) = hexadecimal(tail) {
            bytes.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(first);
            intact = false;
        }
    }
    intact
}

/// The byte that the first two characters write.
fn hexadecimal(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

fn split_line_ending(line: &[u8]) -> (&[u8], &[u8]) {
    let text = line.strip_suffix(b"\n").map_or(line, |text| text.strip_suffix(b"\r").unwrap_or(text));
    (text, line.get(text.len()..).unwrap_or_default())
}
