//! The FHIRPath texts that name an indicator, letter for letter as in the documentation.

use domain::capacity::{Genre, Indicator, Nomenclature};

use domain::capacity::GenreCode;

/// The extension that holds one indicator (FHIR IG ROR, ror-location-supported-capacity).
pub(super) const CAPACITY: &str =
    "https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/ror-location-supported-capacity";

/// The path of an `add`, which is also the expression by which the ROR says that the indicator is absent.
pub(super) fn capacities() -> String {
    format!("Location.extension.where(url='{CAPACITY}')")
}

/// The path of a `replace` or a `delete`.
///
/// The clauses stand in the order of the key in the ROR's own error text. The two spaces before
/// the genre are those of the documentation's example.
pub(super) fn of_indicator(indicator: &Indicator, undifferentiated: GenreCode) -> String {
    let mut criteria = String::new();
    for (name, code) in key(indicator, undifferentiated) {
        criteria.push_str(match name {
            _ if criteria.is_empty() => "",
            "genderCapacityAvailable" => "  and ",
            _ => " and ",
        });
        criteria.push_str(&format_clause(name, code));
    }
    format!("{}.where({criteria})", capacities())
}

/// The code and display of a genre, the undifferentiated one as the agency chose.
pub(super) fn genre(genre: Genre, undifferentiated: GenreCode) -> (&'static str, &'static str) {
    match genre {
        Genre::Femme => ("01", "Femme"),
        Genre::Homme => ("02", "Homme"),
        Genre::Indifferencie => (undifferentiated.code(), undifferentiated.display()),
    }
}

/// The attributes that make the key of an indicator.
pub(super) const KEY: [&str; 7] = [
    "capacityStatus",
    "temporalityCapacity",
    "genderCapacityAvailable",
    "capacityClosingType",
    "additionalBedType",
    "crisisType",
    "temporaryAssignement",
];

/// The attributes of this indicator, with their codes.
pub(super) fn key(
    indicator: &Indicator,
    undifferentiated: GenreCode,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    [
        ("capacityStatus", Some(indicator.statut().code())),
        ("temporalityCapacity", Some(indicator.temporalite().code())),
        ("genderCapacityAvailable", indicator.genre().map(|value| genre(value, undifferentiated).0)),
        ("capacityClosingType", indicator.fermeture().map(Nomenclature::code)),
        ("additionalBedType", indicator.supplement().map(Nomenclature::code)),
        ("crisisType", indicator.crise().map(Nomenclature::code)),
        ("temporaryAssignement", Some(indicator.affectation().code())),
    ]
    .into_iter()
    .filter_map(|(name, code)| Some((name, code?)))
}

fn format_clause(name: &str, code: &str) -> String {
    format!("extension.where(url = '{name}' and valueCodeableConcept.coding.code = '{code}')")
}
