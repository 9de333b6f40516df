//! How a text becomes bytes: character encoding, line ends, transfer encoding.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::{ISO_8859_15, WINDOWS_1252};
use serde::Deserialize;

use super::file_kind::FileKind;

/// Columns of a transfer-encoded line (RFC 2045, section 6.8).
const COLUMNS: usize = 76;

/// The form a file is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) encoding: TextEncoding,
    pub(super) line_end: LineEnd,
}

/// The characters of a file. The two UTF-16 begin with their byte order mark, as XML 1.0 asks
/// (section 4.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TextEncoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "utf-8-bom")]
    Utf8Bom,
    #[serde(rename = "utf-16le")]
    Utf16Le,
    #[serde(rename = "utf-16be")]
    Utf16Be,
    #[serde(rename = "iso-8859-1")]
    Latin1,
    #[serde(rename = "iso-8859-15")]
    Latin9,
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// The line ends of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LineEnd {
    /// Unix.
    Lf,
    /// Windows, mail.
    Crlf,
    /// What a transfer in the wrong mode makes of CRLF; met in the field.
    CrCrLf,
}

impl Form {
    /// The form of a file about which the case says nothing: UTF-8, CRLF in a mail and LF elsewhere.
    pub(super) fn of(file: &str) -> Self {
        let mail = FileKind::of(file) == FileKind::Mail;
        Self { encoding: TextEncoding::Utf8, line_end: if mail { LineEnd::Crlf } else { LineEnd::Lf } }
    }

    /// The bytes of a stretch of text, without byte order mark.
    pub(super) fn bytes(self, text: &str) -> Result<Vec<u8>, char> {
        let unix = text.replace("\r\n", "\n");
        match self.line_end {
            LineEnd::Lf => self.encoding.bytes(&unix),
            LineEnd::Crlf => self.encoding.bytes(&unix.replace('\n', "\r\n")),
            LineEnd::CrCrLf => self.encoding.bytes(&unix.replace('\n', "\r\r\n")),
        }
    }
}

impl TextEncoding {
    /// The mark the file begins with.
    pub(super) fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8Bom => b"\xEF\xBB\xBF",
            Self::Utf16Le => b"\xFF\xFE",
            Self::Utf16Be => b"\xFE\xFF",
            _ => b"",
        }
    }

    /// The text in this encoding, or the first character it cannot write.
    fn bytes(self, text: &str) -> Result<Vec<u8>, char> {
        match self {
            Self::Utf8 | Self::Utf8Bom => Ok(text.as_bytes().to_vec()),
            Self::Utf16Le => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Utf16Be => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            // encoding_rs reads the label ISO-8859-1 as windows-1252, so the real one is done here.
            Self::Latin1 => text.chars().map(|character| u8::try_from(character).map_err(|_| character)).collect(),
            Self::Latin9 => single_byte(text, ISO_8859_15),
            Self::Windows1252 => single_byte(text, WINDOWS_1252),
        }
    }
}

fn single_byte(text: &str, encoding: &'static encoding_rs::Encoding) -> Result<Vec<u8>, char> {
    text.chars().try_fold(Vec::with_capacity(text.len()), |mut bytes, character| {
        let mut buffer = [0; 4];
        match encoding.encode(character.encode_utf8(&mut buffer)) {
            (_, _, true) => Err(character),
            (encoded, _, false) => {
                bytes.extend_from_slice(&encoded);
                Ok(bytes)
            }
        }
    })
}

/// The bytes in base64, lines of 76 columns (RFC 2045, section 6.8).
pub(super) fn base64_lines(bytes: &[u8]) -> String {
    let lines = bytes.chunks(COLUMNS / 4 * 3).map(|chunk| STANDARD.encode(chunk));
    lines.collect::<Vec<_>>().join("\n")
}

/// The bytes in quoted-printable (RFC 2045, section 6.7): LF and CRLF are line ends, soft breaks
/// keep the lines within 76 columns.
pub(super) fn quoted_printable(bytes: &[u8]) -> String {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.map(|line| quoted_line(line.strip_suffix(b"\r").unwrap_or(line))).collect::<Vec<_>>().join("\n")
}

fn quoted_line(line: &[u8]) -> String {
    let mut written = String::new();
    let mut column = 0;
    for (rank, byte) in line.iter().enumerate() {
        let cell = quoted_byte(*byte, rank + 1 == line.len());
        if column + cell.len() >= COLUMNS {
            written.push_str("=\n");
            column = 0;
        }
        column += cell.len();
        written.push_str(&cell);
    }
    written
}

fn quoted_byte(byte: u8, last: bool) -> String {
    match byte {
        b' ' | b'\t' if !last => char::from(byte).to_string(),
        b'!'..=b'<' | b'>'..=b'~' => char::from(byte).to_string(),
        _ => format!("={byte:02X}"),
    }
}
