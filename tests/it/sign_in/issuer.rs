//! A small OpenID provider of ours: discovery, keys, tokens, userinfo.

use std::sync::{Arc, Mutex};

use axum::extract::{Form, OriginalUri, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use tokio::net::TcpListener;

/// What the provider does next, and what it was asked.
pub(crate) struct Script {
    pub(crate) issuer: String,
    /// Laid over the claims of the ID token.
    pub(crate) claims: Value,
    /// Those of the userinfo endpoint.
    pub(crate) userinfo: Value,
    /// What the authorization request said.
    pub(crate) nonce: String,
    pub(crate) challenge: String,
    /// In place of the algorithm of the token's head.
    pub(crate) algorithm: &'static str,
    pub(crate) broken_signature: bool,
    /// Whether it says where sessions end.
    pub(crate) ends_sessions: bool,
    /// The site that it leads browsers back to.
    pub(crate) site: String,
    key: KeyPair,
    kid: String,
    now: i64,
}

#[derive(Clone)]
pub(crate) struct Issuer(pub(crate) Arc<Mutex<Script>>);

impl Issuer {
    pub(crate) async fn start(now: i64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let script = Script {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            claims: json!({}),
            userinfo: json!({"sub": "f:1:anne"}),
            nonce: String::new(),
            challenge: String::new(),
            algorithm: "ES256",
            broken_signature: false,
            ends_sessions: true,
            site: String::new(),
            key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
            kid: "un".to_owned(),
            now,
        };
        let issuer = Self(Arc::new(Mutex::new(script)));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/cles", get(keys))
            .route("/jeton", post(token))
            .route("/qui", get(who))
            .route("/autorisation", get(authorize))
            .route("/fin", get(end))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        issuer
    }

    pub(crate) fn address(&self) -> String {
        self.0.lock().unwrap().issuer.clone()
    }

    fn site(&self) -> String {
        self.0.lock().unwrap().site.clone()
    }

    /// What the browser brought along.
    pub(crate) fn asked(&self, url: &str) -> HashMap<String, String> {
        let query = url.split_once('?').unwrap().1;
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let asked: HashMap<String, String> = pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect();
        let mut script = self.0.lock().unwrap();
        script.nonce.clone_from(&asked["nonce"]);
        script.challenge.clone_from(&asked["code_challenge"]);
        asked
    }

    /// New keys, as after a rotation.
    pub(crate) fn rotate(&self) {
        let mut script = self.0.lock().unwrap();
        script.key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        script.kid.push('x');
    }
}

async fn describe(State(issuer): State<Issuer>) -> Json<Value> {
    let address = issuer.address();
    let end = issuer.0.lock().unwrap().ends_sessions.then(|| format!("{address}/fin"));
    Json(json!({
        "end_session_endpoint": end,
        "issuer": address,
        "authorization_endpoint": format!("{address}/autorisation"),
        "token_endpoint": format!("{address}/jeton"),
        "userinfo_endpoint": format!("{address}/qui"),
        "jwks_uri": format!("{address}/cles"),
    }))
}

/// Knows whoever comes.
async fn authorize(State(issuer): State<Issuer>, OriginalUri(uri): OriginalUri) -> Redirect {
    let asked = issuer.asked(&uri.to_string());
    Redirect::to(&format!("{}/connexion/oidc/retour?code=bon&state={}", issuer.site(), asked["state"]))
}

/// Ends a session of which it gave the token.
async fn end(State(issuer): State<Issuer>, Query(asked): Query<HashMap<String, String>>) -> Redirect {
    assert_eq!((asked["client_id"].as_str(), asked["id_token_hint"].split('.').count()), ("dispolits", 3));
    assert!(asked["post_logout_redirect_uri"].ends_with("/connexion"), "{asked:?}");
    Redirect::to(&format!("{}/connexion?fin", issuer.site()))
}

async fn keys(State(issuer): State<Issuer>) -> Json<Value> {
    let script = issuer.0.lock().unwrap();
    let point = script.key.public_key_raw();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    let other = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "autre"});
    Json(json!({"keys": [other, {"kty": "EC", "crv": "P-256", "use": "sig", "kid": script.kid, "x": x, "y": y}]}))
}

async fn token(
    State(issuer): State<Issuer>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Json<Value>, StatusCode> {
    let script = issuer.0.lock().unwrap();
    let basic = format!("Basic {}", STANDARD.encode("dispolits:s%20ecret"));
    let is_known = headers.get("authorization").is_some_and(|value| value.to_str().unwrap() == basic);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if !is_known || form["code"] != "bon" || challenge != script.challenge || form["grant_type"] != "authorization_code"
    {
        return Err(StatusCode::BAD_REQUEST);
    }
    Ok(Json(json!({"access_token": "acces", "token_type": "Bearer", "id_token": script.id_token()})))
}

async fn who(State(issuer): State<Issuer>, headers: HeaderMap) -> Json<Value> {
    assert_eq!(headers["authorization"], "Bearer acces");
    Json(issuer.0.lock().unwrap().userinfo.clone())
}

impl Script {
    fn id_token(&self) -> String {
        let mut claims = json!({
            "iss": self.issuer, "aud": "dispolits", "sub": "f:1:anne", "nonce": self.nonce, "acr": "eidas1",
            "iat": self.now, "exp": self.now + 300,
        });
        for (claim, value) in self.claims.as_object().unwrap() {
            claims[claim] = value.clone();
        }
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encoded(&json!({"alg": self.algorithm, "kid": self.kid})), encoded(&claims));
        let mut signature = fixed(&self.key.sign(signed.as_bytes()).unwrap());
        signature[5] ^= u8::from(self.broken_signature);
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// r and s of an ASN.1 signature, 32 bytes each.
fn fixed(der: &[u8]) -> Vec<u8> {
    let (mut rest, mut fixed) = (&der[2..], Vec::new());
    for _ in 0..2 {
        let length = usize::from(rest[1]);
        let number = &rest[2..2 + length];
        let number = &number[number.len().saturating_sub(32)..];
        fixed.extend(std::iter::repeat_n(0, 32 - number.len()).chain(number.iter().copied()));
        rest = &rest[2 + length..];
    }
    fixed
}
