//! The native format: `urn:fr:dispolits:disponibilites:1`, described to the editors of hospital
//! software by `schemas/disponibilites-1.xsd`, which says the same as far as a schema can.

mod attributes;
mod capacite;
mod element;
mod etablissement;
mod nombre;
mod service;

use super::defects::Findings;
use super::model::ReportReading;
use super::xml::{Tag, XmlFault, XmlReader};
use attributes::Attributes;
use domain::capacity::Mode;
use domain::defect::Path;
use element::{Element, ElementLevel};

/// The namespace of every element.
pub(super) const NAMESPACE: &str = "urn:fr:dispolits:disponibilites:1";

/// The root element.
pub(super) const ROOT: &str = "disponibilites";

/// Reads a document from its root element on.
pub(super) fn read<'a>(
    xml: &mut XmlReader<'a>,
    root: &Tag<'a>,
    reading: &mut ReportReading,
    findings: &mut Findings<'_>,
) -> Result<(), XmlFault> {
    let mut element = Element::new(ElementLevel::Document, root, Path::default());
    read_head(&mut Attributes::new(root, &mut element, findings), reading);
    while let Some(tag) = element.next_child(xml, findings)? {
        let rank = element.children();
        reading.etablissements.push(etablissement::read(xml, &tag, rank, findings)?);
    }
    Ok(())
}

fn read_head(attributes: &mut Attributes<'_, '_, '_>, reading: &mut ReportReading) {
    attributes.refuse_unknown(&["identifiant", "dateEmission", "mode"]);
    reading.head.identifiant = attributes.required("identifiant").and_then(|text| {
        if is_identifiant(text) {
            return Some(text.to_owned());
        }
        attributes.wrong_form("identifiant", "de 1 à 64 caractères parmi A-Z, a-z, 0-9, « . », « _ », « : » et « - »");
        None
    });
    reading.head.date_emission = attributes.date("dateEmission");
    reading.head.mode = read_mode(attributes);
}

fn read_mode(attributes: &mut Attributes<'_, '_, '_>) -> Mode {
    let mode = |word: &str| match word {
        "reel" => Some(Mode::Reel),
        "test" => Some(Mode::Test),
        _ => None,
    };
    attributes.setting("mode", mode, || "reel, test".to_owned()).unwrap_or_default()
}

fn is_identifiant(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-'))
}
