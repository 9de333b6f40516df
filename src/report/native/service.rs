//! `service`: one service, when it was observed, and its counts.

use super::attributes::Attributes;
use super::capacite;
use super::element::{Element, Level};
use crate::capacity::{Nomenclature, ServiceCode, Source};
use crate::report::findings::Findings;
use crate::report::model::Service;
use crate::report::xml::{Fault, Tag, XmlReader};

const KNOWN: &[&str] = &["code", "libelle", "dateReleve", "source"];

/// Reads one service, the `rank`-th of the establishment at `parent`.
pub(super) fn read<'a>(
    xml: &mut XmlReader<'a>,
    tag: &Tag<'a>,
    parent: &str,
    rank: usize,
    findings: &mut Findings<'_>,
) -> Result<Service, Fault> {
    let code = tag.attribute("code").and_then(|attribute| attribute.value.parse::<ServiceCode>().ok());
    let name = code.as_ref().map_or_else(|| rank.to_string(), ToString::to_string);
    let mut element = Element::new(Level::Service, tag, format!("{parent}/service[{name}]"));
    let mut service = read_attributes(&mut Attributes::new(tag, &mut element, findings));
    while let Some(tag) = element.next_child(xml, findings)? {
        service.counts.extend(capacite::read(xml, &tag, element.path(), element.children(), findings)?);
    }
    service.rejected = element.rejected();
    Ok(service)
}

fn read_attributes(attributes: &mut Attributes<'_, '_, '_>) -> Service {
    attributes.refuse_unknown(KNOWN);
    let source = attributes.word("source", Source::from_word, Source::words);
    Service {
        code: read_code(attributes),
        date_releve: attributes.date("dateReleve"),
        source: source.ok().flatten().unwrap_or(Source::BedManagement),
        counts: Vec::new(),
        place: attributes.place("code"),
        date_place: attributes.place("dateReleve"),
        rejected: false,
    }
}

fn read_code(attributes: &mut Attributes<'_, '_, '_>) -> Option<ServiceCode> {
    match attributes.required("code")?.parse() {
        Ok(code) => Some(code),
        Err(fault) => {
            let fault: crate::capacity::ServiceCodeError = fault;
            attributes.wrong_form("code", &fault.to_string());
            None
        }
    }
}
