//! The simulator against raw requests: it must be at least as strict as the documentation.

use base::tls;
use base::tls::revocation::Revocation;
use campaign::simulator::{Capacity, ReadingClient, Recorded};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::bench::{Bench, NORMAL, identifier};

const ADD: &str = include_str!("fixtures/add.json");
const REPLACE: &str = include_str!("fixtures/replace.json");
const DELETE: &str = include_str!("fixtures/delete.json");

fn http(bench: &Bench) -> reqwest::Client {
    let config =
        tls::client_config(Some(&bench.pki.ca), Some(&bench.pki.client.clone().into()), &Revocation::default())
            .unwrap();
    reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy().build().unwrap()
}

async fn token(bench: &Bench) -> String {
    let demand = http(bench).post(bench.simulator.token_url());
    let answer = demand.body("grant_type=client_credentials&client_id=x").send().await.unwrap();
    answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned()
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
}

/// A write as documented, to be spoilt by the test.
fn write(bench: &Bench, token: &str, query: &str, body: &str) -> RequestBuilder {
    let url = format!("{}/ws-synchro-dispo-lits-fhir/Location{query}", bench.simulator.base_url());
    let request = http(bench).patch(url).header("Content-Type", "application/fhir+json").bearer_auth(token);
    request.body(body.to_owned())
}

fn query(code: &str) -> String {
    format!("?identifier={}", identifier(code))
}

#[tokio::test]
async fn the_examples_of_the_documentation_are_accepted() {
    let bench = Bench::start().await;
    let token = token(&bench).await;
    let mut numbers = Vec::new();
    for body in [ADD, REPLACE, DELETE] {
        assert_eq!(answer(write(&bench, &token, &query(NORMAL), body)).await.0, 200, "{body}");
        numbers.push(bench.numbers());
    }
    assert_eq!(numbers, [vec![25], vec![12], vec![]]);
}

#[tokio::test]
async fn refusals_are_those_of_the_documentation() {
    let bench = Bench::start().await;
    let token = token(&bench).await;
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let refused = |code: &'static str, body: &'static str| answer(write(&bench, &token, code, body));

    let (status, body) = refused("?identifier=1350054680/SSR38888", REPLACE).await;
    assert_eq!((status, body), (404, json(include_str!("fixtures/indicateur-absent.json"))));
    let (status, body) = refused("?identifier=1350054680/INCONNU", REPLACE).await;
    let expected = include_str!("fixtures/lieu-inconnu.json").replace("SSR38888", "INCONNU");
    assert_eq!((status, body), (404, json(&expected)));
    let (status, body) = refused("?identifier=1350054680/DOUBLE", REPLACE).await;
    let expected = include_str!("fixtures/lieu-en-double.json").replace("[n]", "2");
    assert_eq!((status, body), (412, json(&expected)));
}

#[tokio::test]
async fn business_rules_are_said_as_in_the_documentation() {
    let bench = Bench::with(|settings| {
        settings.genre_accepted = domain::capacity::GenreCode::Indetermine;
        settings.lieux[0].nature = Some(domain::capacity::Nature::Lit);
    })
    .await;
    let token = token(&bench).await;
    let documented: Value = serde_json::from_str(include_str!("fixtures/regle-metier.json")).unwrap();
    let accepted = ADD.replace("\"03\"", "\"04\"").replace("Indifférencié", "Indéterminé");
    for (body, issue) in [(accepted.as_str(), 0), (ADD, 1), (REPLACE, 2)] {
        let (status, outcome) = answer(write(&bench, &token, &query(NORMAL), body)).await;
        assert_eq!((status, &outcome["issue"]), (400, &json!([documented["issue"][issue]])), "{issue}");
    }
}

async fn check_identifier(bench: &Bench, token: &str, query: &str, status: u16) {
    assert_eq!(answer(write(bench, token, query, REPLACE)).await.0, status, "{query}");
}

#[tokio::test]
async fn an_identifier_is_decoded_and_single() {
    let bench = Bench::with(|settings| settings.lieux[0].identifiant = identifier("UF 12")).await;
    let token = token(&bench).await;
    assert_eq!(answer(write(&bench, &token, &query("UF%2012"), ADD)).await.0, 200);
    check_identifier(&bench, &token, "?identifier=1350054680/UF%2012", 200).await;
    check_identifier(&bench, &token, "?identifier=1350054680%2FUF%2012", 200).await;
    check_identifier(&bench, &token, "?identifier=1350054680%2fUF+12", 200).await;
    check_identifier(&bench, &token, "?identifier=1350054680/UF", 404).await;
    check_identifier(&bench, &token, "?identifier=1350054680/UF%2012,x", 400).await;
    check_identifier(&bench, &token, "?identifier=a&identifier=b", 400).await;
    check_identifier(&bench, &token, "?identifier=", 400).await;
    check_identifier(&bench, &token, "", 400).await;
}

#[tokio::test]
async fn what_a_write_must_not_be() {
    let bench = Bench::start().await;
    let token = token(&bench).await;
    let good = || write(&bench, &token, &query(NORMAL), ADD);
    let replaced = |name: &str, value: &str| {
        let mut request = good().build().unwrap();
        request.headers_mut().insert(reqwest::header::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        RequestBuilder::from_parts(http(&bench), request)
    };
    for (request, status) in [
        (good().header("Ror-Role-Metier-Code", "AUTOMATE"), 400),
        (replaced("content-type", "application/json"), 415),
        (replaced("content-type", "application/json-patch+json"), 415),
        (replaced("authorization", "Bearer inconnu"), 401),
        (replaced("authorization", &format!("Basic {token}")), 401),
        (good().body("x".repeat(100_000)), 413),
        (replaced("content-type", "application/fhir+json; charset=utf-8"), 200),
    ] {
        assert_eq!(answer(request).await.0, status);
    }
    let put = http(&bench)
        .request(Method::PUT, format!("{}/ws-synchro-dispo-lits-fhir/Location", bench.simulator.base_url()));
    assert_eq!(answer(put).await.0, 405);
}

/// A body that is refused with 400, however it is spoilt.
async fn check_spoilt(bench: &Bench, token: &str, from: &str, to: &str) {
    let body = ADD.replacen(from, to, 1);
    assert_ne!(body, ADD, "{from}");
    assert_eq!(answer(write(bench, token, &query(NORMAL), &body)).await.0, 400, "{from} -> {to}");
}

#[tokio::test]
async fn a_body_must_be_what_the_documentation_shows() {
    let bench = Bench::start().await;
    let token = token(&bench).await;
    for (from, to) in [
        ("Parameters", "Bundle"),
        ("\"operation\"", "\"opération\""),
        ("\"add\"", "\"insert\""),
        ("\"add\"", "\"replace\""),
        ("\"add\"", "\"delete\""),
        ("Location.extension.where(", "Location.where("),
        ("capacity')\"", "capacity').first()\""),
        ("capacity')\"", "capacity').where(true)\""),
        ("supported-capacity')", "capacity')"),
        ("\"valueInteger\": 25", "\"valueInteger\": -1"),
        ("\"valueInteger\": 25", "\"valueInteger\": 2.5"),
        ("\"valueInteger\": 25", "\"valueInt\": 25"),
        ("2025-02-26T15:17:33Z", "2025-02-26T15:17:33.5Z"),
        ("2025-02-26T15:17:33Z", "2025-02-30T15:17:33Z"),
        ("2025-02-26T15:17:33Z", "2025-02-26T15:17+01:00"),
        ("capacityStatus", "capacityState"),
        ("capacityStatus", "capacityType"),
        ("TRE-R330-TypeStatutCapacite\"", "JDV-J188\""),
        ("\"Disponible\"", "\"disponible\""),
        ("\"Indifférencié\"", "\"Indéterminé\""),
        ("\"code\": \"02\",", "\"code\": \"09\","),
        ("{\"url\": \"nbCapacity\", \"valueInteger\": 25},", ""),
        ("{", ""),
    ] {
        check_spoilt(&bench, &token, from, to).await;
    }
    assert_eq!(bench.numbers(), Vec::<i64>::new());
}

#[tokio::test]
async fn a_path_may_have_other_blanks_but_no_other_clauses() {
    let bench = Bench::start().await;
    let token = token(&bench).await;
    assert_eq!(answer(write(&bench, &token, &query(NORMAL), ADD)).await.0, 200);
    for (from, to, status) in [
        ("where(url='", "where( url = '", 200),
        (")  and ", ") and ", 200),
        ("(url = 'capacityStatus' and", "(url='capacityStatus'  and", 200),
        ("'capacityStatus'", "'capacityState'", 400),
        ("'capacityStatus'", "'temporalityCapacity'", 400),
        ("valueCodeableConcept.coding.code = '02'", "valueCodeableConcept.coding.code = '09'", 400),
        ("valueCodeableConcept.coding.code = '02'", "valueCodeableConcept.coding.code = '01'", 400),
        (")  and ", ")  or ", 400),
        ("= '01'))\"", "= '01')\"", 400),
        ("= '01'))\"", "= '01')).first()\"", 400),
    ] {
        let body = REPLACE.replacen(from, to, 1);
        assert_ne!(body, REPLACE, "{from}");
        assert_eq!(answer(write(&bench, &token, &query(NORMAL), &body)).await.0, status, "{from} -> {to}");
    }
}

/// Deletes an absent indicator under these attributes: 404 if it could exist, 400 if not.
async fn check_key(bench: &Bench, token: &str, attributes: &[(&str, &str)], status: u16) {
    let clause = |(name, code): &(&str, &str)| {
        format!("extension.where(url = '{name}' and valueCodeableConcept.coding.code = '{code}')")
    };
    let clauses: Vec<String> = attributes.iter().map(clause).collect();
    let (before, _) = DELETE.split_once("extension.where(url = 'capacityStatus'").unwrap();
    let body = format!("{before}{})\"}}]}}]}}", clauses.join(" and "));
    assert_eq!(answer(write(bench, token, &query(NORMAL), &body)).await.0, status, "{attributes:?}");
}

#[tokio::test]
async fn a_key_is_an_indicator_only_if_its_attributes_go_together() {
    let bench = Bench::start().await;
    let token = token(&bench).await;
    let (when, for_whom) = (("temporalityCapacity", "01"), ("temporaryAssignement", "01"));
    let status = |code| ("capacityStatus", code);
    let (genre, closing) = (("genderCapacityAvailable", "01"), ("capacityClosingType", "01"));
    let (bed, crisis) = (("additionalBedType", "01"), ("crisisType", "01"));
    for (attributes, expected) in [
        (vec![status("01"), when, for_whom], 404),
        (vec![status("02"), when, genre, for_whom], 404),
        (vec![status("05"), when, closing, for_whom], 404),
        (vec![status("06"), when, bed, for_whom], 404),
        (vec![status("06"), when, bed, crisis, for_whom], 404),
        (vec![when, for_whom], 400),
        (vec![status("01"), for_whom], 400),
        (vec![status("01"), when], 400),
        (vec![status("07"), when, for_whom], 400),
        (vec![status("01"), status("01"), when, for_whom], 400),
        (vec![status("01"), when, genre, for_whom], 400),
        (vec![status("02"), when, for_whom], 400),
        (vec![status("02"), when, ("genderCapacityAvailable", "04"), for_whom], 400),
        (vec![status("05"), when, for_whom], 400),
        (vec![status("03"), when, closing, for_whom], 400),
        (vec![status("06"), when, for_whom], 400),
        (vec![status("04"), when, bed, for_whom], 400),
        (vec![status("01"), when, crisis, for_whom], 400),
        (vec![status("06"), when, bed, ("crisisType", "03"), for_whom], 400),
    ] {
        check_key(&bench, &token, &attributes, expected).await;
    }
}

#[tokio::test]
async fn the_new_object_must_be_the_indicator_that_the_path_names() {
    let bench = Bench::start().await;
    let token = token(&bench).await;
    assert_eq!(answer(write(&bench, &token, &query(NORMAL), ADD)).await.0, 200);
    let (path, value) = REPLACE.split_once("\"value\"").unwrap();
    let other = value.replace("\"03\"", "\"01\"").replace("Indifférencié", "Femme");
    assert_ne!(other, value);
    assert_eq!(answer(write(&bench, &token, &query(NORMAL), &format!("{path}\"value\"{other}"))).await.0, 400);
    assert_eq!(answer(write(&bench, &token, &query(NORMAL), ADD)).await.0, 400, "an add of what is there");
    assert_eq!(bench.numbers(), [25]);
}

#[tokio::test]
async fn a_token_expires() {
    let bench = Bench::start().await;
    let token = token(&bench).await;
    for (seconds, status) in [(0, 200), (299, 200), (1, 401)] {
        bench.clock.advance(jiff::SignedDuration::from_secs(seconds));
        let body = if seconds == 0 { ADD } else { REPLACE };
        assert_eq!(answer(write(&bench, &token, &query(NORMAL), body)).await.0, status, "{seconds}");
    }
}

#[tokio::test]
async fn the_token_endpoint_wants_client_credentials() {
    let bench = Bench::start().await;
    for (body, status) in [
        ("grant_type=client_credentials&client_id=x", 200),
        ("client_id=x&grant_type=client%5Fcredentials", 200),
        ("grant_type=password&client_id=x", 400),
        ("grant_type=client_credentials&client_id=", 400),
        ("grant_type=client_credentials", 400),
        ("", 400),
    ] {
        let demand = http(&bench).post(bench.simulator.token_url()).body(body);
        assert_eq!(answer(demand).await.0, status, "{body}");
    }
}

/// RFC 6749, sections 5.1 and 5.2, as Keycloak writes it.
#[tokio::test]
async fn the_token_endpoint_answers_json_that_nobody_keeps() {
    let bench = Bench::start().await;
    for (body, status) in [("grant_type=client_credentials&client_id=x", 200), ("grant_type=password&client_id=x", 400)]
    {
        let answer = http(&bench).post(bench.simulator.token_url()).body(body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        for (header, value) in [("content-type", "application/json"), ("cache-control", "no-store")] {
            assert_eq!(answer.headers()[header], value);
        }
        let json: Value = answer.json().await.unwrap();
        if status == 200 {
            assert_eq!((&json["token_type"], &json["expires_in"]), (&json!("Bearer"), &json!(300)));
            assert_eq!(json["access_token"].as_str().unwrap().split('.').count(), 3);
        } else {
            assert_eq!(json["error"], "unsupported_grant_type");
        }
    }
}

/// The client that reads has a secret and no certificate, and neither client may do what the other does.
#[tokio::test]
async fn a_reading_client_reads_and_does_not_write() {
    let reader = ReadingClient { client_id: "lecteur".to_owned(), secret: "s".to_owned() };
    let bench = Bench::with(|settings| settings.reader = Some(reader)).await;
    let bare = tls::client_config(Some(&bench.pki.ca), None, &Revocation::default()).unwrap();
    let bare = reqwest::Client::builder().tls_backend_preconfigured(bare).no_proxy().build().unwrap();
    let demand = |client_id: &str, secret: &str| {
        let form = format!("grant_type=client_credentials&client_id={client_id}&client_secret={secret}");
        bare.post(bench.simulator.token_url()).body(form)
    };
    assert_eq!(answer(demand("lecteur", "x")).await.0, 401);
    assert_eq!(answer(demand("autre", "s")).await.0, 401, "no certificate");
    let (status, json) = answer(demand("lecteur", "s")).await;
    assert_eq!(status, 200);
    let reading = json["access_token"].as_str().unwrap();
    let writing = token(&bench).await;
    let read = |token: &str| {
        let url = format!("{}/ws-diffusion-fhir/Location{}", bench.simulator.base_url(), query(NORMAL));
        let names = ["Ror-Profil-Utilisateur-Code", "Ror-Profil-Utilisateur-System", "Ror-Role-Metier-Code"];
        let request = names.iter().fold(bare.get(url), |request, name| request.header(*name, "x"));
        request.header("Ror-Role-Metier-System", "x").bearer_auth(token)
    };
    assert_eq!(answer(read(reading)).await.0, 200);
    assert_eq!(answer(read(&writing)).await.0, 403);
    assert_eq!(answer(write(&bench, reading, &query(NORMAL), ADD)).await.0, 403);
    assert_eq!(answer(write(&bench, &writing, &query(NORMAL), ADD)).await.0, 200);
}

#[tokio::test]
async fn an_operator_sees_and_spoils_over_http() {
    let bench = Bench::start().await;
    let (client, token) = (http(&bench), token(&bench).await);
    let url = |name: &str| format!("{}/_simulateur/{name}", bench.simulator.base_url());
    let spoil = |json: Value| client.post(url("defauts")).json(&json);
    for (fault, status) in [
        (json!({"defaut": "statut", "statut": 503, "retry_after": "7", "fois": 2}), 201),
        (json!({"defaut": "lent", "ms": 1, "identifiant": "x", "apres": 3}), 201),
        (json!({"defaut": "reponse-perdue"}), 201),
        (json!({"defaut": "inconnu"}), 400),
        (json!({"defaut": "refus", "statut": 409}), 400),
        (json!({"defaut": "coupure-avant", "indicateur": {"statu": "01"}}), 400),
        (json!({"defaut": "statut"}), 400),
        (json!([]), 400),
    ] {
        assert_eq!(answer(spoil(fault.clone())).await.0, status, "{fault}");
    }
    for status in [503, 503] {
        assert_eq!(answer(write(&bench, &token, &query(NORMAL), ADD)).await.0, status);
    }
    assert_eq!(answer(client.delete(url("defauts"))).await.0, 204);
    let conflict = json!({"defaut": "refus", "statut": 423, "codes": ["lock-error"], "indicateur": {"statut": "02"}});
    let other = json!({"defaut": "coupure-avant", "indicateur": {"statut": "01"}});
    for fault in [other, conflict] {
        assert_eq!(answer(spoil(fault)).await.0, 201);
    }
    let (status, outcome) = answer(write(&bench, &token, &query(NORMAL), ADD)).await;
    assert_eq!((status, &outcome["issue"][0]["code"]), (423, &json!("lock-error")));
    assert_eq!(answer(client.delete(url("defauts"))).await.0, 204);
    assert_eq!(answer(write(&bench, &token, &query(NORMAL), ADD)).await.0, 200);

    let (_, state) = answer(client.get(url("etat"))).await;
    let held: Vec<Capacity> = bench.simulator.state();
    assert_eq!(state, serde_json::to_value(held).unwrap());
    assert_eq!((&state[0]["identifiant"], &state[0]["nombre"]), (&json!("1350054680/SSR38888"), &json!(25)));
    assert_eq!((&state[0]["indicateur"]["statut"], &state[0]["indicateur"]["crise"]), (&json!("02"), &Value::Null));

    let (_, requests) = answer(client.get(url("requetes"))).await;
    let recorded: Vec<Recorded> = bench.simulator.requests();
    assert_eq!(requests, serde_json::to_value(recorded).unwrap());
    assert!(!requests.to_string().contains(&token));
}

#[tokio::test]
async fn what_an_older_nomenclature_left_can_be_deleted_and_no_longer_written() {
    let bench = Bench::start().await;
    let token = token(&bench).await;
    assert_eq!(answer(write(&bench, &token, &query(NORMAL), ADD)).await.0, 200);
    bench.simulator.accept_genre(domain::capacity::GenreCode::Indetermine);
    assert_eq!(answer(write(&bench, &token, &query(NORMAL), REPLACE)).await.0, 400);
    for status in [200, 404] {
        assert_eq!(answer(write(&bench, &token, &query(NORMAL), DELETE)).await.0, status);
        assert_eq!(bench.numbers(), Vec::<i64>::new());
    }
}
