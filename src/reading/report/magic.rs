//! What a file is, by its first bytes, where it is no document to read.

use super::foreign::{Foreign, ole, wrapped};

/// A kind of file that is taken apart, refused or passed over before it is looked at as a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Magic {
    /// A zip archive, an empty one included.
    Zip,
    /// A compressed file or an archive that is not opened, with its name in French.
    Packed(&'static str),
    /// What macOS adds to a file, under the file's own name (RFC 1740): nothing to read.
    AppleDouble,
    /// A document or a wrapping of another kind.
    Foreign(Foreign),
}

const MAGICS: &[(&[u8], Magic)] = &[
    (b"PK\x03\x04", Magic::Zip),
    (b"PK\x05\x06", Magic::Zip),
    (b"\x1f\x8b", Magic::Packed("un fichier compressé gzip")),
    (b"\x1f\x9d", Magic::Packed("un fichier compressé par compress (.Z)")),
    (b"\x1f\xa0", Magic::Packed("un fichier compressé par compress (.Z)")),
    (b"\xfd7zXZ\x00", Magic::Packed("un fichier compressé xz")),
    (b"\x28\xb5\x2f\xfd", Magic::Packed("un fichier compressé zstd")),
    (b"\x04\x22\x4d\x18", Magic::Packed("un fichier compressé lz4")),
    (b"LZIP", Magic::Packed("un fichier compressé lzip")),
    (b"7z\xbc\xaf\x27\x1c", Magic::Packed("une archive 7z")),
    (b"Rar!\x1a\x07", Magic::Packed("une archive RAR")),
    (b"MSCF\0\0\0\0", Magic::Packed("une archive CAB")),
    (b"\x00\x05\x16\x07", Magic::AppleDouble),
    (b"\x00\x05\x16\x00", Magic::AppleDouble),
    // [MS-OXTNEF], section 2.1.3.1; usually called winmail.dat.
    (b"\x78\x9f\x3e\x22", Magic::Foreign(Foreign::Tnef)),
    (b"%PDF-", Magic::Foreign(Foreign::Pdf)),
    (b"{\\rtf", Magic::Foreign(Foreign::Rtf)),
    (b"-----BEGIN PGP MESSAGE-----", Magic::Foreign(Foreign::Encrypted)),
    (b"\x89PNG\r\n\x1a\n", Magic::Foreign(Foreign::Image)),
    (b"\xff\xd8\xff", Magic::Foreign(Foreign::Image)),
    (b"GIF8", Magic::Foreign(Foreign::Image)),
    (b"II*\x00", Magic::Foreign(Foreign::Image)),
    (b"MM\x00*", Magic::Foreign(Foreign::Image)),
];

/// Where the header of a tar archive has its mark (POSIX.1-1988, ustar).
const TAR_MARK: std::ops::Range<usize> = 257..262;

impl Magic {
    /// The kind of these bytes, if it is one of them. Linear in their number.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let known = MAGICS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, kind)| *kind);
        let tar = || (bytes.get(TAR_MARK)? == b"ustar").then_some(Self::Packed("une archive tar"));
        let other = || ole(bytes).or_else(|| wrapped(bytes)).map(Self::Foreign);
        known
            .or_else(|| is_bzip2(bytes).then_some(Self::Packed("un fichier compressé bzip2")))
            .or_else(tar)
            .or_else(other)
    }

    /// What it is, with its article: « un document PDF (.pdf) ».
    pub fn name(self) -> &'static str {
        match self {
            Self::Zip => "une archive zip",
            Self::Packed(name) => name,
            Self::AppleDouble => "un fichier annexe de macOS",
            Self::Foreign(foreign) => foreign.name(),
        }
    }
}

/// bzip2: its level, then the mark of a block or of the end of an empty file.
fn is_bzip2(bytes: &[u8]) -> bool {
    let rest = bytes.strip_prefix(b"BZh").and_then(<[u8]>::split_first);
    rest.is_some_and(|(level, block)| {
        level.is_ascii_digit() && (block.starts_with(b"1AY&SY") || block.starts_with(b"\x17rE8P\x90"))
    })
}
