//! Which resources of FHIR tell of a patient.

/// The resources that tell of no patient: those of directories such as the ROR, counts, those of messages, and those by
/// which systems describe themselves or answer. Outside the compartment of patients (FHIR R4, compartment definitions),
/// or in it only through a reference, which is looked for.
const IMPERSONAL: [&str; 40] = [
    "ActivityDefinition",
    "CapabilityStatement",
    "CodeSystem",
    "CompartmentDefinition",
    "ConceptMap",
    "Endpoint",
    "EventDefinition",
    "GraphDefinition",
    "HealthcareService",
    "ImplementationGuide",
    "InsurancePlan",
    "Library",
    "Location",
    "Measure",
    "MeasureReport",
    "Medication",
    "MessageDefinition",
    "MessageHeader",
    "NamingSystem",
    "ObservationDefinition",
    "OperationDefinition",
    "OperationOutcome",
    "Organization",
    "OrganizationAffiliation",
    "PlanDefinition",
    "Practitioner",
    "PractitionerRole",
    "Questionnaire",
    "Schedule",
    "SearchParameter",
    "Slot",
    "StructureDefinition",
    "StructureMap",
    "Subscription",
    "SubscriptionStatus",
    "SubscriptionTopic",
    "TerminologyCapabilities",
    "TestReport",
    "TestScript",
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

/// How a resource refers to a patient.
const REFERENCES: [&str; 3] = ["\"Patient/", "'Patient/", "/Patient/"];

/// Whether a text refers to a patient as resources do.
pub(super) fn refers_to_a_patient(text: &str) -> bool {
    REFERENCES.iter().any(|reference| text.contains(reference))
}

/// Whether a JSON text, or one written like it, holds such resources (FHIR R4, section 2.6.2).
pub(super) fn is_in_json(text: &str) -> bool {
    let types: Vec<&str> = keys(text).filter_map(|(_, rest)| Some(value(rest)?.0)).collect();
    are_about_a_patient(types.iter().copied()) || !types.is_empty() && refers_to_a_patient(text)
}

/// The same of what a person writes, who may name the key: there, something else must stand in the object.
pub(super) fn is_told_in_json(text: &str) -> bool {
    let types = keys(text).filter_map(|(before, rest)| {
        let (name, behind) = value(rest)?;
        let follows = without_quote(behind).trim_start().strip_prefix(',').map(str::trim_start);
        let alone = !before.trim_end_matches(QUOTES).trim_end().ends_with(',')
            && !follows.is_some_and(|next| next.starts_with(QUOTES));
        (!alone).then_some(name)
    });
    are_about_a_patient(types)
}

/// What stands around a text of JSON: it may itself be a string of JSON, or a literal of a program.
const QUOTES: [char; 3] = ['"', '\'', '\\'];

/// What stands before and behind each key of that name.
fn keys(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.match_indices(KEY).filter_map(|(at, _)| Some((text.get(..at)?, text.get(at + KEY.len()..)?)))
}

const KEY: &str = "resourceType";

/// The value behind a key, and what follows.
fn value(rest: &str) -> Option<(&str, &str)> {
    let rest = without_quote(without_quote(rest).trim_start().strip_prefix(':')?.trim_start());
    let end = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let (name, behind) = rest.split_at_checked(end)?;
    name.starts_with(|first: char| first.is_ascii_uppercase()).then_some((name, behind))
}

fn without_quote(text: &str) -> &str {
    text.trim_start_matches(QUOTES)
}
