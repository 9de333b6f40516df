//! The documents that are made of markup, read tag by tag whatever is wrong with them: what the reader of reports refuses
//! at its first fault may be a patient's document all the same.

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

/// The longest prefix that is looked at, in bytes.
const LONGEST_PREFIX: usize = 128;

/// What the tags of a text say it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Markup {
    /// Its first element is the root of a format that is read here.
    pub(super) is_report: bool,
    /// Elements of a document about a patient stand in it.
    pub(super) is_patients: bool,
}

/// Reads the tags of a text in linear time. Comments are passed over; a CDATA section is not, since an envelope may carry
/// a document in it.
pub(super) fn read(text: &str) -> Markup {
    let mut namespaces = BTreeMap::new();
    let mut resources = Vec::new();
    let mut is_report = false;
    for (rank, tag) in Tags::of(text).enumerate() {
        let (prefix, local) = tag.name.rsplit_once(':').unwrap_or(("", tag.name));
        is_report |= rank == 0 && is_root(local);
        namespaces.extend(declarations(tag.attributes));
        let namespace = namespaces.get(prefix).copied().unwrap_or_default();
        if ELEMENTS.contains(&local) || NAMESPACES.iter().any(|known| begins(namespace, known)) {
            return Markup { is_report, is_patients: true };
        }
        if namespace == FHIR && local.starts_with(|first: char| first.is_ascii_uppercase()) {
            resources.push(local);
        }
    }
    Markup { is_report, is_patients: fhir::are_about_a_patient(resources.into_iter()) }
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
