//! `etablissement`: one establishment and its services.

use super::attributes::Attributes;
use super::element::{Element, ElementLevel};
use super::service;
use crate::report::defects::Findings;
use crate::report::model::Etablissement;
use crate::report::xml::{Tag, XmlFault, XmlReader, is_blank};
use domain::defect::Code;
use domain::finess::{Finess, FinessError};

/// Reads one establishment, the `rank`-th of the document.
pub(super) fn read<'a>(
    xml: &mut XmlReader<'a>,
    tag: &Tag<'a>,
    rank: usize,
    findings: &mut Findings<'_>,
) -> Result<Etablissement, XmlFault> {
    let known = tag.attribute("finess").and_then(|attribute| parse(&attribute.value).ok());
    let path = known.map_or_else(|| format!("etablissement[{rank}]"), |finess| format!("etablissement[{finess}]"));
    let mut element = Element::new(ElementLevel::Etablissement, tag, path.into());
    let mut attributes = Attributes::new(tag, &mut element, findings);
    attributes.refuse_unknown(&["finess"]);
    let finess = read_finess(&mut attributes);
    let place = attributes.place("finess");
    let mut services = Vec::new();
    while let Some(tag) = element.next_child(xml, findings)? {
        services.push(service::read(xml, &tag, element.path(), element.children(), findings)?);
    }
    Ok(Etablissement { finess, services, place, rejected: element.rejected() })
}

fn read_finess(attributes: &mut Attributes<'_, '_, '_>) -> Option<Finess> {
    let text = attributes.required("finess")?;
    let code = match parse(text) {
        Ok(finess) => return Some(finess),
        Err(FinessError::Format) => Code::E01,
        Err(FinessError::Key) => Code::E02,
    };
    attributes.refuse("finess", |defect| defect.expected(expected(text)), code);
    None
}

/// What was meant, where that can be told: a letter in lower case, blanks or dots inside, a zero that a spreadsheet
/// took off the front, signs that look like digits.
fn expected(text: &str) -> String {
    if let Ok(finess) = parse(&text.to_ascii_uppercase()) {
        return format!("{finess}, avec la lettre en majuscule");
    }
    // A spreadsheet writes a number, and that without its first zero.
    let number = text.trim_end_matches(".0").trim_end_matches(",0");
    let digits: String = number.chars().map(digit_meant).collect();
    let lost =
        || Some((Finess::typed(&format!("0{number}")).ok()?, "le zéro du début s’est perdu, comme dans un tableur"));
    let alike = || {
        Some((Finess::typed(&digits).ok()?, "un chiffre y est écrit par un signe qui lui ressemble, comme la lettre O"))
    };
    match Finess::typed(number) {
        Ok(finess) => format!("{finess}, sans espace ni autre signe"),
        Err(_) => lost().or_else(alike).map_or_else(
            || "le numéro FINESS géographique, comme 350054680".to_owned(),
            |(finess, why)| format!("sans doute {finess} : {why}"),
        ),
    }
}

/// The digit that a sign stands for: a letter that looks like it, or a digit of East Asian width.
fn digit_meant(sign: char) -> char {
    match sign {
        'O' | 'o' | '\u{ff2f}' => '0',
        'I' | 'l' => '1',
        '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(sign) - 0xff10, 10).unwrap_or(sign),
        other => other,
    }
}

/// Takes off blanks around the number, and the `1` that makes it an identifiant national de
/// structure (ROR modèle d'exposition 3.0.1, section 5.1).
fn parse(text: &str) -> Result<Finess, FinessError> {
    let text = text.trim_matches(is_blank);
    match text.strip_prefix('1') {
        Some(number) if number.len() == 9 => number.parse(),
        _ => text.parse(),
    }
}
