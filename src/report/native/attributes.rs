//! The attributes of one element: each fault is noted at the attribute and rejects the element.

use jiff::Timestamp;

use super::element::Element;
use crate::defect::{Code, Defect, Place, excerpt, excerpt_of};
use crate::report::date_time;
use crate::report::findings::Findings;
use crate::report::xml::{Tag, is_blank};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The most characters quoted of a value: any code, number or date that could have been meant, and no text.
const VALUE_CHARS: usize = 40;

/// A value that was there but wrong; its defect has been noted.
pub(super) struct Wrong;

/// The attributes of one start tag.
pub(super) struct Attributes<'t, 'a, 's> {
    tag: &'t Tag<'a>,
    element: &'t mut Element,
    findings: &'t mut Findings<'s>,
}

impl<'t, 'a, 's> Attributes<'t, 'a, 's> {
    pub(super) fn new(tag: &'t Tag<'a>, element: &'t mut Element, findings: &'t mut Findings<'s>) -> Self {
        Self { tag, element, findings }
    }

    /// Refuses every attribute but `known` ones and the two by which a document names its schema
    /// (XML Schema Part 1, section 2.6), which may stand anywhere.
    pub(super) fn refuse_unknown(&mut self, known: &[&str]) {
        for attribute in &self.tag.attributes {
            let (namespace, local) = (attribute.name.namespace.as_ref(), attribute.name.local);
            let schema_hint = namespace == XSI && matches!(local, "schemaLocation" | "noNamespaceSchemaLocation");
            if schema_hint || (namespace.is_empty() && known.contains(&local)) {
                continue;
            }
            let path = self.element.path_of(&format!("@{}", excerpt(attribute.written)));
            let place = self.findings.place(attribute.span.clone()).with_path(path);
            let defect = Defect::new(Code::D06, place).found(attribute.written).expected(known.join(", "));
            self.element.reject(defect.detail(unknown(local, known)), self.findings);
        }
    }

    /// Whether a defect of the element was found.
    pub(super) fn rejected(&self) -> bool {
        self.element.rejected()
    }

    /// The value as written.
    pub(super) fn optional(&self, name: &str) -> Option<&'t str> {
        let tag = self.tag;
        tag.attribute(name).map(|attribute| attribute.value.as_ref())
    }

    /// The value as written; its absence is noted.
    pub(super) fn required(&mut self, name: &str) -> Option<&'t str> {
        let value = self.optional(name);
        if value.is_none() {
            let defect = Defect::new(Code::D06, self.element.place(self.findings));
            let defect =
                defect.expected(format!("l’attribut « {name} »")).detail(format!("L’attribut « {name} » manque."));
            self.element.reject(defect, self.findings);
        }
        value
    }

    /// The value without the blanks around it, which XML Schema takes off numbers and dates.
    pub(super) fn required_trimmed(&mut self, name: &str) -> Option<&'t str> {
        self.required(name).map(|value| value.trim_matches(is_blank))
    }

    /// A date with its zone; H01 if it is none.
    pub(super) fn date(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.required_trimmed(name)?;
        let instant = date_time::parse(text);
        if instant.is_none() {
            self.refuse(name, |defect| defect.expected(date_time::EXPECTED), Code::H01);
        }
        instant
    }

    /// A word of a nomenclature; C06 if it is none of `words`.
    pub(super) fn word<T>(
        &mut self,
        name: &str,
        from_word: impl Fn(&str) -> Option<T>,
        words: impl Fn() -> String,
    ) -> Result<Option<T>, Wrong> {
        let Some(text) = self.optional(name) else { return Ok(None) };
        let value = from_word(text).map(Some);
        if value.is_none() {
            self.refuse(name, |defect| defect.expected(words()), Code::C06);
        }
        value.ok_or(Wrong)
    }

    /// Notes D06 for a value that has not the expected form.
    pub(super) fn wrong_form(&mut self, name: &str, expected: &str) {
        let detail = format!("La valeur de l’attribut « {name} » n’est pas admise.");
        self.refuse(name, |defect| defect.expected(expected).detail(detail), Code::D06);
    }

    /// Notes a defect at an attribute, or at the element if it has no such attribute.
    pub(super) fn refuse(&mut self, name: &str, complete: impl FnOnce(Defect) -> Defect, code: Code) {
        let defect = Defect::new(code, self.place(name));
        let defect = match self.optional(name) {
            Some(value) => defect.found(excerpt_of(value, VALUE_CHARS)),
            None => defect,
        };
        self.element.reject(complete(defect), self.findings);
    }

    /// The place of an attribute, or of the element if it has no such attribute.
    pub(super) fn place(&self, name: &str) -> Place {
        match self.tag.attribute(name) {
            Some(attribute) => {
                self.findings.place(attribute.span.clone()).with_path(self.element.path_of(&format!("@{name}")))
            }
            None => self.element.place(self.findings),
        }
    }
}

fn unknown(local: &str, known: &[&str]) -> String {
    match known.iter().find(|name| name.eq_ignore_ascii_case(local)) {
        Some(name) => format!("Cet attribut s’écrit « {name} », sans préfixe et avec les mêmes majuscules."),
        None => "Cet attribut n’est pas connu ici.".to_owned(),
    }
}
