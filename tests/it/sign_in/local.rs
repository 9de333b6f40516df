//! Local accounts: password, second factor, lockout, sessions.

use domain::access::audit::{AuditEntry, Deed};
use domain::access::{Role, Totp};
use reqwest::StatusCode;
use store::UserChange;

use super::site::{PASSWORD, Site, login, now};
use crate::store::engine::{Engine, on_both_engines};

on_both_engines!(
    a_person_signs_in_by_password_and_code_and_out_again,
    a_wrong_password_costs_more_and_more,
    a_code_is_taken_once,
);

async fn a_person_signs_in_by_password_and_code_and_out_again(engine: Engine) {
    let site = Site::new(engine, "").await;
    site.account("anne", Role::Operateur).await;
    let mut browser = site.browser();
    let page = browser.get("/compte?a=1").await;
    assert_eq!((page.status, page.to.as_deref()), (StatusCode::SEE_OTHER, Some("/connexion?retour=%2Fcompte%3Fa%3D1")));
    let page = browser.get("/connexion?retour=%2Fcompte").await;
    assert!(page.text.contains("name=\"retour\" value=\"/compte\""), "{}", page.text);
    let fields = [("identifiant", " ANNE "), ("mot_de_passe", PASSWORD), ("retour", "/compte")];
    let page = browser.post_bare("/connexion", &fields).await;
    let set = page.set_cookie.unwrap();
    assert!(set.starts_with("dispolits=") && set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set}");
    let half_way = browser.cookie.clone();
    assert_eq!(browser.get("/compte").await.status, StatusCode::SEE_OTHER, "the password alone opens nothing");
    let page = browser.code(&site.code()).await;
    assert_eq!(page.to.as_deref(), Some("/compte"), "{}", page.text);
    assert_ne!(browser.cookie, half_way, "another token");
    let page = browser.get("/compte").await;
    assert!(page.text.contains("Nom de anne") && page.text.contains("opérateur"), "{}", page.text);

    let opened = browser.cookie.clone();
    let page = browser.post("/deconnexion", &[]).await;
    assert_eq!((page.to.as_deref(), browser.cookie.as_deref()), (Some("/connexion"), None));
    browser.cookie = opened;
    assert_eq!(browser.get("/compte").await.status, StatusCode::SEE_OTHER, "its token is worth nothing any more");
    browser.cookie = half_way;
    assert_eq!(browser.get("/connexion/code").await.status, StatusCode::SEE_OTHER);
    assert_eq!(site.deeds().await, ["essai compte-cree", "local:anne connexion", "local:anne deconnexion"]);
}

async fn a_wrong_password_costs_more_and_more(engine: Engine) {
    let site = Site::new(engine, "").await;
    site.account("anne", Role::Operateur).await;
    for name in ["anne", "personne"] {
        let mut browser = site.browser();
        for _ in 0..5 {
            let page = browser.password(name, "autre mot de passe").await;
            assert_eq!(page.status, StatusCode::FORBIDDEN);
            assert!(page.text.contains("Identifiant ou mot de passe incorrect."), "{name}: {}", page.text);
        }
        let page = browser.password(name, PASSWORD).await;
        assert!(page.text.contains("réessayez le 23/11/2026 à 09:01."), "{name}: {}", page.text);
        assert_eq!(page.set_cookie, None);
    }
    site.pass(1);
    site.signed_in("anne").await;
    let deeds = site.deeds().await;
    assert!(deeds.contains(&"dispolits connexion-bloquee".to_owned()), "{deeds:?}");
}

async fn a_code_is_taken_once(engine: Engine) {
    let site = Site::new(engine, "").await;
    site.account("anne", Role::Lecteur).await;
    let used = site.code();
    site.signed_in("anne").await;
    let mut thief = site.browser();
    thief.password("anne", PASSWORD).await;
    let page = thief.code(&used).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("a déjà servi"), "{}", page.text);
    for _ in 0..4 {
        assert_eq!(thief.code("000000").await.status, StatusCode::FORBIDDEN);
    }
    let page = thief.code("000000").await;
    assert!(page.text.contains("Trop d’échecs"), "codes are guessed no longer than passwords: {}", page.text);
}

#[tokio::test]
async fn the_first_sign_in_enrols_a_second_factor() {
    let site = Site::new(Engine::Sqlite, "").await;
    site.account_with("anne", Role::Lecteur, None).await;
    let mut browser = site.browser();
    browser.password("anne", PASSWORD).await;
    let page = browser.get("/connexion/code").await;
    assert!(page.text.contains("<svg class=\"qr\""), "{}", page.text);
    let secret: String = page.text.split("<code>").nth(1).unwrap().split('<').next().unwrap().replace(' ', "");
    assert_eq!(browser.code("000000").await.status, StatusCode::FORBIDDEN);
    assert_eq!(site.store.user(&login("anne")).await.unwrap().unwrap().totp, None, "not before it is proved");
    let code = Totp::stored(&secret).unwrap().code(site.clock.now());
    assert_eq!(browser.code(&code).await.to.as_deref(), Some("/"));
    assert_eq!(browser.get("/compte").await.status, StatusCode::OK);
    assert_eq!(site.store.user(&login("anne")).await.unwrap().unwrap().totp, Some(secret));
    let mut again = site.browser();
    again.password("anne", PASSWORD).await;
    assert!(!again.get("/connexion/code").await.text.contains("<svg"), "the secret is shown once");
    assert_eq!(again.code(&code).await.status, StatusCode::FORBIDDEN, "nor is its first code taken twice");
}

#[tokio::test]
async fn a_session_ends_when_idle_when_old_and_with_its_account() {
    let site = Site::new(Engine::Sqlite, "").await;
    site.account("anne", Role::Operateur).await;
    let mut browser = site.signed_in("anne").await;
    for _ in 0..20 {
        site.pass(29);
        assert_eq!(browser.get("/compte").await.status, StatusCode::OK);
    }
    site.pass(29);
    assert_eq!(browser.get("/compte").await.status, StatusCode::SEE_OTHER, "ten hours");
    let mut browser = site.signed_in("anne").await;
    site.pass(30);
    assert_eq!(browser.get("/compte").await.status, StatusCode::SEE_OTHER, "idle");
    let mut browser = site.signed_in("anne").await;
    let entry = AuditEntry::new("local:chef", Deed::CompteVerrouille, "compte anne");
    site.store.change_user(&login("anne"), &UserChange::Lock, &entry, now()).await.unwrap();
    assert_eq!(browser.get("/compte").await.status, StatusCode::SEE_OTHER);
    let page = browser.password("anne", PASSWORD).await;
    assert!(page.text.contains("Identifiant ou mot de passe incorrect."), "{}", page.text);
}

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    let site = Site::new(Engine::Sqlite, "").await;
    site.account("anne", Role::Operateur).await;
    let mut other = site.signed_in("anne").await;
    site.pass(1);
    let mut browser = site.signed_in("anne").await;
    let mut change = async |ancien: &str, nouveau: &str, encore: &str| {
        let fields = [("ancien", ancien), ("nouveau", nouveau), ("encore", encore)];
        let page = browser.post("/compte/mot-de-passe", &fields).await;
        (page.status, page.text)
    };
    let new = "cinq vaches rouges";
    assert!(change(PASSWORD, new, "autre").await.1.contains("diffèrent"));
    assert!(change(PASSWORD, "court", "court").await.1.contains("au moins 12 caractères"));
    assert!(change("faux", new, new).await.1.contains("L’ancien mot de passe n’est pas le bon"));
    assert_eq!(change(PASSWORD, new, new).await.0, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/compte").await.status, StatusCode::OK);
    assert_eq!(other.get("/compte").await.status, StatusCode::SEE_OTHER);
    site.pass(1);
    assert_eq!(other.password("anne", PASSWORD).await.status, StatusCode::FORBIDDEN);
    assert_eq!(other.password("anne", new).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn without_a_second_factor_the_password_opens_and_https_names_the_cookie() {
    let web = "public_url = \"https://lits.test\"\n[web.local]\nsecond_factor = false\n";
    let site = Site::new(Engine::Sqlite, web).await;
    site.account_with("anne", Role::Lecteur, None).await;
    let mut browser = site.browser();
    let page = browser.password("anne", PASSWORD).await;
    assert_eq!(page.to.as_deref(), Some("/"));
    let set = page.set_cookie.unwrap();
    assert!(set.starts_with("__Host-dispolits=") && set.ends_with("; HttpOnly; SameSite=Lax; Secure"), "{set}");
    assert_eq!(browser.get("/compte").await.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_is_half_way_in_may_begin_again() {
    let site = Site::new(Engine::Sqlite, "").await;
    site.account("anne", Role::Lecteur).await;
    let mut browser = site.browser();
    browser.password("anne", PASSWORD).await;
    browser.get("/connexion").await;
    let page = browser.post("/connexion", &[("identifiant", "anne"), ("mot_de_passe", PASSWORD)]).await;
    assert_eq!(page.to.as_deref(), Some("/connexion/code"), "{}", page.text);
    assert_eq!(browser.code(&site.code()).await.to.as_deref(), Some("/"));
}

/// A browser at this address, behind the proxy.
fn at(site: &Site, address: &str) -> super::site::Browser {
    let mut browser = site.browser();
    browser.headers.insert("x-forwarded-for", address.parse().unwrap());
    browser
}

/// One wrong password an hour, for ever, from anywhere, keeps nobody out.
#[tokio::test]
async fn nobody_locks_somebody_else_out_by_naming_them() {
    let site = Site::new(Engine::Sqlite, "[web.proxy]\ntrusted = [\"127.0.0.1\"]\n").await;
    site.account("anne", Role::Operateur).await;
    let mut own = at(&site, "192.0.2.10");
    let sign_in = async |browser: &mut super::site::Browser| {
        let page = browser.password("anne", PASSWORD).await;
        assert_eq!(page.to.as_deref(), Some("/connexion/code"), "{}", page.text);
        let page = browser.code(&site.code()).await;
        assert_eq!(page.to.as_deref(), Some("/"), "{}", page.text);
    };
    let page = own.password("anne", PASSWORD).await;
    assert_eq!(
        (page.to.as_deref(), page.device),
        (Some("/connexion/code"), None),
        "the password alone makes no device"
    );
    assert_eq!(own.code(&site.code()).await.to.as_deref(), Some("/"));
    let device = own.device.clone().unwrap();
    assert!(device.starts_with("dispolits-appareil=") && device.len() > 60, "{device}");
    let mut attacker = at(&site, "198.51.100.66");
    for _ in 0..8 {
        attacker.password("anne", "autre mot de passe").await;
        site.pass(61);
    }
    attacker.password("anne", "autre mot de passe").await;
    assert!(attacker.password("anne", PASSWORD).await.text.contains("Trop d’échecs"), "the attacker is locked out");
    // From another network, and from the device behind the attacker's own network.
    sign_in(&mut at(&site, "192.0.2.11")).await;
    site.pass(1);
    assert!(attacker.password("anne", PASSWORD).await.text.contains("Trop d’échecs"), "and stays so");
    own.headers.insert("x-forwarded-for", "198.51.100.66".parse().unwrap());
    own.cookie = None;
    sign_in(&mut own).await;
    // A device of one account is none of another; a forged one is none at all.
    let mut forger = at(&site, "198.51.100.66");
    forger.device = Some(format!("dispolits-appareil={}", "A".repeat(43)));
    assert!(forger.password("anne", PASSWORD).await.text.contains("Trop d’échecs"));
}

/// An administrator sees every session and ends one; nobody else does.
#[tokio::test]
async fn an_administrator_ends_the_session_of_somebody_else() {
    let site = Site::new(Engine::Sqlite, "").await;
    site.account("chef", Role::Administrateur).await;
    site.account("anne", Role::Operateur).await;
    let mut chef = site.signed_in("chef").await;
    site.pass(1);
    let mut anne = site.signed_in("anne").await;
    assert_eq!(anne.get("/sessions").await.status, StatusCode::FORBIDDEN);
    let page = chef.get("/sessions").await;
    assert!(page.text.contains("Fermer la session de anne"), "{}", page.text);
    let (before, _) = page.text.split_once("Fermer la session de anne").unwrap();
    let name = before.rsplit("name=\"session\" value=\"").next().unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(anne.post("/sessions", &[("session", &name)]).await.status, StatusCode::FORBIDDEN);
    let bare = chef.post_bare("/sessions", &[("session", &name)]).await;
    assert_eq!(bare.status, StatusCode::FORBIDDEN, "without the token of the form");
    assert_eq!(chef.post("/sessions", &[("session", &name)]).await.to.as_deref(), Some("/sessions"));
    assert_eq!(anne.get("/compte").await.status, StatusCode::SEE_OTHER, "she is out");
    assert_eq!(chef.get("/compte").await.status, StatusCode::OK);
    assert_eq!(chef.post("/sessions", &[("session", &name)]).await.status, StatusCode::CONFLICT);
    assert!(site.deeds().await.contains(&"local:chef sessions-fermees".to_owned()));
}

/// The secrets are sealed in the database, and open for their account with the key alone.
#[tokio::test]
async fn a_second_factor_is_sealed_in_the_database() {
    let key = "[web.local]\nfactor_key = \"0123456789abcdef0123456789abcdef\"\n";
    let site = Site::new(Engine::Sqlite, key).await;
    site.account_with("anne", Role::Lecteur, None).await;
    let mut browser = site.browser();
    browser.password("anne", PASSWORD).await;
    let page = browser.get("/connexion/code").await;
    let shown = page.text.split("<code>").nth(1).unwrap().split('<').next().unwrap().replace(' ', "");
    let code = Totp::stored(&shown).unwrap().code(site.clock.now());
    assert_eq!(browser.code(&code).await.to.as_deref(), Some("/"));
    let kept = site.store.user(&login("anne")).await.unwrap().unwrap().totp.unwrap();
    assert!(kept.starts_with("v1:") && !kept.contains(&shown), "{kept}");
    site.pass(1);
    let mut again = site.browser();
    again.password("anne", PASSWORD).await;
    let code = Totp::stored(&shown).unwrap().code(site.clock.now());
    assert_eq!(again.code(&code).await.to.as_deref(), Some("/"));
    // Without the key nobody gets in, and nobody is told more.
    let without = site.restarted(|config| config.web.as_mut().unwrap().local.factor_key = None).await;
    without.pass(1);
    let mut lost = without.browser();
    lost.password("anne", PASSWORD).await;
    let code = Totp::stored(&shown).unwrap().code(site.clock.now());
    assert_eq!(lost.code(&code).await.status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn one_address_cannot_try_for_ever() {
    let site = Site::new(Engine::Sqlite, "").await;
    let mut browser = site.browser();
    let mut answers = Vec::new();
    for rank in 0..31 {
        answers.push(browser.password(&format!("x{rank} y"), "mot").await.status);
    }
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count(), 1);
}
