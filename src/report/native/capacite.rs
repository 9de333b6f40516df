//! `capacite`: one count of a service.

use super::attributes::{Attributes, Wrong};
use super::element::{Element, Level};
use super::nombre::{self, BadNombre};
use crate::capacity::{
    Affectation, Count, Crise, Fermeture, Genre, Indicator, Nature, Nombre, Nomenclature, Parts, Statut, Supplement,
    Temporalite,
};
use crate::defect::{Code, Defect};
use crate::report::findings::Findings;
use crate::report::model::PlacedCount;
use crate::report::xml::{Fault, Tag, XmlReader};

const KNOWN: &[&str] =
    &["nature", "statut", "temporalite", "genre", "fermeture", "supplement", "crise", "affectation", "nombre"];

/// Reads one count, the `rank`-th of the service at `parent`; `None` if a defect rejects it.
pub(super) fn read<'a>(
    xml: &mut XmlReader<'a>,
    tag: &Tag<'a>,
    parent: &str,
    rank: usize,
    findings: &mut Findings<'_>,
) -> Result<Option<PlacedCount>, Fault> {
    let mut element = Element::new(Level::Capacite, tag, format!("{parent}/capacite[{rank}]"));
    let mut attributes = Attributes::new(tag, &mut element, findings);
    attributes.refuse_unknown(KNOWN);
    let count = read_count(&mut attributes);
    let place = attributes.place("nombre");
    while element.next_child(xml, findings)?.is_some() {}
    Ok(count.filter(|_| !element.rejected()).map(|count| PlacedCount { count, place }))
}

/// Every attribute is read before the first fault ends it, so that all faults are told.
fn read_count(attributes: &mut Attributes<'_, '_, '_>) -> Option<Count> {
    let nature = attributes.word("nature", Nature::from_word, Nature::words);
    let parts = read_parts(attributes);
    let nombre = read_nombre(attributes);
    let indicator = parts.ok().and_then(|parts| read_indicator(attributes, parts));
    Some(Count { indicator: indicator?, nature: nature.ok()?.unwrap_or(Nature::Lit), nombre: nombre? })
}

fn read_parts(attributes: &mut Attributes<'_, '_, '_>) -> Result<Parts, Wrong> {
    let statut = attributes.required("statut").map(|_| attributes.word("statut", Statut::from_word, Statut::words));
    let temporalite = attributes.word("temporalite", Temporalite::from_word, Temporalite::words);
    let genre = attributes.word("genre", Genre::from_word, || Genre::WORDS.to_owned());
    let fermeture = attributes.word("fermeture", Fermeture::from_word, Fermeture::words);
    let supplement = attributes.word("supplement", Supplement::from_word, Supplement::words);
    let crise = attributes.word("crise", Crise::from_word, Crise::words);
    let affectation = attributes.word("affectation", Affectation::from_word, Affectation::words);
    Ok(Parts {
        statut: statut.ok_or(Wrong)??.ok_or(Wrong)?,
        temporalite: temporalite?.unwrap_or(Temporalite::Courant),
        genre: genre?,
        fermeture: fermeture?,
        supplement: supplement?,
        crise: crise?,
        affectation: affectation?.unwrap_or(Affectation::Aucune),
    })
}

fn read_indicator(attributes: &mut Attributes<'_, '_, '_>, parts: Parts) -> Option<Indicator> {
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
