//! The token: cached, renewed in time, renewed once on a 401, asked for once by many, never shown.

use base::clock::Clock;
use base::config_values::Span;
use campaign::simulator::Effect;
use edges::ror::{Attempted, Client, Operation, OurFault, PushFailure};
use futures_util::future::join_all;
use jiff::SignedDuration;

use super::bench::{Bench, available, steps};
use super::wire::{Script, TOKEN, Wire, answer};

/// Advances the clock by each step in turn, with a count after each; gives the demands for a token
/// after each count.
async fn demands_after(bench: &Bench, client: &Client, steps: &[i64]) -> Vec<usize> {
    let mut demands = Vec::new();
    for seconds in steps {
        bench.clock.advance(SignedDuration::from_secs(*seconds));
        client.put(&available(1)).await.result.unwrap();
        demands.push(bench.token_demands());
    }
    demands
}

#[tokio::test]
async fn a_token_is_kept_until_the_margin_before_its_expiry() {
    let bench = Bench::start().await;
    let client = bench.client();
    // It is valid for 300 s, with a margin of 30 s.
    assert_eq!(demands_after(&bench, &client, &[0, 100, 169, 1, 269, 1]).await, [1, 1, 1, 2, 2, 3]);
    assert!(bench.writes().iter().all(|(_, status, _)| *status != Some(401)));
}

#[tokio::test]
async fn a_token_shorter_than_the_margin_serves_for_half_its_life() {
    let bench = Bench::with(|settings| settings.token_lifetime = Span::seconds(20)).await;
    let client = bench.client();
    assert_eq!(demands_after(&bench, &client, &[0, 9, 1, 9]).await, [1, 1, 2, 2]);
}

async fn check_lifetime(expires_in: &str, seconds: i64) {
    let token = answer(200, &[], &format!("{{\"access_token\": \"un\"{expires_in}}}"));
    let wire = Wire::with(Script { tokens: vec![token], ..Script::default() }, |pki| pki.server.clone()).await;
    let clock = Clock::manual("2026-11-23T07:00:00Z".parse().unwrap());
    let mut settings = wire.settings();
    settings.token_margin = Span::seconds(0);
    let client = Client::new(&settings, clock.clone()).unwrap();
    client.token().await.unwrap();
    clock.advance(SignedDuration::from_secs(seconds - 1));
    client.token().await.unwrap();
    assert_eq!(wire.demands().len(), 1, "{expires_in}");
    clock.advance(SignedDuration::from_secs(1));
    client.token().await.unwrap();
    assert_eq!(wire.demands().len(), 2, "{expires_in}");
}

#[tokio::test]
async fn the_lifetime_is_what_the_endpoint_says_within_reason() {
    for (expires_in, seconds) in [
        (", \"expires_in\": 120", 120),
        (", \"expires_in\": \"120\"", 120),
        ("", 60),
        (", \"expires_in\": null", 60),
        (", \"expires_in\": 0", 60),
        (", \"expires_in\": -5", 60),
        (", \"expires_in\": 1e300", 60),
        (", \"expires_in\": 999999999999", 86_400),
    ] {
        check_lifetime(expires_in, seconds).await;
    }
}

#[tokio::test]
async fn twenty_counts_at_once_ask_for_one_token() {
    let bench = Bench::start().await;
    let client = bench.client();
    client.put(&available(0)).await.result.unwrap();
    bench.simulator.inject(Effect::JetonExpire.once());
    let updates: Vec<_> = (1..=20).map(available).collect();
    let attempts = join_all(updates.iter().map(|update| client.put(update))).await;
    assert!(attempts.iter().all(|attempted| attempted.result.is_ok()), "{attempts:?}");
    assert_eq!(bench.token_demands(), 2);
    let shown = attempts.iter().flat_map(|attempted| &attempted.exchanges);
    assert_eq!(shown.filter(|exchange| exchange.operation == Operation::Jeton).count(), 1);
}

#[tokio::test]
async fn twenty_counts_at_once_share_one_failure() {
    let bench = Bench::start().await;
    let client = bench.client();
    bench.simulator.inject(Effect::Jeton { statut: 503 }.times(1000));
    let updates: Vec<_> = (1..=20).map(available).collect();
    let attempts = join_all(updates.iter().map(|update| client.put(update))).await;
    assert!(attempts.iter().all(|attempted| matches!(attempted.result, Err(PushFailure::Unreachable(_)))));
    assert_eq!(bench.token_demands(), 1);
    assert_eq!(bench.writes(), []);
    bench.simulator.clear_faults();
    client.put(&available(1)).await.result.unwrap();
}

#[tokio::test]
async fn a_401_renews_the_token_once_and_sends_the_same_request_again() {
    let bench = Bench::start().await;
    let client = bench.client();
    client.put(&available(1)).await.result.unwrap();
    bench.simulator.inject(Effect::JetonExpire.once());
    assert_eq!(
        steps(&client.put(&available(2)).await),
        [(Operation::Replace, Some(401)), (Operation::Jeton, Some(200)), (Operation::Replace, Some(200))]
    );
    assert_eq!(bench.numbers(), [2]);
}

#[tokio::test]
async fn a_second_401_is_our_side() {
    let refusal = include_str!("fixtures/regle-metier.json");
    let wire = Wire::start(&[answer(401, &[], refusal), answer(401, &[], "")]).await;
    let attempted = wire.client().put(&available(1)).await;
    assert_eq!(attempted.result.unwrap_err(), PushFailure::OurSide(OurFault::TokenNotAccepted));
    assert_eq!((wire.demands().len(), wire.requests().len()), (2, 2));
}

async fn failure_for(token: String) -> (PushFailure, usize, Attempted) {
    let wire = Wire::with(Script { tokens: vec![token], ..Script::default() }, |pki| pki.server.clone()).await;
    let attempted = wire.client().put(&available(1)).await;
    (attempted.result.clone().unwrap_err(), wire.requests().len(), attempted)
}

/// What the failure of a demand for a token must be.
#[derive(Debug, PartialEq)]
enum Kind {
    Unusable,
    Refused,
    Redirected,
    Unreachable,
    Busy,
}

fn kind(failure: &PushFailure) -> Kind {
    match failure {
        PushFailure::OurSide(OurFault::TokenUnusable(_)) => Kind::Unusable,
        PushFailure::OurSide(OurFault::TokenRefused { .. }) => Kind::Refused,
        PushFailure::OurSide(OurFault::Redirected { .. }) => Kind::Redirected,
        PushFailure::Unreachable(_) => Kind::Unreachable,
        PushFailure::Busy { .. } => Kind::Busy,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_a_usable_token_nothing_is_sent_and_nothing_is_unknown() {
    let long = format!("{{\"access_token\": \"{}\"}}", "x".repeat(20_000));
    for (status, body, expected) in [
        (200, "", Kind::Unusable),
        (200, "<html>", Kind::Unusable),
        (200, "{}", Kind::Unusable),
        (200, "{\"access_token\": 7}", Kind::Unusable),
        (200, "{\"access_token\": \"\"}", Kind::Unusable),
        (200, "{\"access_token\": \"a\\r\\nHost: b\"}", Kind::Unusable),
        (200, "{\"access_token\": \"é\"}", Kind::Unusable),
        (200, "{\"access_token\": \"a\", \"token_type\": \"mac\"}", Kind::Unusable),
        (200, &long, Kind::Unusable),
        (204, "", Kind::Unusable),
        (302, "", Kind::Redirected),
        (400, "{\"error\": \"invalid_client\"}", Kind::Refused),
        (401, "<html>", Kind::Refused),
        (403, "", Kind::Refused),
        (408, "", Kind::Busy),
        (429, "", Kind::Busy),
        (500, "", Kind::Unreachable),
        (503, "", Kind::Unreachable),
    ] {
        let (failure, requests, _) = failure_for(answer(status, &["Retry-After: 3"], body)).await;
        assert_eq!((kind(&failure), requests), (expected, 0), "{status} {body}");
        assert!(!failure.is_unknown(), "{status} {body}");
    }
}

#[tokio::test]
async fn a_refusal_repeats_the_error_of_the_endpoint() {
    let body = "{\"error\": \"invalid_client\", \"error_description\": \"certificat\\nabsent\"}";
    let (failure, ..) = failure_for(answer(401, &[], body)).await;
    assert!(failure.to_string().contains("HTTP 401, invalid_client : certificat absent"), "{failure}");
}

#[tokio::test]
async fn the_token_is_shown_nowhere() {
    let echo = format!("{{\"resourceType\": \"OperationOutcome\", \"issue\": [], \"x\": \"Bearer {TOKEN}\"}}");
    let wire = Wire::start(&[answer(400, &[], &echo)]).await;
    let attempted = wire.client().put(&available(1)).await;
    let exchange = attempted.exchanges.last().unwrap();
    assert!(exchange.answer.contains("Bearer ***"), "{exchange:?}");
    assert!(!format!("{attempted:?}").contains(TOKEN), "{attempted:?}");
    // An endpoint that answers a token under another status.
    let odd = answer(418, &[], &format!("{{\"access_token\": \"{TOKEN}\"}}"));
    let (.., attempted) = failure_for(odd).await;
    assert!(!format!("{attempted:?}").contains(TOKEN), "{attempted:?}");
}
