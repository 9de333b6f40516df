//! `service`: one service, when it was observed, and its counts.

use super::attributes::Attributes;
use super::capacite::{self, Read};
use super::element::{Element, ElementLevel};
use crate::report::defects::Findings;
use crate::report::model::ReportedService;
use crate::report::xml::{Tag, XmlFault, XmlReader};
use domain::capacity::{Nomenclature, ServiceCode, Source};
use domain::defect::{Path, excerpt};

const KNOWN: &[&str] = &["code", "libelle", "dateReleve", "source"];

/// Reads one service, the `rank`-th of the establishment at `parent`.
pub(super) fn read<'a>(
    xml: &mut XmlReader<'a>,
    tag: &Tag<'a>,
    parent: &Path,
    rank: usize,
    findings: &mut Findings<'_>,
) -> Result<ReportedService, XmlFault> {
    let code = tag.attribute("code").and_then(|attribute| attribute.value.parse::<ServiceCode>().ok());
    let name = code.as_ref().map_or_else(|| rank.to_string(), ToString::to_string);
    let path = parent.child(&format!("service[{name}]")).service_by_rank(code.is_none());
    let mut element = Element::new(ElementLevel::Service, tag, path);
    let mut service = read_attributes(&mut Attributes::new(tag, &mut element, findings));
    while let Some(tag) = element.next_child(xml, findings)? {
        match capacite::read(xml, &tag, element.path(), element.children(), findings)? {
            Read::Count(count) => service.counts.push(count),
            Read::Rejected(count) => service.rejected_counts.push(count),
            Read::Nothing => {}
        }
    }
    service.rejected = element.rejected();
    Ok(service)
}

fn read_attributes(attributes: &mut Attributes<'_, '_, '_>) -> ReportedService {
    attributes.refuse_unknown(KNOWN);
    let source = attributes.word("source", Source::from_word, Source::words);
    ReportedService {
        code: read_code(attributes),
        date_releve: attributes.date("dateReleve"),
        source: source.ok().flatten().unwrap_or(Source::BedManagement),
        counts: Vec::new(),
        rejected_counts: Vec::new(),
        date_text: attributes.optional("dateReleve").map(excerpt).unwrap_or_default(),
        place: attributes.place("code"),
        date_place: attributes.place("dateReleve"),
        rejected: false,
    }
}

fn read_code(attributes: &mut Attributes<'_, '_, '_>) -> Option<ServiceCode> {
    match attributes.required("code")?.parse() {
        Ok(code) => Some(code),
        Err(fault) => {
            let fault: domain::capacity::ServiceCodeError = fault;
            attributes.wrong_form("code", &fault.to_string());
            None
        }
    }
}
