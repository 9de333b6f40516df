//! Files that hospitals send in place of a report: documents, wrappings and messages of other programs.

/// A document or a wrapping that is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// Outlook wrapped the attachments.
    Tnef,
    /// Encrypted for somebody else.
    Encrypted,
    /// Wrapped in its electronic signature (RFC 8551, section 3.5.2).
    OpaqueSignature,
    /// S/MIME of which it cannot be told whether it is signed or encrypted.
    Smime,
    /// A message as Outlook keeps it ([MS-OXMSG]).
    OutlookMessage,
    /// A whole mail, where none is opened.
    Mail,
    /// A file written as text in the body, the way of before MIME.
    Uuencode,
    /// PDF.
    Pdf,
    /// Word, of today or before.
    Word,
    /// Excel, of today or before.
    Excel,
    /// PowerPoint.
    PowerPoint,
    /// LibreOffice.
    OpenDocument,
    /// Another document of Office.
    Office,
    /// RTF.
    Rtf,
    /// A picture.
    Image,
}

/// What begins a compound file ([MS-CFB], section 2.2).
const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Names of streams in a compound file, which tell whose it is.
const STREAMS: &[(&str, Foreign)] = &[
    ("__substg1.0_", Foreign::OutlookMessage),
    ("__nameid_version1.0", Foreign::OutlookMessage),
    ("WordDocument", Foreign::Word),
    ("Workbook", Foreign::Excel),
    ("PowerPoint Document", Foreign::PowerPoint),
];

/// Endings of names that tell what an Office document is where its bytes do not.
const ENDINGS: &[(&str, Foreign)] = &[
    (".msg", Foreign::OutlookMessage),
    (".doc", Foreign::Word),
    (".docx", Foreign::Word),
    (".xls", Foreign::Excel),
    (".xlsx", Foreign::Excel),
    (".ppt", Foreign::PowerPoint),
    (".pptx", Foreign::PowerPoint),
];

/// The object identifiers 1.2.840.113549.1.7 (RFC 5652, section 4 and following), in DER.
const PKCS7: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07";

/// The bytes in which the headers of S/MIME are looked for.
const CMS_HEAD: usize = 1024;

impl Foreign {
    /// What it is, with its article.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tnef => "un fichier « winmail.dat » d’Outlook",
            Self::Encrypted => "un contenu chiffré",
            Self::OpaqueSignature => "un contenu signé (.p7m)",
            Self::Smime => "une enveloppe S/MIME (.p7m)",
            Self::OutlookMessage => "un message Outlook (.msg)",
            Self::Mail => "un courriel (.eml)",
            Self::Uuencode => "un fichier codé en uuencode dans le texte du courriel",
            Self::Pdf => "un document PDF (.pdf)",
            Self::Word => "un document Word (.doc, .docx)",
            Self::Excel => "un classeur Excel (.xls, .xlsx)",
            Self::PowerPoint => "une présentation PowerPoint (.ppt, .pptx)",
            Self::OpenDocument => "un document LibreOffice (.odt, .ods)",
            Self::Office => "un document Office",
            Self::Rtf => "un document RTF (.rtf)",
            Self::Image => "une image",
        }
    }

    /// The same, or what its name tells where the bytes leave it open.
    #[must_use]
    pub fn or_by_name(self, name: &str) -> Self {
        let ends = |ending: &str| name.trim().to_ascii_lowercase().ends_with(ending);
        let told = ENDINGS.iter().find(|(ending, _)| ends(ending)).map(|(_, kind)| *kind);
        if self == Self::Office { told.unwrap_or(self) } else { self }
    }
}

/// A compound file, by the names of its streams.
pub(super) fn ole(bytes: &[u8]) -> Option<Foreign> {
    if !bytes.starts_with(OLE) {
        return None;
    }
    let holds = |name: &str| {
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.windows(wide.len()).any(|window| window == wide)
    };
    Some(STREAMS.iter().find(|(name, _)| holds(name)).map_or(Foreign::Office, |(_, kind)| *kind))
}

/// Content in an S/MIME envelope, by its content type (RFC 5652, section 3). A signature that stands beside what it
/// signs holds nothing to read, and is none.
pub(super) fn wrapped(bytes: &[u8]) -> Option<Foreign> {
    let head = bytes.get(..CMS_HEAD).unwrap_or(bytes);
    let content = after_length(head.strip_prefix(b"\x30")?)?;
    let (kind, rest) = match content.strip_prefix(PKCS7) {
        Some(rest) => rest.split_first()?,
        // 1.2.840.113549.1.9.16.1.23, authenticated and enveloped (RFC 5083).
        None => {
            return content
                .starts_with(b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17")
                .then_some(Foreign::Encrypted);
        }
    };
    match kind {
        2 if is_detached(rest) => None,
        2 => Some(Foreign::OpaqueSignature),
        3 | 6 => Some(Foreign::Encrypted),
        _ => None,
    }
}

/// What follows the length octets of an element (X.690, section 8.1.3).
fn after_length(bytes: &[u8]) -> Option<&[u8]> {
    let (first, rest) = bytes.split_first()?;
    let octets = if *first > 0x80 { usize::from(*first - 0x80) } else { 0 };
    rest.get(octets..)
}

/// Whether a signature names its content without holding it (RFC 5652, section 5.2).
fn is_detached(rest: &[u8]) -> bool {
    let data = [PKCS7, b"\x01"].concat();
    let at = rest.windows(data.len()).position(|window| window == data);
    at.is_some_and(|at| rest.get(at + data.len()) != Some(&0xa0))
}
