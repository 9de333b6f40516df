//! Connections: certificates on both sides, names, redirects, deadlines, sizes.

use base::clock::Clock;
use base::config_values::{PemFiles, Span};
use base::tls::revocation::Revocation;
use campaign::simulator::Simulator;
use edges::ror::{Client, OurFault, PushFailure, RorSetupError};
use tokio::net::TcpListener;

use super::bench::{Bench, available};
use super::wire::{Script, Wire, answer};

/// The failure of a client whose settings are changed so, before a count is sent.
async fn failure(bench: &Bench, change: impl FnOnce(&mut edges::ror::RorSettings)) -> PushFailure {
    let failure = bench.client_with(change).put(&available(1)).await.result.unwrap_err();
    assert!(!failure.is_unknown(), "{failure}");
    assert!(bench.simulator.state().is_empty());
    failure
}

/// The certificate is refused, and the client hears it. In TLS 1.3 the refusal comes after the handshake, when
/// hyper may already have ended the connection and tell the request only that it is closed: then the next try says it.
async fn refuses_certificate(bench: &Bench, change: impl Fn(&mut edges::ror::RorSettings)) {
    for _ in 0..5 {
        let failure = bench.client_with(&change).put(&available(1)).await.result.unwrap_err();
        assert!(bench.simulator.state().is_empty());
        match failure {
            PushFailure::OurSide(OurFault::CertificateRefused { .. }) => return,
            other => assert!(other.is_transient(), "{other}"),
        }
    }
    panic!("the refusal was not heard");
}

#[tokio::test]
async fn the_token_endpoint_refuses_a_rogue_certificate() {
    let bench = Bench::start().await;
    let rogue = bench.pki.rogue.clone();
    refuses_certificate(&bench, |settings| settings.identity = rogue.clone().into()).await;
    assert_eq!(bench.token_demands(), 0);
}

#[tokio::test]
async fn the_token_endpoint_refuses_a_client_without_certificate() {
    let bench = Bench::start().await;
    let config = base::tls::client_config(Some(&bench.pki.ca), None, &Revocation::default()).unwrap();
    let client = reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy().build().unwrap();
    let demand = client.post(bench.simulator.token_url()).body("grant_type=client_credentials&client_id=x");
    let refused = format!("{:?}", demand.send().await.unwrap_err());
    assert!(refused.contains("CertificateRequired") || refused.contains("Canceled"), "{refused}");
    assert_eq!(bench.token_demands(), 0);
}

#[tokio::test]
async fn the_api_takes_no_certificate_or_a_good_one_but_no_rogue() {
    let bench = Bench::start().await;
    let (good, rogue) = (bench.pki.client.clone().into(), bench.pki.rogue.clone());
    refuses_certificate(&bench, |settings| settings.api_identity = Some(rogue.clone().into())).await;
    bench.client().put(&available(1)).await.result.unwrap();
    bench.client_with(|settings| settings.api_identity = Some(good)).put(&available(2)).await.result.unwrap();
}

#[tokio::test]
async fn a_server_of_another_authority_is_not_spoken_to() {
    let bench = Bench::start().await;
    let (rogue, good) = (bench.pki.rogue_ca.clone(), bench.pki.ca.clone());
    let api = failure(&bench, |settings| {
        settings.ca = Some(rogue.clone());
        settings.token_ca = Some(good);
    })
    .await;
    assert!(matches!(&api, PushFailure::Unreachable(cause) if cause.contains("aucune autorité connue")), "{api}");
    // Without an authority of its own, the token endpoint has that of the API.
    let token = failure(&bench, |settings| settings.ca = Some(rogue)).await;
    assert!(matches!(&token, PushFailure::Unreachable(cause) if cause.contains("jetons")), "{token}");
    assert_eq!(bench.writes(), []);
}

#[tokio::test]
async fn a_server_of_another_name_is_not_spoken_to() {
    let wire = Wire::with(Script::default(), |pki| pki.other_server.clone()).await;
    let failure = wire.client().put(&available(1)).await.result.unwrap_err();
    assert!(
        matches!(&failure, PushFailure::Unreachable(cause) if cause.contains("n’est pas au nom de « localhost », mais de autre.test")),
        "{failure}"
    );
    assert!(wire.demands().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Wire::start(&[]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}/vol", elsewhere.base_url);
        let wire = Wire::start(&[answer(status, &[&location], "")]).await;
        let failure = wire.client().put(&available(1)).await.result.unwrap_err();
        assert_eq!(failure, PushFailure::OurSide(OurFault::Redirected { status }));
        assert_eq!(wire.requests().len(), 1);
    }
    assert!(elsewhere.requests().is_empty());
}

/// The environment of a process that runs threads must not be changed, so a test of this binary is
/// run again in a process that has another one.
#[test]
fn a_proxy_of_the_environment_is_not_used() {
    let name = "ror::roundtrip::the_first_count_takes_a_token_a_replace_and_an_add";
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", name]).env_remove("NO_PROXY").env_remove("no_proxy");
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        again.env(variable, "http://127.0.0.1:9");
    }
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn what_cannot_be_reached_is_certain() {
    let bench = Bench::start().await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    // A label beyond 63 characters is refused by the resolver itself, without asking the network.
    let no_name = format!("https://{}.test", "x".repeat(64));
    for base_url in [format!("https://localhost:{}", closed.port()), no_name] {
        let failure = failure(&bench, |settings| settings.base_url = base_url).await;
        assert!(matches!(failure, PushFailure::Unreachable(_)), "{failure}");
    }
}

#[tokio::test]
async fn a_server_that_never_shakes_hands_is_certain() {
    let bench = Bench::start().await;
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://localhost:{}", mute.local_addr().unwrap().port());
    let failure = failure(&bench, |settings| {
        settings.base_url = base_url;
        settings.connect_timeout = Span::millis(300);
    })
    .await;
    assert!(matches!(failure, PushFailure::Unreachable(_)), "{failure}");
}

#[tokio::test]
async fn an_answer_cut_in_its_middle_is_unknown() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\nETag: \"1\"\r\nConnection: close\r\n\r\n{".to_owned();
    let wire = Wire::start(&[cut]).await;
    let failure = wire.client().put(&available(1)).await.result.unwrap_err();
    assert!(matches!(failure, PushFailure::Unknown(_)), "{failure}");
}

#[tokio::test]
async fn gibberish_in_the_place_of_http_is_unknown() {
    let wire = Wire::start(&["\u{0}\u{1}bonjour\r\n\r\n".to_owned()]).await;
    let failure = wire.client().put(&available(1)).await.result.unwrap_err();
    assert!(matches!(failure, PushFailure::Unknown(_)), "{failure}");
}

#[tokio::test]
async fn an_answer_is_read_up_to_the_limit_only() {
    let outcome = |length: usize| {
        format!("{{\"resourceType\": \"OperationOutcome\", \"issue\": [], \"x\": \"{}\"}}", "x".repeat(length))
    };
    for (length, is_read) in [(65_000, true), (70_000, false), (40_000_000, false)] {
        let wire = Wire::start(&[answer(400, &[], &outcome(length))]).await;
        let attempted = wire.client().put(&available(1)).await;
        let refused = matches!(attempted.result, Err(PushFailure::Refused(_)));
        assert_eq!(refused, is_read, "{length}: {:?}", attempted.result);
        let kept = &attempted.exchanges.last().unwrap().answer;
        assert_eq!(kept.contains("réponse coupée"), !is_read);
        assert!(kept.chars().count() < 2100);
    }
}

#[tokio::test]
async fn a_simulator_does_not_wait_for_a_silent_peer() {
    let bench = Bench::start().await;
    let _silent = tokio::net::TcpStream::connect(bench.simulator.api_addr()).await.unwrap();
    let _other = tokio::net::TcpStream::connect(bench.simulator.token_addr()).await.unwrap();
    bench.client().put(&available(1)).await.result.unwrap();
    Simulator::shutdown(bench.simulator).await;
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_once() {
    let bench = Bench::start().await;
    let refuse = |change: &dyn Fn(&mut edges::ror::RorSettings)| {
        let mut settings = bench.settings();
        change(&mut settings);
        Client::new(&settings, Clock::System).map(drop).unwrap_err()
    };
    for url in ["", "localhost", "http://localhost", "https://a:b@localhost", "https://localhost?x", "https://l#x"] {
        let api = refuse(&|settings| settings.base_url = url.to_owned());
        assert!(matches!(api, RorSetupError::Url { key: "ror.api.base_url" }), "{url}: {api}");
        let token = refuse(&|settings| settings.token_url = url.to_owned());
        assert!(matches!(token, RorSetupError::Url { key: "ror.api.token_url" }), "{url}: {token}");
    }
    assert!(matches!(refuse(&|settings| settings.client_id = " ".to_owned()), RorSetupError::ClientId));
    let files = bench.pki.client.clone();
    let swapped = PemFiles { certificate: files.key, key: files.certificate };
    let identity = refuse(&|settings| settings.identity = swapped.clone().into());
    assert!(matches!(identity, RorSetupError::Tls(_)), "{identity}");
}
