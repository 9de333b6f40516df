//! What the client puts on the wire: targets, headers, bodies.

use std::collections::BTreeSet;

use domain::capacity::GenreCode;
use domain::capacity::{Crise, Fermeture, Indicator, Location, ServiceCode, Statut, Supplement, Update};
use serde_json::Value;

use super::bench::{NORMAL, available, indicator, location, update};
use super::wire::{Script, TOKEN, Wire, answer};

const ADD: &str = include_str!("fixtures/add.json");
const REPLACE: &str = include_str!("fixtures/replace.json");
const DELETE: &str = include_str!("fixtures/delete.json");
const ABSENT: &str = include_str!("fixtures/indicateur-absent.json");

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The example with another number: the documentation adds 25 and replaces by 12.
fn with_number(example: &str, number: i64) -> Value {
    let mut example = json(example);
    let value = &mut example["parameter"][0]["part"][2]["part"][0]["extension"][0]["extension"][0]["valueInteger"];
    assert!(value.is_i64(), "{value}");
    *value = number.into();
    example
}

#[tokio::test]
async fn the_three_bodies_are_those_of_the_documentation() {
    let wire = Wire::start(&[answer(404, &[], ABSENT)]).await;
    let client = wire.client();
    client.put(&available(25)).await.result.unwrap();
    client.put(&available(12)).await.result.unwrap();
    let available = indicator(Statut::Disponible, |_| ());
    client.delete(&location(NORMAL), &available, GenreCode::Indifferencie).await.result.unwrap();
    let bodies: Vec<Value> = wire.requests().iter().map(|request| json(&request.body)).collect();
    assert_eq!(bodies, [with_number(REPLACE, 25), json(ADD), json(REPLACE), json(DELETE)]);
}

#[tokio::test]
async fn the_undifferentiated_genre_is_sent_as_the_agency_chose() {
    let wire = Wire::start(&[]).await;
    let client = {
        let mut settings = wire.settings();
        settings.genre_indifferencie = GenreCode::Indetermine;
        edges::ror::Client::new(&settings, base::clock::Clock::System).unwrap()
    };
    client.put(&available(12)).await.result.unwrap();
    let body = &wire.requests()[0].body;
    assert!(body.contains("genderCapacityAvailable' and valueCodeableConcept.coding.code = '04'"), "{body}");
    assert!(body.contains("Indéterminé") && !body.contains("Indifférencié"), "{body}");
}

const BEFORE: &str = "Location.extension.where(url='https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/ror-location-supported-capacity').where(extension.where(url = 'capacityStatus' and valueCodeableConcept.coding.code = '";
const AFTER: &str = " and extension.where(url = 'temporaryAssignement' and valueCodeableConcept.coding.code = '01'))";

async fn check_path(kind: Indicator, criteria: &str) {
    let wire = Wire::start(&[]).await;
    wire.client().put(&update(NORMAL, kind, 1)).await.result.unwrap();
    let path = json(&wire.requests()[0].body)["parameter"][0]["part"][1]["valueString"].as_str().unwrap().to_owned();
    assert_eq!(path, format!("{BEFORE}{criteria}{AFTER}"), "{kind}");
}

#[tokio::test]
async fn paths_name_the_attributes_in_the_order_of_the_key() {
    let temporality = "extension.where(url = 'temporalityCapacity' and valueCodeableConcept.coding.code = '01')";
    let clause = |name: &str, code: &str| {
        format!(" and extension.where(url = '{name}' and valueCodeableConcept.coding.code = '{code}')")
    };
    let cases = [
        (indicator(Statut::Installe, |_| ()), "01", vec![]),
        (indicator(Statut::Disponible, |_| ()), "02", vec![format!(" {}", clause("genderCapacityAvailable", "03"))]),
        (
            indicator(Statut::Ferme, |parts| parts.fermeture = Some(Fermeture::Reactivable)),
            "05",
            vec![clause("capacityClosingType", "01")],
        ),
        (
            indicator(Statut::Supplementaire, |parts| {
                parts.supplement = Some(Supplement::AvecRh);
                parts.crise = Some(Crise::Sse);
            }),
            "06",
            vec![clause("additionalBedType", "03"), clause("crisisType", "02")],
        ),
    ];
    for (kind, status, clauses) in cases {
        check_path(kind, &format!("{status}') and {temporality}{}", clauses.concat())).await;
    }
}

async fn check_target(code: &str, expected: &str) {
    let wire = Wire::start(&[]).await;
    wire.client().put(&update(code, indicator(Statut::Occupe, |_| ()), 1)).await.result.unwrap();
    let expected = format!("PATCH /ws-synchro-dispo-lits-fhir/Location?identifier=1350054680/{expected} HTTP/1.1");
    assert_eq!(wire.requests()[0].line, expected, "{code}");
}

#[tokio::test]
async fn the_code_service_is_percent_encoded() {
    for (code, encoded) in [
        ("SSR38888", "SSR38888"),
        ("UF 12", "UF%2012"),
        ("a.b_c-d", "a.b_c-d"),
        (" bord ", "%20bord%20"),
        ("..", ".."),
        ("007", "007"),
    ] {
        check_target(code, encoded).await;
    }
}

#[tokio::test]
async fn every_legal_character_of_a_code_service_comes_back() {
    let legal: Vec<char> =
        (' '..='~').filter(|character| character.to_string().parse::<ServiceCode>().is_ok()).collect();
    let codes: Vec<String> = legal.chunks(50).map(|chunk| chunk.iter().collect()).collect();
    assert_eq!(codes.concat().len(), 66);
    let lieux = codes.iter().map(|code| campaign::simulator::Lieu::normal(super::bench::identifier(code)));
    let lieux: Vec<_> = lieux.collect();
    let bench = super::bench::Bench::with(|settings| settings.lieux = lieux).await;
    let client = bench.client();
    for code in &codes {
        client.put(&update(code, indicator(Statut::Occupe, |_| ()), 1)).await.result.unwrap();
    }
    let held: BTreeSet<String> = bench.simulator.state().into_iter().map(|capacity| capacity.identifiant).collect();
    assert_eq!(held, codes.iter().map(|code| super::bench::identifier(code)).collect());
}

#[tokio::test]
async fn a_write_has_the_two_documented_headers_and_no_other_of_ours() {
    let wire = Wire::start(&[]).await;
    wire.client().put(&available(12)).await.result.unwrap();
    let mut headers = wire.requests()[0].headers.clone();
    headers.retain(|header| !header.starts_with("host: ") && !header.starts_with("content-length: "));
    headers.sort();
    let authorization = format!("authorization: Bearer {TOKEN}");
    assert_eq!(headers, ["accept: */*", &authorization, "content-type: application/fhir+json"]);
}

#[tokio::test]
async fn the_demand_for_a_token_is_a_form() {
    let wire = Wire::with(Script::default(), |pki| pki.server.clone()).await;
    let mut settings = wire.settings();
    settings.client_id = "ror é+&=".to_owned();
    settings.scope = Some("a b".to_owned());
    let client = edges::ror::Client::new(&settings, base::clock::Clock::System).unwrap();
    client.token().await.unwrap();
    let demand = &wire.demands()[0];
    assert_eq!(demand.line, "POST /token HTTP/1.1");
    assert_eq!(demand.body, "grant_type=client_credentials&client_id=ror%20%C3%A9%2B%26%3D&scope=a%20b");
    assert!(demand.headers.contains(&"content-type: application/x-www-form-urlencoded".to_owned()));
}

#[tokio::test]
async fn a_base_url_may_have_a_path_and_a_slash_at_its_end() {
    let wire = Wire::start(&[]).await;
    let mut settings = wire.settings();
    settings.base_url = format!("{}/relais/", wire.base_url);
    let client = edges::ror::Client::new(&settings, base::clock::Clock::System).unwrap();
    client.put(&Update { location: Location::clone(&location("X")), ..available(1) }).await.result.unwrap();
    let expected = "PATCH /relais/ws-synchro-dispo-lits-fhir/Location?identifier=1350054680/X HTTP/1.1";
    assert_eq!(wire.requests()[0].line, expected);
}
