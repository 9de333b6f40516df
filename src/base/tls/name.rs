//! Distinguished names as operators' forms and lists print them: `CN=…,OU=…,O=…,ST=…,C=FR`.

use std::fmt;

use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// The subject or the issuer of a certificate, read attribute by attribute.
///
/// Printed as RFC 4514 says, last element first. What an operator compares is this text, so nothing
/// in it is normalised: double blanks and no-break spaces stay. Control characters, and those that
/// hide or reorder text on a screen, are escaped (`\0A`), so it is safe to log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistinguishedName(Vec<Vec<NameAttribute>>);

/// One attribute of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NameAttribute {
    keyword: String,
    value: AttributeValue,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum AttributeValue {
    Text(String),
    /// Bytes that are no text of a known kind, in DER.
    Binary(Vec<u8>),
}

impl DistinguishedName {
    pub(super) fn new(name: &X509Name<'_>) -> Self {
        Self(name.iter_rdn().map(|element| element.iter().map(NameAttribute::new).collect()).collect())
    }

    /// The values of a keyword (`CN`, `OU`) that are text.
    pub fn values<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().flatten().filter(move |attribute| attribute.keyword == keyword);
        named.filter_map(|attribute| match &attribute.value {
            AttributeValue::Text(text) => Some(text.as_str()),
            AttributeValue::Binary(_) => None,
        })
    }
}

impl NameAttribute {
    fn new(attribute: &AttributeTypeAndValue<'_>) -> Self {
        let oid = attribute.attr_type();
        let keyword = oid2abbrev(oid, oid_registry()).map_or_else(|_| oid.to_id_string(), str::to_owned);
        let text = attribute.as_str().map(|text| AttributeValue::Text(text.to_owned()));
        Self { keyword, value: text.unwrap_or_else(|_| AttributeValue::Binary(attribute.as_slice().to_vec())) }
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (rank, element) in self.0.iter().rev().enumerate() {
            if rank > 0 {
                f.write_str(",")?;
            }
            for (rank, attribute) in element.iter().enumerate() {
                write!(f, "{}{}={}", if rank > 0 { "+" } else { "" }, attribute.keyword, attribute.value)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for AttributeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write_text(f, text),
            Self::Binary(bytes) => {
                f.write_str("#")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
            }
        }
    }
}

/// RFC 4514, section 2.4: what would end a value or vanish at its edges is escaped.
fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let last = text.chars().count().saturating_sub(1);
    for (rank, character) in text.chars().enumerate() {
        let at_edge = character == ' ' && (rank == 0 || rank == last) || character == '#' && rank == 0;
        if at_edge || matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            write!(f, "\\{character}")?;
        } else if is_invisible(character) {
            let mut bytes = [0; 4];
            character.encode_utf8(&mut bytes).bytes().try_for_each(|byte| write!(f, "\\{byte:02X}"))?;
        } else {
            write!(f, "{character}")?;
        }
    }
    Ok(())
}

fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
