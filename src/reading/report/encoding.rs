//! The encodings a document may be written in, and which one the bytes say they are in
//! (XML 1.0, section 4.3.3 and appendix F).

use super::xml::Declaration;

/// The encodings accepted, for messages.
pub(super) const ACCEPTED: &str = "UTF-8, UTF-16, ISO-8859-1, ISO-8859-15, windows-1252, US-ASCII";

/// The bytes in which an XML declaration is looked for.
const HEAD: usize = 1024;

/// An encoding a document may be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    Latin1,
    Latin9,
    Windows1252,
    Ascii,
}

/// What the first bytes and the declaration say.
pub(super) struct Detected {
    /// The encoding to decode with.
    pub(super) encoding: Encoding,
    /// The length of the byte order mark.
    pub(super) bom: usize,
}

/// Why no encoding could be settled.
pub(super) enum Unsettled {
    /// Not one of those accepted; where its name stands, in characters from the start.
    Unknown { name: String, at: usize },
    /// Two bytes for each character, and neither a mark nor a declaration that would say so.
    Unmarked { actual: &'static str },
    /// The first bytes say one encoding, the declaration another.
    Contradiction { declared: String, at: usize, actual: &'static str },
}

impl Encoding {
    /// The name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Latin1 => "ISO-8859-1",
            Self::Latin9 => "ISO-8859-15",
            Self::Windows1252 => "windows-1252",
            Self::Ascii => "US-ASCII",
        }
    }

    fn is_utf16(self) -> bool {
        matches!(self, Self::Utf16Le | Self::Utf16Be)
    }

    /// The encoding of this name: those of the IANA, with their aliases, and those of Java, which differ by their
    /// hyphens and underscores (`ISO8859_1`, `Cp1252`). `UTF-16` stands for either byte order: the bytes tell which.
    fn named(label: &str, actual: Self) -> Option<Self> {
        let name: String = label.chars().filter(|character| !matches!(character, '-' | '_')).collect();
        match name.to_ascii_lowercase().as_str() {
            "utf8" => Some(Self::Utf8),
            "utf16" if actual.is_utf16() => Some(actual),
            "utf16" | "utf16le" | "unicodelittle" | "unicodelittleunmarked" => Some(Self::Utf16Le),
            "utf16be" | "unicodebig" | "unicodebigunmarked" => Some(Self::Utf16Be),
            "iso88591" | "latin1" | "l1" | "isolatin1" | "csisolatin1" | "isoir100" | "cp819" | "ibm819" => {
                Some(Self::Latin1)
            }
            "iso885915" | "latin9" | "l9" | "csiso885915" | "cp923" | "ibm923" => Some(Self::Latin9),
            "windows1252" | "cp1252" | "cswindows1252" => Some(Self::Windows1252),
            "usascii" | "ascii" | "csascii" | "ascii7" | "iso646us" | "isoir6" | "cp367" | "ibm367" => {
                Some(Self::Ascii)
            }
            _ => None,
        }
    }
}

/// Settles the encoding of these bytes from the byte order mark, the shape of the first
/// characters and the declaration, which must agree.
pub(super) fn detect(bytes: &[u8]) -> Result<Detected, Unsettled> {
    let (sure, bom) = first_bytes(bytes)?;
    let seen = sure.unwrap_or(Encoding::Utf8);
    let head = head(bytes.get(bom..).unwrap_or_default(), seen);
    let declared = Declaration::begins(&head).then(|| Declaration::read(&head).ok()).flatten();
    let Some((label, span)) = declared.as_ref().and_then(Declaration::encoding) else {
        return Ok(Detected { encoding: seen, bom });
    };
    let Some(encoding) = Encoding::named(label, seen) else {
        return Err(Unsettled::Unknown { name: label.to_owned(), at: span.start });
    };
    // Without a mark, a declaration that could be read byte by byte is in no 16-bit encoding.
    if sure.is_some_and(|sure| sure != encoding) || (sure.is_none() && encoding.is_utf16()) {
        return Err(Unsettled::Contradiction { declared: label.to_owned(), at: span.start, actual: seen.name() });
    }
    Ok(Detected { encoding, bom })
}

fn first_bytes(bytes: &[u8]) -> Result<(Option<Encoding>, usize), Unsettled> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] | [b'<', 0, 0, 0, ..] | [0, 0, 0, b'<', ..] => {
            Err(Unsettled::Unknown { name: "UTF-32".to_owned(), at: 0 })
        }
        [0xef, 0xbb, 0xbf, ..] => Ok((Some(Encoding::Utf8), 3)),
        [0xff, 0xfe, ..] => Ok((Some(Encoding::Utf16Le), 2)),
        [0xfe, 0xff, ..] => Ok((Some(Encoding::Utf16Be), 2)),
        [b'<', 0, b'?', 0, ..] => Ok((Some(Encoding::Utf16Le), 0)),
        [0, b'<', 0, b'?', ..] => Ok((Some(Encoding::Utf16Be), 0)),
        [first, 0, second, 0, ..] if begins_text(*first, *second) => Err(Unsettled::Unmarked { actual: "UTF-16LE" }),
        [0, first, 0, second, ..] if begins_text(*first, *second) => Err(Unsettled::Unmarked { actual: "UTF-16BE" }),
        _ => Ok((None, 0)),
    }
}

/// Whether a document may begin with these characters: a tag, or blanks before one.
fn begins_text(first: u8, second: u8) -> bool {
    let blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    first == b'<' && second.is_ascii_graphic() || blank(first) && (second == b'<' || blank(second))
}

/// The ASCII characters at the start, up to the first other one.
fn head(bytes: &[u8], encoding: Encoding) -> String {
    let step = if encoding.is_utf16() { 2 } else { 1 };
    let skip = usize::from(encoding == Encoding::Utf16Be);
    let ascii = bytes.iter().skip(skip).step_by(step).take(HEAD).take_while(|byte| byte.is_ascii());
    ascii.map(|byte| char::from(*byte)).collect()
}
