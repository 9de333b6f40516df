//! The XML declaration at the head of a document (XML 1.0, production 23).

use std::ops::Range;

use super::cursor::Cursor;
use super::fault::XmlFault;

/// What an XML declaration says.
pub(in crate::report) struct Declaration<'a> {
    version: (&'a str, Range<usize>),
    encoding: Option<(&'a str, Range<usize>)>,
}

impl<'a> Declaration<'a> {
    /// Whether the text begins with a declaration, well-formed or not.
    pub(in crate::report) fn begins(text: &str) -> bool {
        text.strip_prefix("<?xml").is_some_and(|rest| rest.starts_with([' ', '\t', '\r', '\n', '?']))
    }

    /// Reads the declaration at the head of `text`.
    pub(in crate::report) fn read(text: &'a str) -> Result<Self, XmlFault> {
        let mut cursor = Cursor::new(text, "<?xml".len());
        let version = pseudo_attribute(&mut cursor, "version")?
            .ok_or_else(|| XmlFault::malformed(0..5, "La déclaration XML doit commencer par version=\"1.0\"."))?;
        let encoding = pseudo_attribute(&mut cursor, "encoding")?;
        let standalone = pseudo_attribute(&mut cursor, "standalone")?;
        cursor.eat_blanks();
        let at = cursor.at();
        if !cursor.eat("?>") {
            return Err(XmlFault::malformed(at..at, "La déclaration XML n’a pas la forme attendue."));
        }
        check_standalone(standalone)?;
        Ok(Self { version, encoding })
    }

    /// The declared encoding and its place.
    pub(in crate::report) fn encoding(&self) -> Option<(&'a str, Range<usize>)> {
        self.encoding.clone()
    }

    /// Refuses what is not XML 1.0, and an encoding that is no name (XML 1.0, production 81).
    pub(in crate::report) fn check(&self) -> Result<(), XmlFault> {
        let (version, span) = &self.version;
        if *version != "1.0" {
            let fault = XmlFault::malformed(span.clone(), "Seul XML 1.0 est accepté.");
            return Err(fault.found(*version).expected("1.0"));
        }
        match &self.encoding {
            Some((name, span)) if !is_encoding_name(name) => {
                Err(XmlFault::malformed(span.clone(), "Le nom d’encodage déclaré n’est pas un nom d’encodage.")
                    .found(*name))
            }
            _ => Ok(()),
        }
    }
}

/// `name = "value"` after blanks: the value and its place, or nothing if another name stands here.
fn pseudo_attribute<'a>(cursor: &mut Cursor<'a>, name: &str) -> Result<Option<(&'a str, Range<usize>)>, XmlFault> {
    let mut ahead = cursor.clone();
    if !ahead.eat_blanks() || !ahead.eat(name) {
        return Ok(None);
    }
    ahead.eat_blanks();
    let equals = ahead.eat("=");
    ahead.eat_blanks();
    let at = ahead.at();
    let value = ahead.eat_quoted().filter(|_| equals);
    let value = value.ok_or_else(|| XmlFault::malformed(at..at, "La déclaration XML n’a pas la forme attendue."))?;
    *cursor = ahead;
    Ok(Some((value, at + 1..at + 1 + value.len())))
}

fn check_standalone(standalone: Option<(&str, Range<usize>)>) -> Result<(), XmlFault> {
    match standalone {
        Some((value, span)) if !matches!(value, "yes" | "no") => {
            Err(XmlFault::malformed(span, "La valeur de « standalone » doit être « yes » ou « no ».").found(value))
        }
        _ => Ok(()),
    }
}

fn is_encoding_name(name: &str) -> bool {
    name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
