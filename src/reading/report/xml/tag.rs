//! A start tag as written: quick-xml finds where it ends, this checks what is in it.

use std::borrow::Cow;
use std::ops::Range;

use super::FOUND_CHARS;
use super::cursor::{Cursor, is_blank};
use super::fault::XmlFault;
use super::reference::{BadReference, normalise};
use crate::report::DocumentLimits;
use domain::defect::excerpt_of;

/// The longest name of a reference that is quoted, in bytes.
const REFERENCE_BYTES: usize = 12;

/// A start tag whose prefixes are not resolved yet.
pub(super) struct RawTag<'a> {
    pub(super) name: &'a str,
    pub(super) span: Range<usize>,
    pub(super) attributes: Vec<RawAttribute<'a>>,
}

/// An attribute whose prefix is not resolved yet.
pub(super) struct RawAttribute<'a> {
    pub(super) name: &'a str,
    pub(super) value: Cow<'a, str>,
    pub(super) span: Range<usize>,
}

impl<'a> RawTag<'a> {
    /// Reads the tag that begins with `<` at byte `start` (XML 1.0, productions 40 and 44).
    pub(super) fn read(text: &'a str, start: usize, limits: &DocumentLimits) -> Result<Self, XmlFault> {
        let mut cursor = Cursor::new(text, start + 1);
        let name = cursor.eat_qualified_name().ok_or_else(|| bad_name(text, start + 1))?;
        let mut tag = Self { name, span: start + 1..start + 1 + name.len(), attributes: Vec::new() };
        loop {
            let blank = cursor.eat_blanks();
            if cursor.eat(">") || cursor.eat("/>") {
                return Ok(tag);
            }
            let attribute = RawAttribute::read(&mut cursor, text, blank, limits)?;
            tag.push(attribute, limits)?;
        }
    }

    fn push(&mut self, attribute: RawAttribute<'a>, limits: &DocumentLimits) -> Result<(), XmlFault> {
        if self.attributes.iter().any(|other| other.name == attribute.name) {
            let fault = XmlFault::malformed(attribute.span, "Cet attribut figure deux fois dans la même balise.");
            return Err(fault.found(attribute.name));
        }
        if self.attributes.len() >= limits.attributes {
            let detail = format!("Un élément porte plus de {} attributs.", limits.attributes);
            return Err(XmlFault::limit(self.span.clone(), detail).hint(super::AS_THE_MODEL));
        }
        self.attributes.push(attribute);
        Ok(())
    }
}

impl<'a> RawAttribute<'a> {
    /// Reads `name = "value"` (XML 1.0, production 41).
    fn read(
        cursor: &mut Cursor<'a>,
        text: &'a str,
        after_blank: bool,
        limits: &DocumentLimits,
    ) -> Result<Self, XmlFault> {
        let start = cursor.at();
        let name = cursor.eat_qualified_name().ok_or_else(|| bad_name(text, start))?;
        if !after_blank {
            return Err(XmlFault::malformed(start..cursor.at(), "Il manque un espace avant cet attribut."));
        }
        cursor.eat_blanks();
        let equals = cursor.eat("=");
        cursor.eat_blanks();
        let at = cursor.at();
        let raw = cursor.eat_quoted().filter(|_| equals).ok_or_else(|| no_value(name, start..at))?;
        let value = read_value(raw, at + 1, limits)?;
        Ok(Self { name, value, span: start..cursor.at() })
    }
}

fn read_value<'a>(raw: &'a str, at: usize, limits: &DocumentLimits) -> Result<Cow<'a, str>, XmlFault> {
    if let Some(rank) = raw.find('<') {
        let detail = "Le caractère « < » est interdit dans une valeur d’attribut : un guillemet manque, ou il faut écrire « &lt; ».";
        return Err(XmlFault::malformed(at + rank..at + rank + 1, detail));
    }
    if raw.len() > limits.text {
        let detail = format!("Une valeur d’attribut dépasse {} octets.", limits.text);
        return Err(XmlFault::limit(at..at + raw.len(), detail).hint(super::SHORTER));
    }
    normalise(raw).map_err(|fault| bad_reference(&fault, at..at + raw.len()))
}

/// The fault of a reference somewhere in `span`.
pub(super) fn bad_reference(reference: &BadReference<'_>, span: Range<usize>) -> XmlFault {
    let detail = "Seules les entités &amp;, &lt;, &gt;, &quot;, &apos; et les caractères numérotés sont admis ; un « & » seul s’écrit « &amp; ».";
    XmlFault::malformed(span, detail).found(format!("&{}", quotable(reference.0)))
}

/// The name of an entity or a number; what is neither is text, which may name somebody.
fn quotable(reference: &str) -> &str {
    let is_word = reference.trim_start_matches('#').bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_word && reference.len() <= REFERENCE_BYTES { reference } else { "" }
}

fn bad_name(text: &str, at: usize) -> XmlFault {
    let rest = text.get(at..).unwrap_or_default();
    let word = rest.split(is_blank).next().unwrap_or_default();
    XmlFault::malformed(at..at, "Un nom d’élément ou d’attribut est attendu ici.").found(excerpt_of(word, FOUND_CHARS))
}

fn no_value(name: &str, span: Range<usize>) -> XmlFault {
    let detail = "Un attribut doit être suivi de « = » et de sa valeur entre guillemets droits.";
    XmlFault::malformed(span, detail).found(name)
}
