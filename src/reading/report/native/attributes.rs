//! The attributes of one element: each fault is noted at the attribute and rejects the element.

use jiff::Timestamp;

use super::element::Element;
use crate::report::date_time;
use crate::report::defects::Findings;
use crate::report::xml::{Tag, is_blank};
use domain::defect::{Code, Defect, Place, excerpt, excerpt_of, is_unprintable, nearest};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What a word is told as that is none of those listed.
#[derive(Clone, Copy)]
struct Unlisted {
    code: Code,
    /// Whether the attribute may be left out.
    optional: bool,
}

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
            let complete = |defect: Defect| {
                let defect = defect.found(attribute.written).expected(known.join(", "));
                defect.detail(unknown(attribute.written, local, known)).hint_instead(UNKNOWN)
            };
            self.element.reject(complete, Code::D06, place, self.findings);
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
            let place = self.element.place(self.findings);
            let complete = |defect: Defect| {
                defect.expected(format!("l’attribut « {name} »")).detail(format!("L’attribut « {name} » manque."))
            };
            self.element.reject(complete, Code::D06, place, self.findings);
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
            self.refuse(name, |defect| bad_date(defect, text), Code::H01);
        }
        instant
    }

    /// The word of an attribute that may be left out.
    pub(super) fn word<T>(
        &mut self,
        name: &str,
        from_word: impl Fn(&str) -> Option<T>,
        words: impl Fn() -> String,
    ) -> Result<Option<T>, Wrong> {
        self.word_of(name, from_word, words, Unlisted { code: Code::C06, optional: true })
    }

    /// The word of an attribute that must be there.
    pub(super) fn required_word<T>(
        &mut self,
        name: &str,
        from_word: impl Fn(&str) -> Option<T>,
        words: impl Fn() -> String,
    ) -> Result<T, Wrong> {
        self.required(name).ok_or(Wrong)?;
        self.word_of(name, from_word, words, Unlisted { code: Code::C06, optional: false })?.ok_or(Wrong)
    }

    /// The word of an attribute of the document that may be left out; D06 if it is none of `words`.
    pub(super) fn setting<T>(
        &mut self,
        name: &str,
        from_word: impl Fn(&str) -> Option<T>,
        words: impl Fn() -> String,
    ) -> Option<T> {
        self.word_of(name, from_word, words, Unlisted { code: Code::D06, optional: true }).ok().flatten()
    }

    fn word_of<T>(
        &mut self,
        name: &str,
        from_word: impl Fn(&str) -> Option<T>,
        words: impl Fn() -> String,
        unlisted: Unlisted,
    ) -> Result<Option<T>, Wrong> {
        let Some(text) = self.optional(name) else { return Ok(None) };
        let value = from_word(text).map(Some);
        if value.is_none() {
            let complete = |defect: Defect| {
                let words = words();
                let defect = not_admitted(defect.expected(&words), unlisted.code, name);
                let defect = explained(defect, name, text, &words);
                if text.is_empty() && unlisted.optional { defect.hint_instead(without(name)) } else { defect }
            };
            self.refuse(name, complete, unlisted.code);
        }
        value.ok_or(Wrong)
    }

    /// Notes D06 for a value that has not the expected form.
    pub(super) fn wrong_form(&mut self, name: &str, expected: &str) {
        let text = self.optional(name).unwrap_or_default();
        let complete =
            |defect: Defect| explained(not_admitted(defect.expected(expected), Code::D06, name), name, text, "");
        self.refuse(name, complete, Code::D06);
    }

    /// Notes a defect at an attribute, or at the element if it has no such attribute.
    pub(super) fn refuse(&mut self, name: &str, complete: impl FnOnce(Defect) -> Defect, code: Code) {
        let (place, value) = (self.place(name), self.optional(name));
        let found = |defect: Defect| match value {
            Some(value) => defect.found(excerpt_of(value, VALUE_CHARS)),
            None => defect,
        };
        self.element.reject(|defect| complete(found(defect)), code, place, self.findings);
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

/// How to mend an attribute that nothing knows.
const UNKNOWN: &str = "Corrigez le nom de l’attribut, ou supprimez-le : ce que rien n’attend fait rejeter l’élément.";

fn unknown(written: &str, local: &str, known: &[&str]) -> String {
    if let Some(name) = known.iter().find(|name| name.eq_ignore_ascii_case(local)) {
        return format!("Cet attribut s’écrit « {name} », sans préfixe et avec les mêmes majuscules.");
    }
    match nearest(local, known.iter().copied()) {
        Some(name) => format!("Cet attribut n’est pas connu ici : vouliez-vous dire « {name} » ?"),
        None if written.starts_with("xml:") => "Aucun attribut « xml:… » n’est admis : supprimez-le.".to_owned(),
        None => "Cet attribut n’est pas connu ici.".to_owned(),
    }
}

/// D06 speaks of elements and attributes of any kind: it needs to say that it is the value.
fn not_admitted(defect: Defect, code: Code, name: &str) -> Defect {
    if code == Code::D06 {
        defect.detail(format!("La valeur de l’attribut « {name} » n’est pas admise."))
    } else {
        defect
    }
}

/// Adds what cannot be seen in a value that is quoted: nothing, or blanks around it; else the word that was meant.
fn explained(defect: Defect, name: &str, text: &str, words: &str) -> Defect {
    let bare = text.trim_matches(is_hidden);
    if text.is_empty() {
        return defect.detail(format!("L’attribut « {name} » est vide."));
    }
    if bare.is_empty() {
        return defect.detail(format!("L’attribut « {name} » ne contient que des espaces."));
    }
    if bare != text {
        let detail = "La valeur est entourée d’espaces : écrivez-la sans espace avant ni après.";
        return defect.detail(detail).hint_instead("Supprimez les espaces qui entourent la valeur.");
    }
    match nearest(text, words.split(", ")) {
        Some(word) => defect.detail(format!("Valeur inconnue : vouliez-vous dire « {word} » ?")),
        None => defect,
    }
}

/// A blank of any kind, or a character that shows nothing.
fn is_hidden(character: char) -> bool {
    character.is_whitespace() || is_unprintable(character)
}

/// How to mend an attribute that may be left out and says nothing.
fn without(name: &str) -> String {
    format!("Supprimez l’attribut « {name} » : absent, il prend sa valeur par défaut. Vide, il n’est pas admis.")
}

/// H01, with what is wrong with the date as far as it can be told.
fn bad_date(defect: Defect, text: &str) -> Defect {
    let defect = defect.expected(date_time::EXPECTED);
    let Some(repair) = date_time::repair(text) else { return defect };
    let defect = defect.detail(repair.faults.join(" "));
    match repair.meant {
        Some(meant) => defect.hint_instead(format!("Écrivez {meant}.")),
        None => defect,
    }
}
