//! One streaming pass over an XML 1.0 document with namespaces, without a tree.
//!
//! quick-xml cuts the text into pieces of markup and matches end tags. It does not check the
//! rest of what makes a document well-formed (names, blanks between attributes, attributes given
//! twice, references, legal characters, what may stand outside the root), so that is done here.
//! Nothing is read after the first fault.

mod cursor;
mod declaration;
mod fault;
mod namespaces;
mod pieces;
mod reference;
mod tag;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use quick_xml::events::Event;

pub(super) use cursor::is_blank;
pub(super) use declaration::Declaration;
pub(super) use fault::XmlFault;
pub(super) use pieces::is_html_doctype;

use super::DocumentLimits;
use domain::defect::excerpt_of;
use namespaces::Namespaces;
use tag::RawTag;

/// How to mend a value beyond its limit.
const SHORTER: &str = "Raccourcissez cette valeur.";
/// How to mend a structure beyond its limit.
const AS_THE_MODEL: &str =
    "Comparez le fichier au modèle du guide de l’établissement : aucun relevé n’a besoin d’une telle structure.";

/// The byte order mark of UTF-8, taken for three characters of ISO-8859-1 and written anew.
const MARK_AS_TEXT: &str = "\u{ef}\u{bb}\u{bf}";

/// The most characters quoted of a text that is no markup: it may name somebody, and the marks that some programs put at
/// the head of a file are no longer.
const FOUND_CHARS: usize = 3;

/// What the reader meets. Comments, processing instructions and what stands around the root are
/// passed over.
pub(super) enum Node<'a> {
    /// A start tag, or an empty one: then its end follows at once.
    Start(Tag<'a>),
    /// The end of the innermost element.
    End,
    /// Characters inside an element, as written.
    Text(Range<usize>),
    /// Nothing but white space inside an element.
    Blank(Range<usize>),
    /// The end of a well-formed document.
    Eof,
}

/// A start tag.
pub(super) struct Tag<'a> {
    /// The element's name.
    pub(super) name: Name<'a>,
    /// The bytes of the name as written.
    pub(super) span: Range<usize>,
    /// Its attributes but the namespace declarations, in document order.
    pub(super) attributes: Vec<Attribute<'a>>,
}

impl<'a> Tag<'a> {
    /// The attribute of this name without namespace.
    pub(super) fn attribute(&self, local: &str) -> Option<&Attribute<'a>> {
        self.attributes.iter().find(|attribute| attribute.name.namespace.is_empty() && attribute.name.local == local)
    }
}

/// An attribute.
pub(super) struct Attribute<'a> {
    /// Its name.
    pub(super) name: Name<'a>,
    /// Its name with the prefix, as written.
    pub(super) written: &'a str,
    /// Its value, references resolved.
    pub(super) value: Cow<'a, str>,
    /// Its bytes, from the name to the closing quote.
    pub(super) span: Range<usize>,
}

/// A namespace (empty for none) and a local name.
#[derive(PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub(super) namespace: Cow<'a, str>,
    pub(super) local: &'a str,
}

/// `{namespace}local`, or `local` alone without namespace.
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(self.local)
        } else {
            write!(f, "{{{}}}{}", self.namespace, self.local)
        }
    }
}

/// The pass over one document.
pub(super) struct XmlReader<'a> {
    text: &'a str,
    limits: &'a DocumentLimits,
    inner: quick_xml::Reader<&'a [u8]>,
    namespaces: Namespaces<'a>,
    open: Vec<&'a str>,
    elements: usize,
}

impl<'a> XmlReader<'a> {
    /// At the start of `text`, which is decoded and has no byte order mark.
    pub(super) fn new(text: &'a str, limits: &'a DocumentLimits) -> Self {
        let mut inner = quick_xml::Reader::from_str(text);
        inner.config_mut().expand_empty_elements = true;
        Self { text, limits, inner, namespaces: Namespaces::default(), open: Vec::new(), elements: 0 }
    }

    /// The next node; a fault is the last thing the reader gives.
    pub(super) fn next(&mut self) -> Result<Node<'a>, XmlFault> {
        if self.text.starts_with('\u{feff}') {
            return Err(XmlFault::malformed(0..3, "Le fichier commence par deux marques d’ordre des octets."));
        }
        if self.text.starts_with(MARK_AS_TEXT) {
            let detail = "Le fichier commence par une marque d’ordre des octets convertie en texte (« ï»¿ »).";
            return Err(XmlFault::malformed(0..MARK_AS_TEXT.len(), detail));
        }
        loop {
            let start = self.position();
            let event = self.inner.read_event().map_err(|error| pieces::broken(self.text, start, &error))?;
            let span = start..self.position();
            pieces::check_characters(self.text, &span)?;
            if let Some(node) = self.node(&event, span)? {
                return Ok(node);
            }
        }
    }

    /// Passes over what is left of the element just begun, its end included.
    pub(super) fn skip(&mut self) -> Result<(), XmlFault> {
        let outside = self.open.len().saturating_sub(1);
        while self.open.len() > outside {
            self.next()?;
        }
        Ok(())
    }

    fn position(&self) -> usize {
        usize::try_from(self.inner.buffer_position()).unwrap_or(usize::MAX)
    }

    fn node(&mut self, event: &Event<'a>, span: Range<usize>) -> Result<Option<Node<'a>>, XmlFault> {
        match event {
            Event::Start(_) | Event::Empty(_) => self.start(span.start).map(Some),
            Event::End(_) => Ok(Some(self.end())),
            Event::Text(text) => self.text_piece(pieces::text(text, span)?),
            Event::CData(_) => self.text_piece(pieces::cdata(span)),
            Event::GeneralRef(name) => self.text_piece(pieces::reference(name, span)?),
            Event::Comment(content) => pieces::comment(content, span).map(|()| None),
            Event::PI(content) => pieces::instruction(content, span).map(|()| None),
            Event::Decl(_) => pieces::declaration(self.text, span).map(|()| None),
            Event::DocType(_) => Err(pieces::doctype(self.text, span)),
            Event::Eof => self.eof().map(Some),
        }
    }

    fn start(&mut self, at: usize) -> Result<Node<'a>, XmlFault> {
        let raw = RawTag::read(self.text, at, self.limits)?;
        if self.open.is_empty() && self.elements > 0 {
            let detail = "Un document XML n’a qu’un élément racine : rien ne doit suivre sa fermeture.";
            return Err(XmlFault::malformed(raw.span, detail).found(raw.name));
        }
        self.elements += 1;
        self.open.push(raw.name);
        self.check_limits(&raw.span)?;
        self.namespaces.enter(raw).map(Node::Start)
    }

    fn check_limits(&self, span: &Range<usize>) -> Result<(), XmlFault> {
        if self.open.len() > self.limits.depth {
            let detail = format!("Les éléments sont imbriqués sur plus de {} niveaux.", self.limits.depth);
            return Err(XmlFault::limit(span.clone(), detail).hint(AS_THE_MODEL));
        }
        if self.elements > self.limits.elements {
            return Err(XmlFault::limit(
                span.clone(),
                format!("Le document compte plus de {} éléments.", self.limits.elements),
            ));
        }
        Ok(())
    }

    fn end(&mut self) -> Node<'a> {
        self.open.pop();
        self.namespaces.leave();
        Node::End
    }

    fn text_piece(&self, piece: pieces::Piece) -> Result<Option<Node<'a>>, XmlFault> {
        match (self.open.is_empty(), piece.blank) {
            (true, true) if piece.plain => return Ok(None),
            (true, _) => return Err(self.stray_text(piece.span)),
            (false, true) => return Ok(Some(Node::Blank(piece.span))),
            (false, false) => {}
        }
        if piece.span.len() > self.limits.text {
            let detail = format!("Un texte dépasse {} octets.", self.limits.text);
            return Err(XmlFault::limit(piece.span, detail).hint(SHORTER));
        }
        Ok(Some(Node::Text(piece.span)))
    }

    fn stray_text(&self, span: Range<usize>) -> XmlFault {
        let text = self.text.get(span.clone()).unwrap_or_default().trim_start_matches(is_blank);
        let span = span.end - text.len()..span.end;
        XmlFault::malformed(span, "Du texte se trouve hors de l’élément racine.").found(excerpt_of(text, FOUND_CHARS))
    }

    fn eof(&self) -> Result<Node<'a>, XmlFault> {
        let end = self.text.len()..self.text.len();
        match self.open.last() {
            Some(name) => {
                let detail = "Le fichier s’arrête avant la fermeture de cet élément : il est sans doute tronqué.";
                Err(XmlFault::malformed(end, detail).found(*name))
            }
            None if self.elements == 0 => Err(XmlFault::malformed(end, "Le fichier ne contient aucun élément XML.")),
            None => Ok(Node::Eof),
        }
    }
}
