//! The checks on what is no element: text, references, comments, instructions, declarations.

use std::ops::Range;

use quick_xml::Error;
use quick_xml::errors::IllFormedError;

use super::cursor::{is_blank, is_legal, is_simple_name};
use super::declaration::Declaration;
use super::fault::XmlFault;
use super::reference::resolve;
use super::tag::{RawTag, bad_reference};
use crate::report::DocumentLimits;
use domain::defect::Code;

/// A piece of character data.
pub(super) struct Piece {
    /// Its bytes.
    pub(super) span: Range<usize>,
    /// Nothing but white space. A CDATA section never is: schema validators take it for text.
    pub(super) blank: bool,
    /// Neither a reference nor a CDATA section: those may not stand outside the root.
    pub(super) plain: bool,
}

/// Refuses characters that XML 1.0 does not know (production 2).
pub(super) fn check_characters(text: &str, span: &Range<usize>) -> Result<(), XmlFault> {
    let piece = text.get(span.clone()).unwrap_or_default();
    match piece.char_indices().find(|(_, character)| !is_legal(*character)) {
        Some((rank, character)) => {
            let at = span.start + rank;
            let fault =
                XmlFault::malformed(at..at + character.len_utf8(), "Ce caractère est interdit dans un document XML.");
            Err(fault.found(format!("U+{:04X}", u32::from(character))))
        }
        None => Ok(()),
    }
}

/// Plain text, in which `]]>` must not stand (XML 1.0, production 14).
pub(super) fn text(content: &str, span: Range<usize>) -> Result<Piece, XmlFault> {
    if let Some(rank) = content.find("]]>") {
        let at = span.start + rank;
        return Err(XmlFault::malformed(at..at + 3, "La suite « ]]> » est interdite dans un texte."));
    }
    Ok(Piece { span, blank: content.chars().all(is_blank), plain: true })
}

/// A CDATA section: nothing in it is markup, so nothing in it can be wrong.
pub(super) fn cdata(span: Range<usize>) -> Piece {
    Piece { span, blank: false, plain: false }
}

/// A reference in text.
pub(super) fn reference(name: &str, span: Range<usize>) -> Result<Piece, XmlFault> {
    match resolve(name) {
        Ok(character) => Ok(Piece { span, blank: is_blank(character), plain: false }),
        Err(fault) => Err(bad_reference(&fault, span)),
    }
}

/// A comment (XML 1.0, production 15).
pub(super) fn comment(content: &str, span: Range<usize>) -> Result<(), XmlFault> {
    if content.contains("--") || content.ends_with('-') {
        return Err(XmlFault::malformed(span, "La suite « -- » est interdite dans un commentaire."));
    }
    Ok(())
}

/// A processing instruction (XML 1.0, production 16).
pub(super) fn instruction(content: &str, span: Range<usize>) -> Result<(), XmlFault> {
    let target = content.split(is_blank).next().unwrap_or_default();
    if target.eq_ignore_ascii_case("xml") || !is_simple_name(target) {
        return Err(XmlFault::malformed(span, "Cette instruction de traitement n’a pas un nom permis."));
    }
    Ok(())
}

/// The XML declaration, which stands at the very start or nowhere.
pub(super) fn declaration(text: &str, span: Range<usize>) -> Result<(), XmlFault> {
    if span.start > 0 {
        let detail = "La déclaration « <?xml … ?> » doit se trouver au tout début du fichier, sans rien avant elle.";
        return Err(XmlFault::malformed(span, detail));
    }
    Declaration::read(text.get(span).unwrap_or_default())?.check()
}

/// A DOCTYPE, never accepted. That of a web page is told as such: an export often saves the error
/// page of a server under the report's name.
pub(super) fn doctype(text: &str, span: Range<usize>) -> XmlFault {
    if !is_html_doctype(text.get(span.start..).unwrap_or_default()) {
        return XmlFault::new(Code::D02, span, "");
    }
    let detail = "Ce fichier est une page web, sans doute un message d’erreur enregistré à la place du rapport.";
    XmlFault::new(Code::D02, span, detail).hint(
        "Produisez de nouveau le rapport ; si une page web revient à sa place, prévenez l’éditeur de votre logiciel.",
    )
}

/// Whether a text begins with the DOCTYPE of a web page.
pub(in crate::report) fn is_html_doctype(text: &str) -> bool {
    let mut words = text.split(|character| is_blank(character) || character == '>');
    words.next().is_some_and(|word| word.eq_ignore_ascii_case("<!DOCTYPE"))
        && words.find(|word| !word.is_empty()).is_some_and(|name| name.eq_ignore_ascii_case("html"))
}

/// What quick-xml could not read, said to the sender.
pub(super) fn broken(text: &str, start: usize, error: &Error) -> XmlFault {
    let rest = text.get(start..).unwrap_or_default();
    if rest.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("<!DOCTYPE")) {
        return doctype(text, start..start + 9);
    }
    match error {
        Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            let detail = "Cette balise de fin ne ferme pas le dernier élément ouvert.";
            let span = start..start + rest.find('>').map_or(0, |rank| rank + 1);
            XmlFault::malformed(span, detail).found(format!("</{found}>")).expected(format!("</{expected}>"))
        }
        Error::IllFormed(IllFormedError::UnmatchedEndTag(found)) => {
            XmlFault::malformed(start..start, "Cette balise de fin ne ferme aucun élément.")
                .found(format!("</{found}>"))
        }
        Error::IllFormed(IllFormedError::UnclosedReference) => {
            XmlFault::malformed(start..start + 1, "Un « & » seul s’écrit « &amp; ».")
        }
        _ => unclosed(text, start),
    }
}

/// Markup that never ends: the fault in the tag itself says more, if there is one.
fn unclosed(text: &str, start: usize) -> XmlFault {
    RawTag::read(text, start, &DocumentLimits::default())
        .err()
        .unwrap_or_else(|| XmlFault::malformed(start..start, "Le balisage qui commence ici n’est jamais fermé."))
}
