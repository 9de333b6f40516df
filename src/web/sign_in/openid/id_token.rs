//! The ID token: a signed statement of the provider on who signed in (OpenID Connect Core 1.0, sections 2 and 3.1.3.7).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::OpenIdError;

/// How far the provider's clock may be from ours, in seconds.
const SKEW: i64 = 60;
/// How old a token may be, in seconds: it was made for the request just answered.
const OLDEST: i64 = 600;

/// A key that the provider publishes (RFC 7517).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct SigningKey {
    kid: Option<String>,
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

/// What a token must say.
pub(super) struct ExpectedClaims<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) acr: Option<&'a str>,
}

#[derive(Deserialize)]
struct TokenHead {
    alg: String,
    kid: Option<String>,
}

/// The claims of a token that one of the keys signed and that says what it must.
pub(super) fn verified(
    token: &str,
    keys: &[SigningKey],
    expected: &ExpectedClaims<'_>,
    now: Timestamp,
) -> Result<Map<String, Value>, OpenIdError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(OpenIdError::Token("forme"))?;
    let (head, claims) = signed.split_once('.').ok_or(OpenIdError::Token("forme"))?;
    let head: TokenHead = decoded(head)?;
    let signature = bytes(signature)?;
    let fits = |key: &&SigningKey| key.usage.as_deref().is_none_or(|usage| usage == "sig") && head.kid_fits(key);
    let signs = |key: &SigningKey| key.signed(&head.alg, signed.as_bytes(), &signature);
    let mut candidates = keys.iter().filter(fits).peekable();
    if candidates.peek().is_none() {
        return Err(OpenIdError::UnknownKey);
    }
    if !candidates.any(signs) {
        return Err(OpenIdError::Token("signature"));
    }
    let claims: Map<String, Value> = decoded(claims)?;
    expected.check(&claims, now)?;
    Ok(claims)
}

impl TokenHead {
    fn kid_fits(&self, key: &SigningKey) -> bool {
        self.kid.is_none() || self.kid == key.kid
    }
}

impl SigningKey {
    /// Whether it made this signature, by an algorithm of its own kind: never `none`, never a shared secret.
    fn signed(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        match self.kty.as_str() {
            "RSA" => self.signed_by_rsa(algorithm, message, signature),
            "EC" => self.signed_by_curve(algorithm, message, signature),
            _ => false,
        }
    }

    fn signed_by_rsa(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let parameters = match algorithm {
            "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
            "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
            "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
            "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
            "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
            "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
            _ => return false,
        };
        let (Ok(n), Ok(e)) = (bytes(&self.n), bytes(&self.e)) else { return false };
        RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
    }

    fn signed_by_curve(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let parameters = match (algorithm, self.crv.as_str()) {
            ("ES256", "P-256") => &signature::ECDSA_P256_SHA256_FIXED,
            ("ES384", "P-384") => &signature::ECDSA_P384_SHA384_FIXED,
            _ => return false,
        };
        let (Ok(x), Ok(y)) = (bytes(&self.x), bytes(&self.y)) else { return false };
        // SEC 1, section 2.3.3: an uncompressed point.
        let point = [&[4_u8][..], &x, &y].concat();
        UnparsedPublicKey::new(parameters, point).verify(message, signature).is_ok()
    }
}

impl ExpectedClaims<'_> {
    fn check(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<(), OpenIdError> {
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        let second = |claim: &str| claims.get(claim).and_then(Value::as_i64);
        let now = now.as_second();
        let faults = [
            ("iss", text("iss") == Some(self.issuer)),
            ("aud", self.is_audience(claims)),
            ("exp", second("exp").is_some_and(|at| now < at.saturating_add(SKEW))),
            ("iat", second("iat").is_some_and(|at| (at - SKEW..=at.saturating_add(OLDEST)).contains(&now))),
            ("nbf", second("nbf").is_none_or(|at| now >= at.saturating_sub(SKEW))),
            ("nonce", !self.nonce.is_empty() && text("nonce") == Some(self.nonce)),
            ("sub", text("sub").is_some_and(|sub| !sub.is_empty())),
            ("acr", self.acr.is_none_or(|acr| text("acr").is_some_and(|found| acr.split(' ').any(|one| one == found)))),
        ];
        match faults.into_iter().find(|(_, holds)| !holds) {
            Some((claim, _)) => Err(OpenIdError::Token(claim)),
            None => Ok(()),
        }
    }

    /// We are the audience; beside others only if it was made for us.
    fn is_audience(&self, claims: &Map<String, Value>) -> bool {
        let us = Value::String(self.client_id.to_owned());
        let party = claims.get("azp").is_none_or(|party| *party == us);
        match claims.get("aud") {
            Some(Value::Array(all)) => all.contains(&us) && party && (all.len() == 1 || claims.contains_key("azp")),
            Some(audience) => *audience == us && party,
            None => false,
        }
    }
}

fn bytes(encoded: &str) -> Result<Vec<u8>, OpenIdError> {
    URL_SAFE_NO_PAD.decode(encoded).map_err(|_| OpenIdError::Token("encodage"))
}

fn decoded<T: for<'de> Deserialize<'de>>(encoded: &str) -> Result<T, OpenIdError> {
    serde_json::from_slice(&bytes(encoded)?).map_err(|_| OpenIdError::Token("forme"))
}
