//! The resources that the read service shows: RORLocation with its capacities (FHIR IG ROR 0.7.0).

use serde_json::{Value, json};

use super::fhirpath::CAPACITY;
use super::patch::Valued;

/// A RORLocation found by its *identifiant externe de synchro* (TRE_R354, code 26).
pub(super) fn location(identifier: &str, capacities: &[Value]) -> Value {
    json!({
        "resourceType": "Location",
        "id": logical_id(identifier),
        "extension": capacities,
        "identifier": [{
            "type": {"coding": [{
                "system": "https://mos.esante.gouv.fr/NOS/TRE_R354-TypeIdentifiantRessourceOperationnelle/FHIR/TRE-R354-TypeIdentifiantRessourceOperationnelle",
                "code": "26"
            }]},
            "value": identifier
        }],
        "status": "active"
    })
}

/// One capacity as an extension.
pub(super) fn extension(value: &Valued) -> Value {
    let coded = |name: &str, code: &str| json!({"url": name, "valueCodeableConcept": {"coding": [{"system": system(name), "code": code}]}});
    let mut parts = vec![
        json!({"url": "nbCapacity", "valueInteger": value.nombre}),
        json!({"url": "capacityUpdateDate", "valueDateTime": value.date}),
        coded("capacityType", &value.nature),
        coded("capacitySourceType", &value.source),
    ];
    parts.extend(value.key.attributes().map(|(name, code)| coded(name, code)));
    json!({"extension": parts, "url": CAPACITY})
}

/// A FHIR id has no slash and no blank.
fn logical_id(identifier: &str) -> String {
    identifier.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '-' }).collect()
}

fn system(name: &str) -> String {
    let table = match name {
        "capacityType" => "R329-NatureCapacite",
        "capacityStatus" => "R330-TypeStatutCapacite",
        "temporalityCapacity" => "R331-TemporaliteCapacite",
        "genderCapacityAvailable" => "R332-GenreCapacite",
        "capacityClosingType" => "R333-TypeFermetureCapacite",
        "additionalBedType" => "R334-TypeLitSupplementaire",
        "capacitySourceType" => "R335-TypeSourceCapacite",
        "crisisType" => "R336-TypeCrise",
        _ => "R337-AffectationTemporaire",
    };
    format!("https://mos.esante.gouv.fr/NOS/TRE_{table}/FHIR/TRE-{table}")
}
