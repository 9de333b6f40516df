//! Faults towards the ROR: certificates, addresses, tokens, rights, the clock.

use base::clock::Clock;
use base::config_values::{PemFiles, Secret, Span};
use campaign::simulator::{Effect, Simulator, SimulatorSettings};
use dispolits::sandbox::pki;
use jiff::SignedDuration;
use reqwest::Url;
use service::config::Config;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

use crate::pgbouncer::Pooler;
use crate::postgres::Cluster;

use super::bench::{Bench, Expected, PLACE, detail, diagnose, expect, place, section, skipped};

const fn at(section: &'static str, step: &'static str, cause: &'static str, remedy: &'static str) -> Expected {
    Expected { section, step, cause, remedy }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_addresses_and_certificates_is_named() {
    let bench = Bench::start().await;
    let pki = bench.folder.path().join("pki");
    let unknown = at("api", "DNS", "« ror.inexistant.invalid » est inconnu du DNS", "ror.api.base_url");
    bench.check(|config| config.ror.api.base_url = "https://ror.inexistant.invalid".to_owned(), unknown).await;
    let closed = at("api", "TCP", "refuse la connexion", "pare-feu");
    bench.check(|config| config.ror.api.base_url = "https://localhost:1".to_owned(), closed).await;
    let strange = at("api", "TLS", "ne vient d’aucune autorité connue", "ror.api.ca");
    let rogue_ca = |config: &mut Config| {
        config.ror.api.token_ca = config.ror.api.ca.clone();
        config.ror.api.ca = Some(pki.join("ca-inconnue.pem"));
    };
    bench.check(rogue_ca, strange).await;
    let seen = at("api", "TLS", "certificat vu : « CN=localhost,O=TEST SERVEUR LOCAL,C=FR »", "s’interpose");
    bench.check(rogue_ca, seen).await;
    let rogue = at("jeton", "jeton", "refuse notre certificat client", "CN=TEST dispolits.hopital.test,OU=1350054680");
    let diagnosis = bench
        .examine(|config| {
            let (certificate, key) = (pki.join("client-inconnu.pem"), pki.join("client-inconnu.key"));
            config.ror.api.identity = PemFiles { certificate, key }.into();
        })
        .await;
    expect(&diagnosis, rogue);
    assert_eq!(skipped(&diagnosis, "api"), ["révocation", "droits"]);
}

/// The token's request ends without the words of the server, as it may where TLS 1.3 refuses a certificate.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_whose_refusal_went_unheard_is_still_told() {
    let bench = Bench::start().await;
    let pki = bench.folder.path().join("pki");
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut url = Url::parse(&bench.config.ror.api.token_url).unwrap();
    let server = url.port().unwrap();
    url.set_port(Some(gateway.local_addr().unwrap().port())).unwrap();
    let cut = AbortOnDropHandle::new(tokio::spawn(cutting(gateway, server, 2)));
    let diagnosis = bench
        .examine(|config| {
            let (certificate, key) = (pki.join("client-inconnu.pem"), pki.join("client-inconnu.key"));
            config.ror.api.identity = PemFiles { certificate, key }.into();
            config.ror.api.token_url = url.into();
        })
        .await;
    drop(cut);
    expect(&diagnosis, at("jeton", "jeton", "refuse notre certificat client", "CN=TEST dispolits.hopital.test"));
}

/// Passes every connection to a port of this machine, but resets this one.
async fn cutting(gateway: TcpListener, server: u16, which: usize) {
    for number in 1.. {
        let (mut client, _) = gateway.accept().await.unwrap();
        if number == which {
            client.set_zero_linger().unwrap();
            continue;
        }
        tokio::spawn(async move {
            let mut server = TcpStream::connect(("127.0.0.1", server)).await?;
            copy_bidirectional(&mut client, &mut server).await
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_server_and_another_name_are_told_apart() {
    let bench = Bench::start().await;
    let long_ago = Clock::System.now().checked_sub(SignedDuration::from_hours(24 * 900)).unwrap();
    let old = pki::make(&bench.folder.path().join("ancienne"), long_ago).unwrap();
    let new = pki::make(&bench.folder.path().join("autre"), Clock::System.now()).unwrap();
    let cases = [
        (&old, &old.server, at("api", "TLS", "le certificat du serveur a expiré le ", "prévenez l’exploitant")),
        (&new, &new.other_server, at("api", "TLS", "pas au nom de « localhost », mais de ", "ror.api.base_url")),
    ];
    for (pki, server, expected) in cases {
        let simulator = Simulator::start(SimulatorSettings {
            api: ([127, 0, 0, 1], 0).into(),
            token: ([127, 0, 0, 1], 0).into(),
            api_cert: server.clone(),
            token_cert: server.clone(),
            client_ca: pki.ca.clone(),
            lieux: Vec::new(),
            genre_accepted: domain::capacity::GenreCode::Indetermine,
            token_lifetime: Span::seconds(300),
            reader: None,
            clock: Clock::System,
        })
        .await
        .unwrap();
        let change = |config: &mut Config| {
            config.ror.api.token_ca = config.ror.api.ca.replace(pki.ca.clone());
            config.ror.api.base_url = simulator.base_url();
        };
        bench.check(change, expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_ror_or_a_gateway_refuses_is_told_apart() {
    let bench = Bench::start().await;
    let cases = [
        (Effect::Passerelle { statut: 403 }, at("api", "droits", "une passerelle refuse", "liste d’autorisation")),
        (Effect::Passerelle { statut: 404 }, at("api", "droits", "aucun service d’écriture", "ror.api.base_url")),
        (Effect::Interdit, at("api", "droits", "R04", "d’ouvrir au client « dispolits-sandbox » les droits")),
        (Effect::Charabia, at("api", "droits", "rien ne prouve", "ror.api.base_url")),
        (Effect::Statut { statut: 503, retry_after: None }, at("api", "droits", "HTTP 503", "réessayez")),
        (Effect::Jeton { statut: 401 }, at("jeton", "jeton", "refuse le client « dispolits-sandbox »", "CN=TEST")),
    ];
    for (effect, expected) in cases {
        assert!(bench.sandbox.simulator.inject(effect.once()));
        bench.check(|_| (), expected).await;
    }
    let wrong = at("api", "droits", "aucun service d’écriture", "l’adresse de base seule");
    let elsewhere = |config: &mut Config| config.ror.api.base_url.push_str("/ws-synchro-dispo-lits-fhir");
    bench.check(elsewhere, wrong).await;
    let crossed = at("api", "droits", "n’est pas au référentiel", "--lieu");
    let diagnosis = diagnose(&bench.config, Some(&place((PLACE.0, "INCONNU"))), &Clock::System).await;
    expect(&diagnosis, crossed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_place_is_told_and_nothing_is_written() {
    let bench = Bench::start().await;
    let diagnosis = bench.examine(|_| ()).await;
    assert!(detail(&diagnosis, "api", "droits").contains("le client peut écrire pour 299900100"));
    assert_eq!(diagnosis.failures().count(), 0, "{diagnosis:#?}");
    assert_eq!(bench.sandbox.simulator.state(), []);
    let written = bench.sandbox.simulator.requests().into_iter().filter(|request| request.methode == "PATCH");
    let asked: Vec<_> = written.map(|request| (request.statut, request.applique)).collect();
    assert_eq!(asked, [(Some(404), false)]);
    let without = diagnose(&bench.config, None, &Clock::System).await;
    assert_eq!(skipped(&without, "api"), ["révocation", "droits"]);
    assert_eq!(bench.sandbox.simulator.requests().iter().filter(|request| request.methode == "PATCH").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_that_reads_is_tried_where_it_reads() {
    let bench = Bench::start().await;
    let reads = |config: &mut Config| {
        config.ror.delivery.read_before_write = true;
        config.ror.api.reader.client_id = Some("lecteur".to_owned());
    };
    let whole = bench.examine(reads).await;
    assert_eq!(whole.failures().count(), 0);
    assert!(detail(&whole, "lecture", "lecture").contains("répond"));
    bench.sandbox.simulator.inject(Effect::Lecture { statut: 403, codes: vec!["forbidden".to_owned()] }.once());
    bench.check(reads, at("lecture", "lecture", "la lecture avant écriture est refusée", "[ror.api.reader]")).await;
    let secret = |config: &mut Config| {
        reads(config);
        config.ror.api.reader.secret = Some(Secret::File { file: "/nulle/part".into() });
    };
    bench.check(secret, at("lecture", "jeton", "le fichier de secret /nulle/part", "ror.api.reader.secret")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_shares_sessions_is_named() {
    let cluster = Cluster::start();
    let pooler = Pooler::before(&cluster, "transaction", "");
    let bench = Bench::start().await;
    let shared = at("base", "ouverture", "change de session entre deux requêtes", "pool_mode = session");
    bench.check(|config| config.store = store::StoreSettings::at(pooler.url("postgres")), shared).await;
    let direct = bench.examine(|config| config.store = store::StoreSettings::at(cluster.url("postgres"))).await;
    assert!(detail(&direct, "base", "ouverture").contains("PostgreSQL 1"), "{}", detail(&direct, "base", "ouverture"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_is_told() {
    let bench = Bench::start().await;
    let ahead = Clock::System.now().checked_add(SignedDuration::from_secs(3600)).unwrap();
    let diagnosis = diagnose(&bench.config, None, &Clock::manual(ahead)).await;
    expect(&diagnosis, at("jeton", "horloge", "en avance de ", "timedatectl"));
    assert!(!section(&diagnosis, "api").steps.iter().any(|step| step.outcome.is_failure()), "the others go on");
}
