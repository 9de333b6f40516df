//! Counts go to the simulated ROR and can be read back.

use std::sync::atomic::{AtomicUsize, Ordering};

use base::tls;
use base::tls::revocation::Revocation;
use campaign::simulator::Simulator;
use domain::capacity::GenreCode;
use domain::capacity::{Indicator, Nomenclature, Statut};
use edges::ror::{Operation, PushFailure};
use serde_json::Value;

use super::bench::{Bench, NORMAL, available, every_kind, identifier, indicator, location, steps, update};

/// What a reader of the ROR sees of one location.
async fn read(bench: &Bench, headers: &[(&str, &str)]) -> (u16, Value) {
    let client = |identity| {
        let config = tls::client_config(Some(&bench.pki.ca), identity, &Revocation::default()).unwrap();
        reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy().build().unwrap()
    };
    let own = bench.pki.client.clone().into();
    let demand = client(Some(&own)).post(bench.simulator.token_url());
    let answer = demand.body("grant_type=client_credentials&client_id=lecteur").send().await.unwrap();
    let token: Value = answer.json().await.unwrap();
    let url = format!("{}/ws-diffusion-fhir/Location?identifier={}", bench.simulator.base_url(), identifier(NORMAL));
    let mut request = client(None).get(url).bearer_auth(token["access_token"].as_str().unwrap());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

const READER: [(&str, &str); 4] = [
    ("Ror-Profil-Utilisateur-Code", "CU22"),
    ("Ror-Profil-Utilisateur-System", "1.2.250.1.213.1.6.1.66"),
    ("Ror-Role-Metier-Code", "AUTOMATE"),
    ("Ror-Role-Metier-System", "1.2.250.1.213.1.1.4.6"),
];

fn numbers(bundle: &Value) -> Vec<i64> {
    let extensions = bundle["entry"][0]["resource"]["extension"].as_array().unwrap();
    let parts = extensions.iter().flat_map(|extension| extension["extension"].as_array().unwrap());
    parts.filter(|part| part["url"] == "nbCapacity").map(|part| part["valueInteger"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn every_kind_of_indicator_is_added_then_replaced_then_read_back() {
    let (bench, kinds) = (Bench::start().await, every_kind());
    let client = bench.client();
    for round in [100_i64, 200] {
        for (rank, kind) in (0_i64..).zip(&kinds) {
            let attempted = client.put(&update(NORMAL, *kind, round + rank)).await;
            let receipt = attempted.result.unwrap_or_else(|failure| panic!("{kind}: {failure}"));
            let expected = if round == 100 { Operation::Add } else { Operation::Replace };
            assert_eq!(receipt.operation, expected, "{kind}");
            assert!(receipt.etag.is_some() && receipt.last_modified.is_some(), "{kind}");
        }
    }
    let (status, bundle) = read(&bench, &READER).await;
    let mut read_back = numbers(&bundle);
    read_back.sort_unstable();
    assert_eq!(status, 200);
    assert_eq!(read_back, (200..).take(kinds.len()).collect::<Vec<i64>>());
}

#[tokio::test]
async fn what_the_simulator_holds_is_what_was_sent() {
    let bench = Bench::start().await;
    bench.client().put(&available(12)).await.result.unwrap();
    let state = bench.simulator.state();
    let [held] = state.as_slice() else { panic!("{state:?}") };
    assert_eq!(held.identifiant, "1350054680/SSR38888");
    assert_eq!(
        held.indicateur.to_string(),
        "capacityStatus: 02 / temporalityCapacity: 01 / genderCapacityAvailable: 03 / capacityClosingType: null / \
         additionalBedType: null / crisisType: null / temporaryAssignement: 01"
    );
    assert_eq!((held.nombre, held.nature.as_str(), held.source.as_str()), (12, "02", "02"));
    assert_eq!(held.date, "2025-02-26T15:17:33Z");
}

#[tokio::test]
async fn a_change_of_the_undifferentiated_code_deletes_the_old_indicator() {
    let bench = Bench::start().await;
    let (client, kind) = (bench.client(), indicator(Statut::Disponible, |_| ()));
    client.put(&available(12)).await.result.unwrap();
    for _ in 0..2 {
        let attempted = client.delete(&location(NORMAL), &kind, GenreCode::Indifferencie).await;
        assert_eq!(attempted.result.unwrap().operation, Operation::Delete);
    }
    assert_eq!(bench.numbers(), Vec::<i64>::new());
    let deletes = bench.writes().into_iter().filter(|(operation, ..)| operation == "delete");
    let statuses: Vec<_> = deletes.map(|(_, status, applied)| (status, applied)).collect();
    assert_eq!(statuses, [(Some(200), true), (Some(404), false)]);
}

#[tokio::test]
async fn the_first_count_takes_a_token_a_replace_and_an_add() {
    let bench = Bench::start().await;
    let client = bench.client();
    let first = client.put(&available(3)).await;
    assert_eq!(
        steps(&first),
        [(Operation::Jeton, Some(200)), (Operation::Replace, Some(404)), (Operation::Add, Some(200))]
    );
    assert_eq!(steps(&client.put(&available(4)).await), [(Operation::Replace, Some(200))]);
    assert_eq!((bench.numbers(), bench.token_demands()), (vec![4], 1));
}

/// Another worker took over while the ROR was answering: what would come next is not sent.
#[tokio::test]
async fn what_is_no_longer_ours_is_not_sent() {
    let bench = Bench::start().await;
    let client = bench.client();
    let asked = AtomicUsize::new(0);
    let for_one = || asked.fetch_add(1, Ordering::Relaxed) == 0;
    let cut = client.put_while(&available(3), &for_one).await;
    assert_eq!(steps(&cut), [(Operation::Jeton, Some(200)), (Operation::Replace, Some(404))]);
    assert_eq!(cut.result.unwrap_err(), PushFailure::Withdrawn);
    assert!(bench.numbers().is_empty());
    let kind = indicator(Statut::Disponible, |_| ());
    let never = || false;
    let deleted = client.delete_while(&location(NORMAL), &kind, GenreCode::Indifferencie, &never).await;
    assert!(steps(&deleted).is_empty());
    assert_eq!(deleted.result.unwrap_err(), PushFailure::Withdrawn);
}

#[tokio::test]
async fn a_reader_must_say_who_he_is() {
    let bench = Bench::start().await;
    assert_eq!(read(&bench, &READER).await.0, 200);
    for missing in 0..READER.len() {
        let mut headers = READER.to_vec();
        headers.remove(missing);
        assert_eq!(read(&bench, &headers).await.0, 400, "{missing}");
    }
}

#[tokio::test]
async fn a_stopped_simulator_answers_nobody() {
    let bench = Bench::start().await;
    let client = bench.client();
    client.put(&available(3)).await.result.unwrap();
    Simulator::shutdown(bench.simulator).await;
    let failure = client.put(&available(4)).await.result.unwrap_err();
    assert!(failure.is_transient(), "{failure}");
}

fn check_covered<N: Nomenclature>(of: impl Fn(&Indicator) -> Option<N>) {
    let kinds = every_kind();
    for entry in N::ENTRIES {
        assert!(kinds.iter().any(|kind| of(kind) == Some(entry.value)), "{:?}", entry.value);
    }
}

#[test]
fn the_kinds_cover_every_code_of_every_list() {
    check_covered(|kind| Some(kind.statut()));
    check_covered(|kind| Some(kind.temporalite()));
    check_covered(Indicator::fermeture);
    check_covered(Indicator::supplement);
    check_covered(Indicator::crise);
    check_covered(|kind| Some(kind.affectation()));
}
