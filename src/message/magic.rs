//! What a file is, by its first bytes.

/// A kind of file that is taken apart or refused before it is looked at as a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Magic {
    /// A zip archive, an empty one included.
    Zip,
    /// A compressed file or an archive that is not opened, with its name in French.
    Packed(&'static str),
    /// What macOS adds to a file, under the file's own name (RFC 1740): nothing to read.
    AppleDouble,
    /// Outlook's rich text, usually called winmail.dat ([MS-OXTNEF], section 2.1.3.1).
    Tnef,
}

const MAGICS: &[(&[u8], Magic)] = &[
    (b"PK\x03\x04", Magic::Zip),
    (b"PK\x05\x06", Magic::Zip),
    (b"\x1f\x8b", Magic::Packed("un fichier compressé gzip")),
    (b"7z\xbc\xaf\x27\x1c", Magic::Packed("une archive 7z")),
    (b"Rar!\x1a\x07", Magic::Packed("une archive RAR")),
    (b"\x00\x05\x16\x07", Magic::AppleDouble),
    (b"\x00\x05\x16\x00", Magic::AppleDouble),
    (b"\x78\x9f\x3e\x22", Magic::Tnef),
];

impl Magic {
    /// The kind of these bytes, if it is one of them.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        MAGICS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, kind)| *kind)
    }
}
