//! From the bytes of a document to its text.

use encoding_rs::{DecoderResult, ISO_8859_15, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::encoding::{ACCEPTED, Detected, Encoding, Unsettled, detect};
use super::source::DocumentSource;
use domain::defect::{Code, Defect};

/// The text of a document, without byte order mark. `Place.span` counts bytes of this text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    text: String,
    encoding: &'static str,
}

impl Decoded {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The encoding it was in: `UTF-8`, `ISO-8859-1`…
    pub fn encoding(&self) -> &'static str {
        self.encoding
    }
}

/// Why bytes could not be turned into text: the sender's fault, told with the code D04.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeFault {
    /// The text before the fault.
    before: String,
    found: String,
    expected: String,
    detail: String,
}

impl DecodeFault {
    /// The defect that tells the sender, in the attachment `name`.
    pub fn into_defect(self, name: &str) -> Defect {
        let source = DocumentSource::new(name, &self.before);
        let place = source.place(self.before.len()..self.before.len());
        Defect::new(Code::D04, place).found(self.found).expected(self.expected).detail(self.detail)
    }

    fn invalid(before: String, byte: Option<u8>, encoding: Encoding) -> Self {
        Self {
            before,
            found: byte.map_or_else(|| "fin du fichier".to_owned(), |byte| format!("octet 0x{byte:02X}")),
            expected: format!("un caractère codé en {}", encoding.name()),
            detail: "Le premier caractère illisible est à l’endroit indiqué.".to_owned(),
        }
    }

    fn unsettled(reason: Unsettled) -> Self {
        match reason {
            Unsettled::Unknown { name, at } => Self {
                before: " ".repeat(at),
                found: name,
                expected: ACCEPTED.to_owned(),
                detail: "Cet encodage n’est pas accepté.".to_owned(),
            },
            Unsettled::Unmarked { actual } => Self {
                before: String::new(),
                found: format!("{actual} sans marque ni déclaration"),
                expected: "un fichier enregistré en UTF-8, ou en UTF-16 avec sa marque d’ordre des octets".to_owned(),
                detail: format!("Le fichier est en {actual}, sans la marque qui doit l’annoncer en tête de fichier."),
            },
            Unsettled::Contradiction { declared, at, actual } => Self {
                before: " ".repeat(at),
                found: declared,
                expected: format!("{actual}, comme le fichier, ou un fichier enregistré en UTF-8"),
                detail: format!("Les premiers octets du fichier sont en {actual}, ce que sa déclaration contredit."),
            },
        }
    }
}

/// Decodes a document by its byte order mark and its XML declaration; UTF-8 if neither says
/// otherwise. Nothing is guessed and nothing replaced: the first byte that is no character is a
/// fault.
pub fn decode(bytes: &[u8]) -> Result<Decoded, DecodeFault> {
    let Detected { encoding, bom } = detect(bytes).map_err(DecodeFault::unsettled)?;
    let bytes = bytes.get(bom..).unwrap_or_default();
    let text = match encoding {
        Encoding::Utf8 => utf8(bytes),
        Encoding::Latin1 => Ok(latin1(bytes)),
        Encoding::Ascii => ascii(bytes),
        Encoding::Latin9 => other(bytes, ISO_8859_15),
        Encoding::Windows1252 => windows_1252(bytes),
        Encoding::Utf16Le => other(bytes, UTF_16LE),
        Encoding::Utf16Be => other(bytes, UTF_16BE),
    };
    let text = text.map_err(|(before, byte)| DecodeFault::invalid(before, byte, encoding))?;
    Ok(Decoded { text, encoding: encoding.name() })
}

/// The text before the first bad byte, and that byte (none at the end of a truncated text).
type Bad = (String, Option<u8>);

fn utf8(bytes: &[u8]) -> Result<String, Bad> {
    bytes.utf8_chunks().next().map_or(Ok(String::new()), |chunk| match chunk.invalid().first() {
        None => Ok(chunk.valid().to_owned()),
        Some(byte) => Err((chunk.valid().to_owned(), Some(*byte))),
    })
}

/// True Latin-1, not the windows-1252 that web browsers read in its place.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn ascii(bytes: &[u8]) -> Result<String, Bad> {
    stop_at(bytes, |byte| !byte.is_ascii())
        .map_or_else(|| Ok(latin1(bytes)), |(before, byte)| Err((latin1(before), byte)))
}

/// Windows-1252 with its five unassigned bytes refused, which `encoding_rs` maps to controls.
fn windows_1252(bytes: &[u8]) -> Result<String, Bad> {
    let unassigned = |byte: u8| matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
    match stop_at(bytes, unassigned) {
        None => other(bytes, WINDOWS_1252),
        Some((before, byte)) => Err((other(before, WINDOWS_1252)?, byte)),
    }
}

fn stop_at(bytes: &[u8], bad: impl Fn(u8) -> bool) -> Option<(&[u8], Option<u8>)> {
    let rank = bytes.iter().position(|byte| bad(*byte))?;
    Some((bytes.get(..rank)?, bytes.get(rank).copied()))
}

fn other(bytes: &[u8], encoding: &'static encoding_rs::Encoding) -> Result<String, Bad> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len());
    let mut text = String::with_capacity(room);
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(text),
        (DecoderResult::Malformed(length, pending), read) => {
            let start = read.saturating_sub(usize::from(length) + usize::from(pending));
            Err((text, bytes.get(start).copied()))
        }
        (DecoderResult::OutputFull, read) => Err((text, bytes.get(read).copied())),
    }
}
