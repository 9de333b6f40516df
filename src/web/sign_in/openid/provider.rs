//! The provider's servers: its description and keys, kept for a while, and the exchange of a code for tokens. Every
//! request has a deadline, no redirect is followed, no answer is read beyond a limit.

use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::error::OpenIdError;
use super::id_token::{ExpectedClaims, SigningKey, verified};
use base::config_values::{has_passed, whole};
use base::tls::client_config;
use base::tls::revocation::Revocation;
use service::config::OpenId;

/// The most bytes of an answer.
const LIMIT: usize = 256 * 1024;
/// How long a description is believed.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// RFC 3986, section 2.3: unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the browser takes along.
pub(super) struct Authorization<'a> {
    pub(super) redirect: &'a str,
    pub(super) state: &'a str,
    pub(super) nonce: &'a str,
    pub(super) challenge: &'a str,
}

/// What a code was exchanged for.
#[derive(Deserialize)]
pub(super) struct Tokens {
    access_token: String,
    id_token: String,
}

/// OpenID Connect Discovery 1.0, section 3.
#[derive(Debug, Clone, Deserialize)]
struct Description {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Value>,
}

/// What is known of the provider; nothing until somebody signs in by it.
#[derive(Debug, Default)]
pub(crate) struct Provider(Mutex<Option<ProviderState>>);

#[derive(Debug, Clone)]
struct ProviderState {
    http: reqwest::Client,
    description: Description,
    keys: Vec<SigningKey>,
    since: Timestamp,
}

impl Provider {
    /// Where a browser goes to sign in.
    pub(super) async fn authorization_url(
        &self,
        settings: &OpenId,
        asked: &Authorization<'_>,
        now: Timestamp,
    ) -> Result<String, OpenIdError> {
        let known = self.known(settings, now).await?;
        let scope = settings.scopes.join(" ");
        let query = encoded(&[
            ("response_type", Some("code")),
            ("client_id", Some(&settings.client_id)),
            ("redirect_uri", Some(asked.redirect)),
            ("scope", Some(&scope)),
            ("state", Some(asked.state)),
            ("nonce", Some(asked.nonce)),
            ("code_challenge", Some(asked.challenge)),
            ("code_challenge_method", Some("S256")),
            ("acr_values", settings.acr_values.as_deref()),
        ]);
        Ok(with_query(&known.description.authorization_endpoint, &query))
    }

    /// Exchanges a code for tokens.
    pub(super) async fn exchange(
        &self,
        settings: &OpenId,
        code: &str,
        redirect: &str,
        verifier: &str,
        now: Timestamp,
    ) -> Result<Tokens, OpenIdError> {
        let known = self.known(settings, now).await?;
        let secret = match &settings.client_secret {
            Some(secret) => Some(secret.reveal().await?),
            None => None,
        };
        let by_basic = secret.is_some() && known.description.takes_basic();
        let form = encoded(&[
            ("grant_type", Some("authorization_code")),
            ("code", Some(code)),
            ("redirect_uri", Some(redirect)),
            ("code_verifier", Some(verifier)),
            ("client_id", Some(&settings.client_id)),
            ("client_secret", secret.as_deref().filter(|_| !by_basic)),
        ]);
        let request = known.http.post(&known.description.token_endpoint);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        let request = match secret.filter(|_| by_basic) {
            // RFC 6749, section 2.3.1: both are encoded as in a form.
            Some(secret) => request.basic_auth(one(&settings.client_id), Some(one(&secret))),
            None => request,
        };
        answer("échange du code", request).await
    }

    /// The claims of verified tokens: those of the ID token, with those of the userinfo endpoint beside them.
    pub(super) async fn claims(
        &self,
        settings: &OpenId,
        tokens: &Tokens,
        nonce: &str,
        now: Timestamp,
    ) -> Result<Map<String, Value>, OpenIdError> {
        let expected = ExpectedClaims {
            issuer: &settings.issuer,
            client_id: &settings.client_id,
            nonce,
            acr: settings.acr_values.as_deref(),
        };
        let known = self.known(settings, now).await?;
        let mut claims = match verified(&tokens.id_token, &known.keys, &expected, now) {
            // The provider may have changed its keys since.
            Err(OpenIdError::UnknownKey) => {
                self.forget().await;
                verified(&tokens.id_token, &self.known(settings, now).await?.keys, &expected, now)?
            }
            other => other?,
        };
        let Some(endpoint) = &known.description.userinfo_endpoint else { return Ok(claims) };
        let more: Map<String, Value> =
            answer("données de la personne", known.http.get(endpoint).bearer_auth(&tokens.access_token)).await?;
        // Section 5.3.2: those of somebody else must not be used.
        if more.get("sub") != claims.get("sub") {
            return Err(OpenIdError::Token("sub"));
        }
        for (claim, value) in more {
            claims.entry(claim).or_insert(value);
        }
        Ok(claims)
    }

    /// Where sessions end at the provider; nothing where it does not say, or says what is no address of that kind.
    pub(super) async fn end_session_endpoint(
        &self,
        settings: &OpenId,
        now: Timestamp,
    ) -> Result<Option<String>, OpenIdError> {
        let scheme = if settings.issuer.starts_with("https://") { "https://" } else { "http://" };
        let said = self.known(settings, now).await?.description.end_session_endpoint;
        Ok(said.filter(|endpoint| endpoint.starts_with(scheme)))
    }

    async fn known(&self, settings: &OpenId, now: Timestamp) -> Result<ProviderState, OpenIdError> {
        let mut held = self.0.lock().await;
        if let Some(known) = held.as_ref().filter(|known| !has_passed(FRESH, known.since, now)) {
            return Ok(known.clone());
        }
        let known = discover(settings, now).await?;
        *held = Some(known.clone());
        Ok(known)
    }

    async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

impl Tokens {
    /// What the provider is told when the session ends.
    pub(super) fn id_token(&self) -> &str {
        &self.id_token
    }
}

impl Description {
    /// The default of OpenID Connect Core 1.0, section 9.
    fn takes_basic(&self) -> bool {
        let methods = &self.token_endpoint_auth_methods_supported;
        methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic")
    }
}

/// Reads the description and the keys of a provider, as a sign-in does, and signs nobody in. Returns how many of its
/// keys can be used; an error is a French sentence.
pub async fn try_provider(settings: &OpenId, now: Timestamp) -> Result<usize, String> {
    let known = discover(settings, now).await.map_err(|error| whole(&error))?;
    match known.keys.len() {
        0 => Err("clés du fournisseur : aucune n’est d’une sorte connue".to_owned()),
        keys => Ok(keys),
    }
}

async fn discover(settings: &OpenId, now: Timestamp) -> Result<ProviderState, OpenIdError> {
    let http = client(settings)?;
    let url = format!("{}/.well-known/openid-configuration", settings.issuer.trim_end_matches('/'));
    let description: Description = answer("description du fournisseur", http.get(url)).await?;
    if description.issuer != settings.issuer {
        let why = "son adresse publiée n’est pas web.openid.issuer".to_owned();
        return Err(OpenIdError::Server { what: "description du fournisseur", why });
    }
    let keys: Keys = answer("clés du fournisseur", http.get(&description.jwks_uri)).await?;
    // Keys of a kind that we do not know are others' business.
    let keys = keys.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
    Ok(ProviderState { http, description, keys, since: now })
}

fn client(settings: &OpenId) -> Result<reqwest::Client, OpenIdError> {
    let tls = client_config(settings.ca.as_deref(), settings.identity.as_ref(), &Revocation::default())?;
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(settings.issuer.starts_with("https://"))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .timeout(settings.timeout.get());
    client.build().map_err(|error| OpenIdError::Server { what: "client HTTP", why: error.to_string() })
}

async fn answer<T: for<'de> Deserialize<'de>>(what: &'static str, request: RequestBuilder) -> Result<T, OpenIdError> {
    let failed = |why: String| OpenIdError::Server { what, why };
    // Without its URL: a code may be in it.
    let mut response = request.send().await.map_err(|error| failed(error.without_url().to_string()))?;
    if !response.status().is_success() {
        return Err(failed(format!("HTTP {}", response.status().as_u16())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(error.without_url().to_string()))? {
        if body.len() + chunk.len() > LIMIT {
            return Err(failed("réponse trop longue".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|_| failed("réponse inattendue".to_owned()))
}

fn one(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// An address that may have a query already.
pub(super) fn with_query(there: &str, query: &str) -> String {
    format!("{there}{}{query}", if there.contains('?') { '&' } else { '?' })
}

pub(super) fn encoded(pairs: &[(&str, Option<&str>)]) -> String {
    let pairs = pairs.iter().filter_map(|(name, value)| Some(format!("{name}={}", one((*value)?))));
    pairs.collect::<Vec<_>>().join("&")
}
