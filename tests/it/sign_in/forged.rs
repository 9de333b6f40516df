//! What another site makes a browser send, and tokens that somebody else set.

use domain::access::Role;
use reqwest::StatusCode;

use super::site::{PASSWORD, Site};
use crate::store::engine::Engine;

async fn site() -> Site {
    let site = Site::new(Engine::Sqlite, "").await;
    site.account("anne", Role::Operateur).await;
    site
}

#[tokio::test]
async fn a_form_without_the_token_of_its_session_is_refused() {
    let site = site().await;
    let mut browser = site.signed_in("anne").await;
    let fields = [("ancien", PASSWORD), ("nouveau", "cinq vaches rouges"), ("encore", "cinq vaches rouges")];
    site.pass(1);
    let other = site.signed_in("anne").await.token;
    for token in ["", "x", other.as_str()] {
        let page = browser.post_bare("/compte/mot-de-passe", &[&[("jeton", token)], &fields[..]].concat()).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{token}");
        assert!(page.text.contains("ne vient pas d’une page de ce site"), "{}", page.text);
        assert_eq!(browser.post_bare("/deconnexion", &[("jeton", token)]).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(browser.get("/compte").await.status, StatusCode::OK, "still signed in");
}

#[tokio::test]
async fn a_request_from_another_site_is_refused_whatever_it_holds() {
    let site = site().await;
    let own = format!("http://{}", site.address);
    for (header, value, expected) in [
        ("origin", "https://autre.test", StatusCode::FORBIDDEN),
        ("origin", "null", StatusCode::FORBIDDEN),
        ("origin", own.as_str(), StatusCode::SEE_OTHER),
        ("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-site", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-origin", StatusCode::SEE_OTHER),
    ] {
        let mut browser = site.browser();
        browser.headers.insert(header, value.parse().unwrap());
        let page = browser.password("anne", PASSWORD).await;
        assert_eq!(page.status, expected, "{header}: {value}");
        site.pass(1);
    }
}

#[tokio::test]
async fn the_address_that_browsers_see_is_the_only_origin() {
    let web = "public_url = \"https://lits.test\"\n";
    let site = Site::new(Engine::Sqlite, web).await;
    site.account("anne", Role::Operateur).await;
    for (origin, expected) in
        [("https://lits.test", StatusCode::SEE_OTHER), ("http://lits.test", StatusCode::FORBIDDEN)]
    {
        let mut browser = site.browser();
        browser.headers.insert("origin", origin.parse().unwrap());
        assert_eq!(browser.password("anne", PASSWORD).await.status, expected, "{origin}");
    }
}

#[tokio::test]
async fn a_token_set_beforehand_is_never_a_session() {
    let site = site().await;
    let mut victim = site.browser();
    let planted = format!("dispolits={}", "A".repeat(43));
    victim.cookie = Some(planted.clone());
    victim.password("anne", PASSWORD).await;
    assert_ne!(victim.cookie.as_deref(), Some(planted.as_str()));
    let half_way = victim.cookie.clone();
    assert_eq!(victim.code(&site.code()).await.to.as_deref(), Some("/"));
    for known in [Some(planted), half_way] {
        let mut thief = site.browser();
        thief.cookie = known;
        assert_eq!(thief.get("/compte").await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn nothing_leads_to_another_site() {
    let site = site().await;
    let mut browser = site.browser();
    for back in ["//autre.test", "https://autre.test/", "/\\autre.test", "javascript:alert(1)"] {
        let fields = [("identifiant", "anne"), ("mot_de_passe", PASSWORD), ("retour", back)];
        browser.post_bare("/connexion", &fields).await;
        assert_eq!(browser.code(&site.code()).await.to.as_deref(), Some("/"), "{back}");
        site.pass(1);
        browser.cookie = None;
    }
}
