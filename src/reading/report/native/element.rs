//! An open element of the native format: what may stand in it, and whether it is rejected.

use std::ops::Range;

use super::NAMESPACE;
use crate::report::defects::Findings;
use crate::report::xml::{Name, Node, Tag, XmlFault, XmlReader, is_blank};
use domain::defect::{Code, Defect, Path, Place, excerpt, nearest};

/// How a blank is named to people.
const BLANK: &str = "un espace ou un retour à la ligne";

/// What is said instead of quoting a text.
const TEXT: &str = "du texte";

/// The four elements, outermost first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ElementLevel {
    Document,
    Etablissement,
    Service,
    Capacite,
}

impl ElementLevel {
    fn name(self) -> &'static str {
        match self {
            Self::Document => super::ROOT,
            Self::Etablissement => "etablissement",
            Self::Service => "service",
            Self::Capacite => "capacite",
        }
    }

    /// The one element that stands in it, once or more; nothing stands in a capacite.
    fn child(self) -> Option<&'static str> {
        match self {
            Self::Document => Some("etablissement"),
            Self::Etablissement => Some("service"),
            Self::Service => Some("capacite"),
            Self::Capacite => None,
        }
    }
}

/// An element whose start tag has been read.
pub(super) struct Element {
    level: ElementLevel,
    path: Path,
    span: Range<usize>,
    children: usize,
    disordered: bool,
    has_text: bool,
    rejected: bool,
}

impl Element {
    /// The element of this tag, at this path from the root (empty for the root itself).
    pub(super) fn new(level: ElementLevel, tag: &Tag<'_>, path: Path) -> Self {
        let span = tag.span.clone();
        Self { level, path, span, children: 0, disordered: false, has_text: false, rejected: false }
    }

    /// How many known children have been met.
    pub(super) fn children(&self) -> usize {
        self.children
    }

    /// Whether a defect of its own was found.
    pub(super) fn rejected(&self) -> bool {
        self.rejected
    }

    /// Its path from the root.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of an item in it.
    pub(super) fn path_of(&self, item: &str) -> Path {
        self.path.child(item)
    }

    /// The place of its tag.
    pub(super) fn place(&self, findings: &Findings<'_>) -> Place {
        let is_root = self.level == ElementLevel::Document;
        let path = if is_root { Path::from(self.level.name()) } else { self.path.clone() };
        findings.place(self.span.clone()).with_path(path)
    }

    /// Notes a defect that rejects this element and all that stands under it. Beyond what is kept it is only
    /// counted: its words are not even put together.
    pub(super) fn reject(
        &mut self,
        complete: impl FnOnce(Defect) -> Defect,
        code: Code,
        place: Place,
        findings: &mut Findings<'_>,
    ) {
        self.rejected = true;
        let defect = || complete(Defect::new(code, place));
        if self.level == ElementLevel::Document { findings.reject_document(defect) } else { findings.note(defect) }
    }

    /// The next known child; `None` once the element has ended. Anything else in it rejects it.
    pub(super) fn next_child<'a>(
        &mut self,
        xml: &mut XmlReader<'a>,
        findings: &mut Findings<'_>,
    ) -> Result<Option<Tag<'a>>, XmlFault> {
        loop {
            match xml.next()? {
                Node::Start(tag) if self.is_child(&tag.name) => {
                    self.children += 1;
                    return Ok(Some(tag));
                }
                Node::Start(tag) => {
                    self.refuse_child(&tag, findings);
                    xml.skip()?;
                }
                Node::Text(span) => {
                    let text = findings.text(span.clone()).trim_start_matches(is_blank);
                    self.refuse_text(span.end - text.len()..span.end, TEXT, findings);
                }
                // Schema validators refuse even a blank in an element whose type is empty.
                Node::Blank(span) if self.level.child().is_none() => self.refuse_text(span, BLANK, findings),
                Node::Blank(_) => {}
                Node::End | Node::Eof => {
                    self.check_children(findings);
                    return Ok(None);
                }
            }
        }
    }

    fn is_child(&self, name: &Name<'_>) -> bool {
        name.namespace == NAMESPACE && self.level.child() == Some(name.local)
    }

    fn refuse_child(&mut self, tag: &Tag<'_>, findings: &mut Findings<'_>) {
        self.disordered = true;
        let place = findings.place(tag.span.clone()).with_path(self.path_of(&excerpt(tag.name.local)));
        let (name, expected, child) = (tag.name.to_string(), self.expected_content(), self.level.child());
        let misplaced = tag.name.namespace != NAMESPACE && child == Some(tag.name.local);
        let complete = |defect: Defect| {
            let defect = defect.found(name).expected(expected);
            match child.and_then(|child| nearest(tag.name.local, [child])) {
                _ if misplaced => {
                    defect.detail(format!("Cet élément doit être dans l’espace de noms « {NAMESPACE} »."))
                }
                Some(meant) => defect
                    .detail(format!("Cet élément n’est pas connu à cet endroit : vouliez-vous dire « {meant} » ?")),
                None => defect.detail("Cet élément n’est pas connu à cet endroit."),
            }
        };
        self.reject(complete, Code::D06, place, findings);
    }

    fn expected_content(&self) -> String {
        let name = self.level.name();
        match self.level.child() {
            Some(child) => format!("un élément « {child} » dans « {name} »"),
            None => format!("rien dans « {name} »"),
        }
    }

    /// Text is told once for an element, however many pieces it comes in. It is not quoted: it may name somebody.
    fn refuse_text(&mut self, span: Range<usize>, found: &str, findings: &mut Findings<'_>) {
        if std::mem::replace(&mut self.has_text, true) {
            return;
        }
        let place = Place { path: self.place(findings).path, ..findings.place(span) };
        let (name, expected, blank) = (self.level.name(), self.expected_content(), found == BLANK);
        let complete = |defect: Defect| {
            let defect = defect.found(found).expected(expected);
            if blank {
                defect.detail(format!("Le seul défaut est le blanc entre <{name} …> et </{name}>.")).hint_instead(
                    format!(
                        "Supprimez ce blanc, ou fermez la balise aussitôt : <{name} …/>. Rien n’est à changer d’autre."
                    ),
                )
            } else {
                defect.detail("Aucun texte n’est admis à cet endroit.")
            }
        };
        self.reject(complete, Code::D06, place, findings);
    }

    /// Says that a child is missing, unless something unknown stands in its place.
    fn check_children(&mut self, findings: &mut Findings<'_>) {
        if let Some(child) = self.level.child().filter(|_| self.children == 0 && !self.disordered) {
            let (place, name) = (self.place(findings), self.level.name());
            let complete = |defect: Defect| {
                let defect = defect.expected(format!("au moins un élément « {child} »"));
                defect.detail(format!("L’élément « {name} » est vide."))
            };
            self.reject(complete, Code::D06, place, findings);
        }
    }
}
