//! The documents that are made of markup, read tag by tag whatever is wrong with them: what the reader of reports refuses
//! at its first fault may be a patient's document all the same.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::fhir;
use crate::report::formats::is_root;

const FHIR: &str = "http://hl7.org/fhir";

/// The namespaces of documents about patients, or what they begin with: CDA and messages of HL7 v3 and v2, HPRIM XML,
/// XDS and its retrieval, CCR, DICOM in XML.
const NAMESPACES: [&str; 6] = [
    "urn:hl7-org:",
    "http://www.hprim.org/",
    "urn:hprim",
    "urn:ihe:iti:xds-b:",
    "urn:astm-org:ccr",
    "http://dicom.nema.org/",
];

/// Elements that are of such a document even where their namespace is lost: the root of a CDA, the head and patient of
/// HL7 v2 in XML, the roots of HPRIM XML.
const ELEMENTS: [&str; 14] = [
    "ClinicalDocument",
    "MSH.1",
    "MSH.2",
    "MSH.9",
    "PID.3",
    "PID.5",
    "evenementsPatients",
    "evenementsServeurActes",
    "evenementsServeurEtatsPatient",
    "evenementsServeurInterventions",
    "evenementsPMSI",
    "evenementsFraisDivers",
    "evenementPatient",
    "NativeDicomModel",
];

/// What stands in the name of an element that tells of a patient, and not only of a kind of document.
const PERSONAL: [&str; 5] = ["patient", "Patient", "recordTarget", "PID.3", "PID.5"];

/// The elements with which a page, or a mail written as one, begins.
const PAGES: [&str; 18] = [
    "html",
    "head",
    "body",
    "meta",
    "title",
    "style",
    "base",
    "center",
    "div",
    "font",
    "p",
    "pre",
    "span",
    "br",
    "table",
    "blockquote",
    "article",
    "section",
];

/// The longest prefix that is looked at, in bytes.
const LONGEST_PREFIX: usize = 128;

/// What the first element of a text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Root {
    /// The root of a format that is read here.
    Report,
    /// That of a page, with which the text begins.
    Page,
    #[default]
    Other,
}

/// What the tags of a text say it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Markup {
    /// Its first element.
    pub(super) root: Root,
    /// Elements of a document about a patient stand in it.
    pub(super) is_patients: bool,
    /// An element tells of a patient.
    pub(super) tells_of_somebody: bool,
}

/// Reads the tags of a text in linear time. Comments are passed over; a CDATA section is not, since an envelope may carry
/// a document in it.
pub(super) fn read(text: &str) -> Markup {
    let mut namespaces = BTreeMap::new();
    let mut resources = Vec::new();
    let mut seen = Markup::default();
    for (rank, tag) in Tags::of(text).enumerate() {
        let (prefix, local) = tag.name.rsplit_once(':').unwrap_or(("", tag.name));
        if rank == 0 {
            seen.root = root(local, text);
        }
        namespaces.extend(declarations(tag.attributes));
        let namespace = namespaces.get(prefix).copied().unwrap_or_default();
        seen.is_patients |= ELEMENTS.contains(&local) || NAMESPACES.iter().any(|known| begins(namespace, known));
        seen.tells_of_somebody |= PERSONAL.iter().any(|mark| local.contains(mark));
        if namespace == FHIR && local.starts_with(|first: char| first.is_ascii_uppercase()) {
            resources.push(local);
        }
    }
    let refers = !resources.is_empty() && fhir::refers_to_a_patient(text);
    seen.is_patients |= refers || fhir::are_about_a_patient(resources.into_iter());
    seen
}

/// A text with a line end in place of each tag: what an envelope of markup holds stands in lines of its own.
pub(super) fn without_tags(text: &str) -> Cow<'_, str> {
    if !text.contains('<') {
        return Cow::Borrowed(text);
    }
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once('<') {
        bare.push_str(before);
        let behind = behind_tag(inside);
        bare.push(if behind.is_some() { '\n' } else { '<' });
        rest = behind.unwrap_or(inside);
    }
    bare.push_str(rest);
    Cow::Owned(bare)
}

/// What follows a tag, whose name or sign stands right behind its `<`; of a CDATA section, its content.
fn behind_tag(inside: &str) -> Option<&str> {
    if let Some(content) = inside.strip_prefix("![CDATA[") {
        return Some(content);
    }
    let first =
        inside.chars().next().filter(|first| first.is_alphabetic() || matches!(first, '/' | '?' | '!' | '_'))?;
    let end = inside.find(['<', '>'])?;
    let comment = first == '!' && inside.starts_with("!--");
    inside.get(end..).filter(|_| !comment)?.strip_prefix('>')
}

fn root(local: &str, text: &str) -> Root {
    let is_page = || begins_with_tag(text) && PAGES.iter().any(|page| local.eq_ignore_ascii_case(page));
    match local {
        _ if is_root(local) => Root::Report,
        _ if is_page() => Root::Page,
        _ => Root::Other,
    }
}

fn begins_with_tag(text: &str) -> bool {
    text.trim_start_matches(|character: char| !character.is_ascii_graphic()).starts_with('<')
}

fn begins(namespace: &str, known: &str) -> bool {
    namespace.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known))
}

/// A start tag, up to its end or to the next `<`.
struct Tag<'a> {
    name: &'a str,
    attributes: &'a str,
}

struct Tags<'a> {
    rest: &'a str,
    /// Whether no comment that begins from here on ends.
    no_comment_ends: bool,
}

impl<'a> Tags<'a> {
    fn of(text: &'a str) -> Self {
        Self { rest: text, no_comment_ends: false }
    }

    fn after_comment(&mut self, inside: &'a str) -> &'a str {
        let end = if self.no_comment_ends { None } else { inside.split_once("-->") };
        self.no_comment_ends = end.is_none();
        end.map_or(inside, |(_, after)| after)
    }
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let (_, rest) = self.rest.split_once('<')?;
            if let Some(inside) = rest.strip_prefix("!--") {
                self.rest = self.after_comment(inside);
                continue;
            }
            let is_name = |character: char| character.is_alphanumeric() || "_:.-".contains(character);
            let (name, rest) = rest.split_at(rest.find(|character| !is_name(character)).unwrap_or(rest.len()));
            let (attributes, rest) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
            self.rest = rest;
            if !name.is_empty() {
                return Some(Tag { name, attributes });
            }
        }
    }
}

/// The prefixes that a tag declares, the empty one included, with their namespaces.
fn declarations(attributes: &str) -> impl Iterator<Item = (&str, &str)> {
    attributes.match_indices("xmlns").filter_map(|(at, word)| declaration(attributes.get(at + word.len()..)?))
}

/// What stands behind `xmlns`. The `=` is near, or there is none: a search to the end of the tag would be made for every
/// word of a hostile one.
fn declaration(rest: &str) -> Option<(&str, &str)> {
    let equals = rest.bytes().take(LONGEST_PREFIX).position(|byte| byte == b'=')?;
    let (prefix, rest) = (rest.get(..equals)?, rest.get(equals + 1..)?);
    let value = rest.trim_start_matches(|character: char| character.is_whitespace() || character == '\\');
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (namespace, _) = value.get(1..)?.split_once([quote, '\\'])?;
    Some((prefix.trim().trim_start_matches(':'), namespace.trim()))
}
