//! Which resources of FHIR tell of a patient.

/// The resources that tell of no patient: those of directories such as the ROR, and those by which systems describe
/// themselves or answer.
const IMPERSONAL: [&str; 22] = [
    "CapabilityStatement",
    "CodeSystem",
    "ConceptMap",
    "Endpoint",
    "HealthcareService",
    "ImplementationGuide",
    "Location",
    "Medication",
    "NamingSystem",
    "OperationDefinition",
    "OperationOutcome",
    "Organization",
    "OrganizationAffiliation",
    "Practitioner",
    "PractitionerRole",
    "Schedule",
    "SearchParameter",
    "Slot",
    "StructureDefinition",
    "StructureMap",
    "TestReport",
    "ValueSet",
];

/// The resources that hold others: these tell.
const WRAPPERS: [&str; 2] = ["Bundle", "Parameters"];

/// Whether resources of these types are about a patient. A wrapper in which nothing is recognised is: nobody knows what
/// it holds.
pub(super) fn are_about_a_patient<'a>(types: impl Iterator<Item = &'a str>) -> bool {
    let (mut any, mut impersonal) = (false, false);
    for name in types {
        if IMPERSONAL.contains(&name) {
            impersonal = true;
        } else if !WRAPPERS.contains(&name) {
            return true;
        }
        any = true;
    }
    any && !impersonal
}

/// Whether a JSON text holds such resources (FHIR R4, section 2.6.2).
pub(super) fn is_in_json(text: &str) -> bool {
    const KEY: &str = "resourceType";
    are_about_a_patient(text.match_indices(KEY).filter_map(|(at, _)| value(text.get(at + KEY.len()..)?)))
}

/// The value behind a key, in a text of JSON that may itself be a string of JSON.
fn value(rest: &str) -> Option<&str> {
    let quote = |text: &'_ str| text.trim_start_matches('\\').strip_prefix('"').map(str::len);
    let rest = rest.get(rest.len() - quote(rest)?..)?.trim_start().strip_prefix(':')?.trim_start();
    let rest = rest.get(rest.len() - quote(rest)?..)?;
    let end = rest.find(|character: char| !character.is_ascii_alphanumeric())?;
    rest.get(..end).filter(|name| name.starts_with(|first: char| first.is_ascii_uppercase()))
}
