//! `capacite`: one count of a service.

use super::attributes::{Attributes, Wrong};
use super::element::{Element, ElementLevel};
use super::nombre::{self, BadNombre};
use crate::report::defects::Findings;
use crate::report::model::{PlacedCount, RejectedCount};
use crate::report::xml::{Tag, XmlFault, XmlReader};
use domain::capacity::{
    Affectation, Count, Crise, Fermeture, Genre, Indicator, IndicatorParts, Nature, Nombre, Nomenclature, Statut,
    Supplement, Temporalite,
};
use domain::defect::{Code, Defect, Path, excerpt};

const KNOWN: &[&str] =
    &["nature", "statut", "temporalite", "genre", "fermeture", "supplement", "crise", "affectation", "nombre"];

/// What one element gives.
pub(super) enum Read {
    /// A count without a defect.
    Count(PlacedCount),
    /// A count that a defect rejects; what it counts is known all the same.
    Rejected(RejectedCount),
    /// Nobody can say what it counts.
    Nothing,
}

/// A count as far as its attributes could be read.
struct Draft {
    indicator: Option<Indicator>,
    nature: Option<Nature>,
    nombre: Option<Nombre>,
}

/// Reads one count, the `rank`-th of the service at `parent`.
pub(super) fn read<'a>(
    xml: &mut XmlReader<'a>,
    tag: &Tag<'a>,
    parent: &Path,
    rank: usize,
    findings: &mut Findings<'_>,
) -> Result<Read, XmlFault> {
    let mut element = Element::new(ElementLevel::Capacite, tag, parent.child(&format!("capacite[{rank}]")));
    let mut attributes = Attributes::new(tag, &mut element, findings);
    attributes.refuse_unknown(KNOWN);
    // An attribute that is not known may be a misspelt part of the indicator.
    let foreign = attributes.rejected();
    let draft = read_draft(&mut attributes);
    let (place, written) = (attributes.place("nombre"), attributes.optional("nombre").map(excerpt));
    while element.next_child(xml, findings)?.is_some() {}
    Ok(match draft {
        Draft { indicator: Some(indicator), nature: Some(nature), nombre: Some(nombre) } if !element.rejected() => {
            Read::Count(PlacedCount { count: Count { indicator, nature, nombre }, place })
        }
        Draft { indicator: Some(indicator), .. } if !foreign => {
            Read::Rejected(RejectedCount { indicator, written, place })
        }
        _ => Read::Nothing,
    })
}

/// Every attribute is read before the first fault ends it, so that all faults are told.
fn read_draft(attributes: &mut Attributes<'_, '_, '_>) -> Draft {
    let nature = attributes.word("nature", Nature::from_word, Nature::words);
    let parts = read_parts(attributes);
    let nombre = read_nombre(attributes);
    let indicator = parts.ok().and_then(|parts| read_indicator(attributes, parts));
    Draft { indicator, nature: nature.ok().map(|nature| nature.unwrap_or(Nature::Lit)), nombre }
}

fn read_parts(attributes: &mut Attributes<'_, '_, '_>) -> Result<IndicatorParts, Wrong> {
    let statut = attributes.required_word("statut", Statut::from_word, Statut::words);
    let temporalite = attributes.word("temporalite", Temporalite::from_word, Temporalite::words);
    let genre = attributes.word("genre", Genre::from_word, || Genre::WORDS.to_owned());
    let fermeture = attributes.word("fermeture", Fermeture::from_word, Fermeture::words);
    let supplement = attributes.word("supplement", Supplement::from_word, Supplement::words);
    let crise = attributes.word("crise", Crise::from_word, Crise::words);
    let affectation = attributes.word("affectation", Affectation::from_word, Affectation::words);
    Ok(IndicatorParts {
        statut: statut?,
        temporalite: temporalite?.unwrap_or(Temporalite::Courant),
        genre: genre?,
        fermeture: fermeture?,
        supplement: supplement?,
        crise: crise?,
        affectation: affectation?.unwrap_or(Affectation::Aucune),
    })
}

fn read_indicator(attributes: &mut Attributes<'_, '_, '_>, parts: IndicatorParts) -> Option<Indicator> {
    let incompatible = match Indicator::new(parts) {
        Ok(indicator) => return Some(indicator),
        Err(incompatible) => incompatible,
    };
    let name = incompatible.attribute().unwrap_or("supplement");
    attributes.refuse(name, |defect| defect.expected(incompatible.to_string()), Code::C05);
    None
}

fn read_nombre(attributes: &mut Attributes<'_, '_, '_>) -> Option<Nombre> {
    let (code, expected) = match nombre::parse(attributes.required_trimmed("nombre")?) {
        Ok(nombre) => return Some(nombre),
        Err(BadNombre::Negative) => (Code::C01, "un entier positif ou nul"),
        Err(BadNombre::NotWhole) => (Code::C02, "un entier positif ou nul, en chiffres"),
        Err(BadNombre::TooLarge) => {
            attributes.refuse("nombre", too_large, Code::C02);
            return None;
        }
    };
    attributes.refuse("nombre", |defect| defect.expected(expected), code);
    None
}

fn too_large(defect: Defect) -> Defect {
    let defect = defect.expected("un entier de 0 à 2147483647").detail("Il dépasse le plus grand entier admis.");
    defect.hint_instead("Vérifiez le nombre : une faute de frappe est probable.")
}
