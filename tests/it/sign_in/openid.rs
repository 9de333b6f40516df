//! OpenID Connect against a small provider of ours: the code flow, and everything that must not come in by it.

use domain::access::Role;
use reqwest::StatusCode;
use serde_json::json;

use super::issuer::Issuer;
use super::site::{Browser, Page, Site, now};
use crate::store::engine::{Engine, on_both_engines};
use crate::web::browser::{Browser as Chromium, Screen};

on_both_engines!(a_person_of_the_provider_comes_in);

async fn world(engine: Engine) -> (Site, Issuer) {
    let issuer = Issuer::start(now().as_second()).await;
    issuer.0.lock().unwrap().userinfo =
        json!({"sub": "f:1:anne", "SubjectNameID": "899700218896", "given_name": "Anne", "family_name": "<b>Martin"});
    let web = format!(
        "[web.openid]\nissuer = \"{}\"\nname = \"Pro Santé Connect\"\nclient_id = \"dispolits\"\n\
         client_secret = \"s ecret\"\nscopes = [\"openid\", \"scope_all\"]\nacr_values = \"eidas1\"\n\
         subject_claim = \"SubjectNameID\"\nrole_claim = \"SubjectNameID\"\n\
         [web.openid.roles]\noperateur = [\"899700218896\"]\n",
        issuer.address()
    );
    (Site::new(engine, &web).await, issuer)
}

/// Leaves for the provider: what it was asked.
async fn leave(browser: &mut Browser, issuer: &Issuer) -> std::collections::HashMap<String, String> {
    let page = browser.get("/connexion/oidc?retour=%2Fcompte").await;
    let there = page.to.unwrap();
    assert!(there.starts_with(&format!("{}/autorisation?", issuer.address())), "{there}");
    issuer.asked(&there)
}

async fn come_back(browser: &mut Browser, state: &str) -> Page {
    browser.get(&format!("/connexion/oidc/retour?code=bon&state={state}")).await
}

async fn a_person_of_the_provider_comes_in(engine: Engine) {
    let (site, issuer) = world(engine).await;
    let mut browser = site.browser();
    assert!(browser.get("/connexion").await.text.contains("Se connecter avec Pro Santé Connect"));
    let asked = leave(&mut browser, &issuer).await;
    let own = |name: &str| asked[name].as_str();
    assert_eq!((own("response_type"), own("scope"), own("acr_values")), ("code", "openid scope_all", "eidas1"));
    assert_eq!(own("code_challenge_method"), "S256");
    assert!(own("redirect_uri").ends_with("/connexion/oidc/retour"), "{asked:?}");
    let half_way = browser.cookie.clone();
    let page = come_back(&mut browser, &asked["state"]).await;
    assert_eq!(page.to.as_deref(), Some("/compte"), "{}", page.text);
    assert_ne!(browser.cookie, half_way, "another token");
    let page = browser.get("/compte").await;
    assert!(
        page.text.contains("Anne &lt;b&gt;Martin") && page.text.contains(Role::Operateur.in_words()),
        "{}",
        page.text
    );
    assert!(!page.text.contains("Changer de mot de passe"));
    assert_eq!(site.deeds().await, ["openid:899700218896 connexion"]);
    let page = come_back(&mut browser, &asked["state"]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "once");
}

#[tokio::test]
async fn a_link_of_another_site_ends_no_session() {
    let (site, issuer) = world(Engine::Sqlite).await;
    let mut browser = site.browser();
    let asked = leave(&mut browser, &issuer).await;
    come_back(&mut browser, &asked["state"]).await;
    let page = browser.get("/connexion/oidc?retour=%2Fcompte").await;
    assert_eq!((page.to.as_deref(), page.set_cookie), (Some("/compte"), None));
    assert_eq!(browser.get("/compte").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_session_has_the_role_that_the_configuration_of_today_gives() {
    let (site, issuer) = world(Engine::Sqlite).await;
    let mut browser = site.browser();
    let asked = leave(&mut browser, &issuer).await;
    come_back(&mut browser, &asked["state"]).await;
    for (roles, expected) in [
        ("administrateur = [\"899700218896\"]", Some(Role::Administrateur)),
        ("lecteur = [\"899700218896\"]", Some(Role::Lecteur)),
        ("operateur = [\"un autre\"]", None),
    ] {
        let changed = site
            .restarted(|config| {
                let web = config.web.as_mut().unwrap();
                web.openid.as_mut().unwrap().roles = toml::from_str(roles).unwrap();
            })
            .await;
        let page = browser.get(&format!("http://{}/compte", changed.address)).await;
        match expected {
            Some(role) => assert!(page.text.contains(role.in_words()), "{roles}: {}", page.text),
            None => assert_eq!(page.to.as_deref(), Some("/connexion?retour=%2Fcompte"), "{roles}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_out_here_is_signed_out_at_the_provider() {
    let (site, issuer) = world(Engine::Sqlite).await;
    let here = format!("http://{}", site.address);
    issuer.0.lock().unwrap().site.clone_from(&here);
    let browser = Chromium::open(Screen::Wide).await;
    browser.go(&format!("{here}/connexion/oidc?retour=%2Fcompte")).await;
    browser.arrive("/compte").await;
    browser.click("form[action='/deconnexion'] button").await;
    browser.arrive("/connexion?fin").await;
    assert_eq!(site.deeds().await.last().unwrap(), "openid:899700218896 deconnexion");
    browser.go(&format!("{here}/compte")).await;
    browser.arrive("/connexion?retour").await;
}

#[tokio::test]
async fn a_provider_without_a_place_to_sign_out_is_left_alone() {
    let (site, issuer) = world(Engine::Sqlite).await;
    issuer.0.lock().unwrap().ends_sessions = false;
    let mut browser = site.browser();
    let asked = leave(&mut browser, &issuer).await;
    come_back(&mut browser, &asked["state"]).await;
    browser.get("/compte").await;
    let page = browser.post("/deconnexion", &[]).await;
    assert_eq!((page.to.as_deref(), browser.cookie.as_deref()), (Some("/connexion"), None), "{}", page.text);
}

#[tokio::test]
async fn a_return_that_this_browser_did_not_ask_for_is_refused() {
    let (site, issuer) = world(Engine::Sqlite).await;
    let (mut thief, mut victim) = (site.browser(), site.browser());
    let asked = leave(&mut thief, &issuer).await;
    for state in [asked["state"].as_str(), ""] {
        let page = come_back(&mut victim, state).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.text.contains("vient d’un autre navigateur"), "{}", page.text);
    }
    leave(&mut victim, &issuer).await;
    assert_eq!(come_back(&mut victim, &asked["state"]).await.status, StatusCode::FORBIDDEN);
    let page = victim.get("/connexion/oidc/retour?error=access_denied&state=x").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    site.pass(11);
    let page = come_back(&mut thief, &asked["state"]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "too late");
}

#[tokio::test]
async fn a_token_that_does_not_say_what_it_must_is_refused() {
    let late = now().as_second() - 3600;
    for (what, claims) in [
        ("another issuer", json!({"iss": "https://autre.test"})),
        ("another audience", json!({"aud": "autre"})),
        ("one audience among others", json!({"aud": ["dispolits", "autre"]})),
        ("another party", json!({"azp": "autre"})),
        ("expired", json!({"exp": late})),
        ("no end", json!({"exp": null})),
        ("an end in words", json!({"exp": "jamais"})),
        ("of long ago", json!({"iat": late})),
        ("another nonce", json!({"nonce": "autre"})),
        ("no nonce", json!({"nonce": null})),
        ("too weak", json!({"acr": "eidas0"})),
        ("another subject than userinfo", json!({"sub": "f:1:eve"})),
    ] {
        let (site, issuer) = world(Engine::Sqlite).await;
        issuer.0.lock().unwrap().claims = claims;
        refused(&site, &issuer, what).await;
    }
}

#[tokio::test]
async fn a_token_that_nobody_signed_is_refused() {
    for algorithm in ["none", "HS256", "RS256", "ES384"] {
        let (site, issuer) = world(Engine::Sqlite).await;
        issuer.0.lock().unwrap().algorithm = algorithm;
        refused(&site, &issuer, algorithm).await;
    }
    let (site, issuer) = world(Engine::Sqlite).await;
    issuer.0.lock().unwrap().broken_signature = true;
    refused(&site, &issuer, "signature").await;
}

#[tokio::test]
async fn somebody_without_a_role_is_told_so() {
    let (site, issuer) = world(Engine::Sqlite).await;
    issuer.0.lock().unwrap().userinfo = json!({"sub": "f:1:anne", "SubjectNameID": "autre"});
    let text = refused(&site, &issuer, "role").await;
    assert!(text.contains("aucun rôle ne vous est donné ici"), "{text}");
}

#[tokio::test]
async fn new_keys_of_the_provider_are_fetched() {
    let (site, issuer) = world(Engine::Sqlite).await;
    let mut browser = site.browser();
    let asked = leave(&mut browser, &issuer).await;
    issuer.rotate();
    let page = come_back(&mut browser, &asked["state"]).await;
    assert_eq!(page.to.as_deref(), Some("/compte"), "{}", page.text);
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_told() {
    let web =
        "[web.openid]\nissuer = \"http://127.0.0.1:1\"\nclient_id = \"d\"\nrole_claim = \"g\"\n[web.openid.roles]\n";
    let site = Site::new(Engine::Sqlite, web).await;
    let page = site.browser().get("/connexion/oidc").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("ne répond pas comme prévu"), "{}", page.text);
}

async fn refused(site: &Site, issuer: &Issuer, what: &str) -> String {
    let mut browser = site.browser();
    let asked = leave(&mut browser, issuer).await;
    let page = come_back(&mut browser, &asked["state"]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{what}");
    assert_eq!(browser.get("/compte").await.status, StatusCode::SEE_OTHER, "{what}");
    page.text
}
