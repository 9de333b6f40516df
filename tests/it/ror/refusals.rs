//! The table of the ROR's answers, each as documented and with the variations servers allow themselves.

use domain::defect::Code;
use edges::ror::{OurFault, PushFailure};

use super::bench::{Bench, available, indicator, update};
use super::wire::{Wire, answer};
use campaign::simulator::Lieu;
use domain::capacity::{Nature, Statut};

const LIEU_INCONNU: &str = include_str!("fixtures/lieu-inconnu.json");
const LIEU_EN_DOUBLE: &str = include_str!("fixtures/lieu-en-double.json");
const REGLE_METIER: &str = include_str!("fixtures/regle-metier.json");
const ABSENT: &str = include_str!("fixtures/indicateur-absent.json");

const ADD_PATH: &str = "Location.extension.where(url='https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/ror-location-supported-capacity')";

fn outcome(issues: &str) -> String {
    format!("{{\"resourceType\": \"OperationOutcome\", \"issue\": [{issues}]}}")
}

/// What is expected of a `put` whose `replace` is answered so.
#[derive(Debug, PartialEq)]
enum Expected {
    Refused(Code),
    /// The `add` follows.
    Add,
    NotFromTheRor,
    /// Neither the ROR nor the count: our address, or a server that is being upgraded.
    WrongAddress,
    Busy,
    /// To be sent again, and certainly not applied.
    Postponed,
    /// To be sent again, and perhaps applied.
    InDoubt,
    Success,
    /// A success that is not believed.
    Unexpected,
}

async fn outcome_of(status: u16, headers: &[&str], body: &str) -> Expected {
    let wire = Wire::start(&[answer(status, headers, body)]).await;
    let attempted = wire.client().put(&available(12)).await;
    match attempted.result {
        Ok(_) if wire.requests().len() == 2 => Expected::Add,
        Ok(_) => Expected::Success,
        Err(PushFailure::Refused(refusal)) => {
            assert_eq!(refusal.status, status);
            Expected::Refused(refusal.code)
        }
        Err(PushFailure::Busy { .. }) => Expected::Busy,
        Err(failure @ PushFailure::Postponed { .. }) => {
            assert!(failure.is_transient());
            if failure.is_unknown() { Expected::InDoubt } else { Expected::Postponed }
        }
        Err(PushFailure::OurSide(OurFault::WrongAddress { .. })) => Expected::WrongAddress,
        Err(PushFailure::OurSide(OurFault::NotFromTheRor { .. })) => Expected::NotFromTheRor,
        Err(PushFailure::OurSide(OurFault::UnexpectedAnswer { .. })) => Expected::Unexpected,
        Err(other) => panic!("{status} {body}: {other:?}"),
    }
}

async fn check(status: u16, body: &str, expected: Expected) {
    assert_eq!(outcome_of(status, &[], body).await, expected, "{status} {body}");
}

#[tokio::test]
async fn the_documented_answers_have_the_documented_meaning() {
    check(404, LIEU_INCONNU, Expected::Refused(Code::R01)).await;
    check(412, LIEU_EN_DOUBLE, Expected::Refused(Code::R02)).await;
    check(400, REGLE_METIER, Expected::Refused(Code::R03)).await;
    check(404, ABSENT, Expected::Add).await;
    check(403, &outcome(r#"{"severity":"error","code":"forbidden"}"#), Expected::Refused(Code::R04)).await;
    check(422, &outcome(r#"{"severity":"error","code":"value"}"#), Expected::Refused(Code::R05)).await;
}

#[tokio::test]
async fn variations_of_an_outcome_are_understood() {
    let array = ABSENT.replace(&format!("\"{ADD_PATH}\""), &format!("[\"{ADD_PATH}\"]"));
    assert_ne!(array, ABSENT);
    check(404, &array, Expected::Add).await;
    check(404, &LIEU_INCONNU.replace("[\"Location\"]", "\"Location\""), Expected::Refused(Code::R01)).await;
    let location = r#"{"severity":"fatal","code":"not-found","expression":["Location"]}"#;
    let warning = r#"{"severity":"warning","code":"not-found","expression":["Location"]}"#;
    let absent = format!(r#"{{"severity":"error","code":"not-found","expression":["x", "{ADD_PATH}"]}}"#);
    let cases = [
        // The location rules: without it, no indicator can be added.
        (404, outcome(&format!("{absent},{location}")), Expected::Refused(Code::R01)),
        (404, outcome(&format!("{warning},{absent}")), Expected::Add),
        (404, outcome(r#"{"code":"not-found","expression":["Location"]}"#), Expected::Refused(Code::R01)),
        // Compared without case, as the documentation writes it both ways.
        (404, outcome(r#"{"code":"not-found","expression":["location"]}"#), Expected::Refused(Code::R01)),
        (404, outcome(r#"{"code":"not-found","location":["LOCATION"]}"#), Expected::Refused(Code::R01)),
        (404, outcome(&absent.replace("Location.extension", "location.Extension")), Expected::Add),
        // Not the documented path, so no `add`.
        (404, outcome(&absent.replace("not-found", "invalid")), Expected::Refused(Code::R05)),
        (404, outcome(&absent.replace(ADD_PATH, &format!("{ADD_PATH}.where(x)"))), Expected::Refused(Code::R05)),
        (400, outcome(&absent), Expected::Refused(Code::R05)),
        (412, outcome(&absent), Expected::Refused(Code::R05)),
        (410, outcome(""), Expected::Refused(Code::R05)),
        (422, outcome("3, null, {}, {\"code\": 7, \"expression\": 7}"), Expected::Refused(Code::R05)),
        (400, outcome(r#"{"code":"invalid"},{"code":"business-rule"}"#), Expected::Refused(Code::R03)),
    ];
    for (status, body, expected) in cases {
        check(status, &body, expected).await;
    }
}

fn issues(codes: &[&str]) -> String {
    let issue = |code: &&str| format!(r#"{{"severity":"error","code":"{code}","diagnostics":"occupé"}}"#);
    outcome(&codes.iter().map(issue).collect::<Vec<_>>().join(","))
}

#[tokio::test]
async fn a_hindrance_that_passes_is_no_verdict() {
    for status in [409, 423, 425] {
        for body in ["", "<html>409</html>", &issues(&["business-rule"]), &outcome("3, null, {}")] {
            check(status, body, Expected::Postponed).await;
        }
        check(status, &issues(&["timeout"]), Expected::InDoubt).await;
    }
    for status in [400, 410, 412, 422] {
        for code in ["transient", "lock-error", "conflict", "processing"] {
            check(status, &issues(&[code]), Expected::Postponed).await;
        }
        for code in ["timeout", "incomplete", "no-store", "exception"] {
            check(status, &issues(&["processing", code]), Expected::InDoubt).await;
        }
        check(status, &issues(&["throttled", "transient"]), Expected::Busy).await;
    }
    check(404, &issues(&["lock-error"]), Expected::Postponed).await;
    check(403, &issues(&["throttled"]), Expected::Busy).await;
    // One issue that does not pass, and the ROR has judged the count.
    check(400, &issues(&["transient", "business-rule"]), Expected::Refused(Code::R03)).await;
    check(422, &issues(&["conflict", "value"]), Expected::Refused(Code::R05)).await;
    // A server that says `processing` of everything still forbids.
    check(403, &issues(&["processing"]), Expected::Refused(Code::R04)).await;
}

#[tokio::test]
async fn an_address_that_is_not_known_is_not_the_counts_fault() {
    for status in [404, 405, 406, 415] {
        for code in ["not-supported", "processing", "informational", "invalid"] {
            check(status, &issues(&[code]), Expected::WrongAddress).await;
        }
        check(status, &outcome(""), Expected::WrongAddress).await;
    }
    check(400, &issues(&["not-supported"]), Expected::WrongAddress).await;
    check(404, &issues(&["business-rule"]), Expected::Refused(Code::R05)).await;
    check(405, &issues(&["value"]), Expected::Refused(Code::R05)).await;
}

#[tokio::test]
async fn a_404_without_expression_is_judged_by_what_it_says_of_the_location() {
    let said = |text: &str| outcome(&serde_json::json!({"code": "not-found", "diagnostics": text}).to_string());
    let detailed = |code: &str, text: &str| {
        let details = serde_json::json!({"coding": [{"code": code}], "text": text});
        outcome(&serde_json::json!({"code": "not-found", "details": details}).to_string())
    };
    let cases = [
        (said("Aucun lieu ne porte « 1350054680/ssr38888 »"), Expected::Refused(Code::R01)),
        (said("La Location demandée n'a pas été trouvée."), Expected::Refused(Code::R01)),
        (said("HAPI-2001: Resource Location/77 is not known"), Expected::Refused(Code::R01)),
        (said("HAPI-0302: Unknown resource type 'Location' - Server knows how to handle: []"), Expected::WrongAddress),
        (said("No handler found for PATCH /ws/Location"), Expected::WrongAddress),
        (said("Not Found: /ws/Location?identifier=1350054680/SSR38888"), Expected::WrongAddress),
        (said("Aucun indicateur présent en base ne correspond"), Expected::WrongAddress),
        (outcome(r#"{"severity":"error","code":"not-found"}"#), Expected::WrongAddress),
        (detailed("MSG_NO_MATCH", "rien"), Expected::Refused(Code::R01)),
        (detailed("MSG_UNKNOWN_TYPE", "1350054680/SSR38888 : Location not found"), Expected::WrongAddress),
    ];
    for (body, expected) in cases {
        check(404, &body, expected).await;
    }
}

#[tokio::test]
async fn only_an_outcome_rejects_a_row() {
    for status in [400, 403, 404, 405, 407, 412, 415, 422] {
        for body in ["", "<html>403</html>", "{}", "[]", "null", "{\"resourceType\": \"Parameters\"}", "\u{0}"] {
            check(status, body, Expected::NotFromTheRor).await;
        }
    }
    for status in [408, 429, 500, 502, 503, 504, 599] {
        check(status, REGLE_METIER, Expected::Busy).await;
    }
}

#[tokio::test]
async fn the_content_type_of_an_outcome_does_not_matter() {
    for kind in ["Content-Type: text/plain", "Content-Type: application/json", "Content-Type: text/html"] {
        assert_eq!(outcome_of(412, &[kind], LIEU_EN_DOUBLE).await, Expected::Refused(Code::R02), "{kind}");
    }
}

#[tokio::test]
async fn a_success_must_look_like_one() {
    let long = format!("{{\"resourceType\": \"Location\", \"description\": \"{}\"}}", "x".repeat(100_000));
    let etag: &[&str] = &["ETag: W/\"1\""];
    let html: &[&str] = &["ETag: \"a\"", "Content-Type: text/html"];
    let cases: [(u16, &[&str], &str, Expected); 13] = [
        (200, &[], "", Expected::Success),
        (204, &[], "", Expected::Success),
        (200, etag, "1350054680/SSR38888", Expected::Success),
        (200, &["Last-Modified: Wed, 26 Feb 2025 15:17:33 GMT"], "12", Expected::Success),
        (200, &[], "{\"resourceType\": \"Location\"}", Expected::Success),
        (200, &[], &long, Expected::Success),
        (200, etag, &outcome(r#"{"severity":"information","code":"informational"}"#), Expected::Success),
        (200, etag, &outcome(r#"{"severity":"error","code":"processing"}"#), Expected::Unexpected),
        (200, &[], "?? charabia ??", Expected::Unexpected),
        (200, &[], "[1]", Expected::Unexpected),
        (200, html, "identification requise", Expected::Unexpected),
        (200, etag, "<!DOCTYPE html><title>Connexion</title>", Expected::Unexpected),
        (200, &[], &"x".repeat(100_000), Expected::Unexpected),
    ];
    for (status, headers, body, expected) in cases {
        assert_eq!(outcome_of(status, headers, body).await, expected, "{status} {headers:?}");
    }
}

#[tokio::test]
async fn the_same_404_to_the_add_is_no_reason_to_add_again() {
    let wire = Wire::start(&[answer(404, &[], ABSENT), answer(404, &[], ABSENT)]).await;
    let failure = wire.client().put(&available(12)).await.result.unwrap_err();
    assert!(matches!(&failure, PushFailure::Refused(refusal) if refusal.code == Code::R05), "{failure}");
    assert_eq!(wire.requests().len(), 2);
}

#[tokio::test]
async fn diagnostics_are_joined_shortened_and_harmless() {
    let issue = |text: &str| serde_json::json!({"severity": "error", "code": "business-rule", "diagnostics": text});
    let text = format!("avant\u{1b}[31m\n\u{202e}{}", "é".repeat(5000));
    let body = serde_json::json!({"resourceType": "OperationOutcome", "issue": [issue("un"), issue(&text)]});
    let wire = Wire::start(&[answer(400, &[], &body.to_string())]).await;
    let PushFailure::Refused(refusal) = wire.client().put(&available(12)).await.result.unwrap_err() else { panic!() };
    assert!(refusal.diagnostics.starts_with("un ; avant·[31m ·é"), "{}", refusal.diagnostics);
    assert!(refusal.diagnostics.ends_with('…') && refusal.diagnostics.chars().count() <= 601);
}

async fn check_lieu(bench: &Bench, code: &str, expected: Code) {
    let attempted = bench.client().put(&update(code, indicator(Statut::Occupe, |_| ()), 1)).await;
    let failure = attempted.result.unwrap_err();
    assert!(matches!(&failure, PushFailure::Refused(refusal) if refusal.code == expected), "{code}: {failure}");
    assert!(!failure.is_transient() && !failure.is_unknown(), "{code}");
    assert!(bench.simulator.state().is_empty(), "{code}");
}

#[tokio::test]
async fn each_behaviour_of_a_location_leads_to_its_code() {
    let bench = Bench::with(|settings| {
        let nature = Some(Nature::Lit);
        settings.lieux.push(Lieu { nature, ..Lieu::normal(super::bench::identifier("LITS")) });
    })
    .await;
    check_lieu(&bench, "INCONNU", Code::R01).await;
    check_lieu(&bench, "DOUBLE", Code::R02).await;
    check_lieu(&bench, "REGLE", Code::R03).await;
    check_lieu(&bench, "LITS", Code::R03).await;
    check_lieu(&bench, "INTERDIT", Code::R04).await;
    check_lieu(&bench, "AUTRE", Code::R05).await;
}

#[tokio::test]
async fn the_undifferentiated_code_that_the_ror_does_not_know_is_a_business_rule() {
    let bench = Bench::with(|settings| settings.genre_accepted = domain::capacity::GenreCode::Indetermine).await;
    let PushFailure::Refused(refusal) = bench.client().put(&available(1)).await.result.unwrap_err() else { panic!() };
    assert_eq!(refusal.code, Code::R03);
    assert!(refusal.diagnostics.contains("genderCapacityAvailable: 03"), "{}", refusal.diagnostics);
}
