//! The `Parameters` bodies of the three operations.
//!
//! Raw JSON on purpose: the ROR wants the value as an extension without a name, which is no valid
//! FHIRPath Patch and which a FHIR library would refuse to write (scenarios 2, 2 bis and 3).

use serde_json::{Value, json};

use domain::capacity::{Genre, Indicator, Nomenclature, Update};
use domain::outcome::whole_seconds;

use super::path::{self, CAPACITY};
use domain::capacity::GenreCode;

/// The code list of genres, which has no `Nomenclature` because one of its codes is the agency's choice.
const GENRE_SYSTEM: &str = "https://mos.esante.gouv.fr/NOS/TRE_R332-GenreCapacite/FHIR/TRE-R332-GenreCapacite";

/// Creates the indicator.
pub(super) fn add(update: &Update, undifferentiated: GenreCode) -> Value {
    parameters("add", &path::capacities(), Some(capacity(update, undifferentiated)))
}

/// Overwrites the indicator.
pub(super) fn replace(update: &Update, undifferentiated: GenreCode) -> Value {
    let path = path::of_indicator(&update.count.indicator, undifferentiated);
    parameters("replace", &path, Some(capacity(update, undifferentiated)))
}

/// Removes the indicator.
pub(super) fn delete(indicator: &Indicator, undifferentiated: GenreCode) -> Value {
    parameters("delete", &path::of_indicator(indicator, undifferentiated), None)
}

fn parameters(operation: &str, path: &str, value: Option<Value>) -> Value {
    let mut part =
        vec![json!({"name": "type", "valueString": operation}), json!({"name": "path", "valueString": path})];
    part.extend(value.map(|value| json!({"name": "value", "part": [{"extension": [value]}]})));
    json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]})
}

fn capacity(update: &Update, undifferentiated: GenreCode) -> Value {
    let indicator = &update.count.indicator;
    let optional = [
        indicator.genre().map(|genre| gender(genre, undifferentiated)),
        indicator.fermeture().map(|value| coded("capacityClosingType", value)),
        indicator.supplement().map(|value| coded("additionalBedType", value)),
        indicator.crise().map(|value| coded("crisisType", value)),
    ];
    let mut parts = vec![
        json!({"url": "nbCapacity", "valueInteger": update.count.nombre.get()}),
        json!({"url": "capacityUpdateDate", "valueDateTime": whole_seconds(update.date_releve)}),
        coded("capacityStatus", indicator.statut()),
        coded("capacityType", update.count.nature),
        coded("temporalityCapacity", indicator.temporalite()),
        coded("capacitySourceType", update.source),
    ];
    parts.extend(optional.into_iter().flatten());
    parts.push(coded("temporaryAssignement", indicator.affectation()));
    json!({"extension": parts, "url": CAPACITY})
}

fn coded<N: Nomenclature>(url: &str, value: N) -> Value {
    concept(url, &N::system(), value.code(), value.display())
}

fn gender(value: Genre, undifferentiated: GenreCode) -> Value {
    let (code, display) = path::genre(value, undifferentiated);
    concept("genderCapacityAvailable", GENRE_SYSTEM, code, display)
}

fn concept(url: &str, system: &str, code: &str, display: &str) -> Value {
    json!({"url": url, "valueCodeableConcept": {"coding": [{"system": system, "code": code, "display": display}]}})
}
