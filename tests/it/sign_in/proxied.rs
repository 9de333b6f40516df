//! Behind a proxy: whose headers are believed, and what a client certificate opens.

use domain::access::Role;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use reqwest::StatusCode;

use super::site::{Browser, PASSWORD, Site};
use crate::store::engine::Engine;

const MACHINE: &str = "[[web.proxy.machines]]\ndn = \"CN=superviseur, O=GCS\"\nrole = \"lecteur\"\n";

fn proxy(trusted: &str, more: &str) -> String {
    format!("[web.proxy]\ntrusted = [\"{trusted}\"]\ncertificate_header = \"X-Cert\"\n{more}\n{MACHINE}")
}

fn encoded(name: &str) -> String {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "GCS");
    params.distinguished_name.push(DnType::CommonName, name);
    let pem = params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
    percent_encoding::utf8_percent_encode(&pem, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[tokio::test]
async fn a_forged_certificate_header_is_refused() {
    let site = Site::new(Engine::Sqlite, &proxy("192.0.2.1", "certificate_format = \"dn\"")).await;
    let mut forger = site.browser();
    forger.headers.insert("x-cert", "CN=superviseur,O=GCS".parse().unwrap());
    for path in ["/api/v1/courriels", "/compte", "/connexion"] {
        assert_eq!(forger.get(path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    forger.headers.clear();
    assert_eq!(forger.get("/connexion").await.status, StatusCode::OK);
}

/// A machine behind the proxy, which passes its certificate on in this format.
async fn machine(format: &str, value: &str) -> (Site, Browser) {
    let more = format!("certificate_format = \"{format}\"");
    let site = Site::new(Engine::Sqlite, &proxy("127.0.0.1", &more)).await;
    let mut machine = site.browser();
    machine.headers.insert("x-cert", value.parse().unwrap());
    (site, machine)
}

#[tokio::test]
async fn a_certificate_alone_opens_no_page_for_people() {
    for (format, value) in [("dn", "CN=superviseur , O=GCS".to_owned()), ("pem", encoded("superviseur"))] {
        let (_site, mut machine) = machine(format, &value).await;
        for path in ["/", "/compte"] {
            assert_eq!(machine.get(path).await.status, StatusCode::SEE_OTHER, "{format} {path}");
        }
    }
}

#[tokio::test]
async fn a_certificate_that_is_named_opens_the_api() {
    for (format, value) in [("dn", "CN=superviseur , O=GCS".to_owned()), ("pem", encoded("superviseur"))] {
        let (_site, mut machine) = machine(format, &value).await;
        let page = machine.get("/api/v1/courriels").await;
        assert_eq!((page.status, page.set_cookie.as_deref()), (StatusCode::OK, None), "{format}: {}", page.text);
        let other = if format == "dn" { "CN=autre,O=GCS".to_owned() } else { encoded("autre") };
        machine.headers.insert("x-cert", other.parse().unwrap());
        assert_eq!(machine.get("/api/v1/courriels").await.status, StatusCode::UNAUTHORIZED, "{format}");
        machine.headers.clear();
        assert_eq!(machine.get("/api/v1/courriels").await.status, StatusCode::UNAUTHORIZED, "{format}");
    }
}

#[tokio::test]
async fn a_required_certificate_is_asked_of_all_besides_their_account() {
    let web = proxy("127.0.0.1", "certificate_format = \"dn\"\ncertificate_required = true");
    let site = Site::new(Engine::Sqlite, &web).await;
    site.account("anne", Role::Operateur).await;
    let mut browser = site.browser();
    let page = browser.password("anne", PASSWORD).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("un certificat client est exigé"), "{}", page.text);
    browser.headers.insert("x-cert", "CN=poste 12,O=GCS".parse().unwrap());
    assert_eq!(browser.get("/compte").await.status, StatusCode::SEE_OTHER, "the certificate names no person");
    browser.password("anne", PASSWORD).await;
    browser.code(&site.code()).await;
    assert_eq!(browser.get("/compte").await.status, StatusCode::OK);
    browser.headers.clear();
    assert_eq!(browser.get("/compte").await.status, StatusCode::FORBIDDEN, "nor the session without it");
}

#[tokio::test]
async fn an_unreadable_or_doubled_certificate_is_refused() {
    let site = Site::new(Engine::Sqlite, &proxy("127.0.0.1", "")).await;
    let mut browser = site.browser();
    browser.headers.insert("x-cert", "pas%20un%20certificat".parse().unwrap());
    assert_eq!(browser.get("/connexion").await.status, StatusCode::BAD_REQUEST);
    browser.headers.insert("x-cert", encoded("a").parse().unwrap());
    browser.headers.append("x-cert", encoded("b").parse().unwrap());
    assert_eq!(browser.get("/connexion").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_address_told_by_anybody_else_counts_for_nothing() {
    let count = async |trusted: &str| {
        let site = Site::new(Engine::Sqlite, &proxy(trusted, "")).await;
        let mut answers = Vec::new();
        for rank in 0..40 {
            let mut browser = site.browser();
            browser.headers.insert("x-forwarded-for", format!("198.51.100.{rank}").parse().unwrap());
            answers.push(browser.password("a b", "mot").await.status);
        }
        answers.into_iter().filter(|status| *status == StatusCode::TOO_MANY_REQUESTS).count()
    };
    assert_eq!(count("127.0.0.1").await, 0, "forty visitors");
    assert!(count("192.0.2.1").await > 0, "one liar");
}
