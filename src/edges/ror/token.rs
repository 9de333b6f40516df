//! The OAuth2 token of the write service: client credentials over mutual TLS (RFC 6749 section
//! 4.4, RFC 8705 section 2), asked for once and shared.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::SignedDuration;
use percent_encoding::utf8_percent_encode;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use base::clock::Clock;
use base::config_values::{Identity, Secret};
use base::tls::revocation::Revocation;

use super::client::{Exchange, Operation, UNRESERVED};
use super::failure::{OurFault, PushFailure, RorSetupError};
use super::http::{HttpAnswer, Loss};
use super::http_client::Caller;
use super::sanitize;
use super::settings::RorSettings;

/// The lifetime of a token whose answer does not state one.
const DEFAULT_LIFETIME: SignedDuration = SignedDuration::from_secs(60);
/// The longest lifetime believed: a token is asked for at least once a day.
const LONGEST_LIFETIME: i64 = 86_400;
/// The longest token accepted, in bytes.
const TOKEN_LIMIT: usize = 16 * 1024;
/// The most characters kept of what the endpoint says.
const ERROR_CHARS: usize = 300;

/// An access token. `Debug` does not show it.
#[derive(Clone)]
pub(super) struct AccessToken(Arc<str>);

/// Where tokens come from: one request at a time, its result shared by all who waited for it.
pub(super) struct Tokens {
    caller: Caller,
    url: String,
    asking: Asking,
    margin: SignedDuration,
    clock: Clock,
    /// How many requests have ended; read before waiting, to tell a result made meanwhile.
    ended: AtomicU64,
    state: Mutex<TokenState>,
}

/// Who asks, and by what it proves to be so: a certificate, which TLS shows, or a secret.
struct Asking {
    client_id: String,
    scope: Option<String>,
    secret: Option<Secret>,
}

#[derive(Default)]
struct TokenState {
    current: Option<Current>,
    last_failure: Option<PushFailure>,
}

struct Current {
    token: AccessToken,
    /// By the time that passes: no jump of the clock prolongs a token.
    renew_at: SignedDuration,
}

impl AccessToken {
    /// The secret, for the `Authorization` header and for striking it out of answers.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Tokens {
    /// Those of the client that writes. Nothing is asked for yet.
    pub(super) fn of_writer(settings: &RorSettings, clock: Clock) -> Result<Self, RorSetupError> {
        let (client_id, scope) = (settings.client_id.clone(), settings.scope.clone());
        Self::new(settings, Some(&settings.identity), Asking { client_id, scope, secret: None }, clock)
    }

    /// Those of the client that reads; `None` if it is the same.
    pub(super) fn of_reader(settings: &RorSettings, clock: Clock) -> Result<Option<Self>, RorSetupError> {
        let reader = &settings.reader;
        if reader.is_the_writer() {
            return Ok(None);
        }
        let inherited = reader.identity.as_ref().or(Some(&settings.identity));
        let identity = inherited.filter(|_| reader.secret.is_none());
        let asking = Asking {
            client_id: reader.client_id.clone().unwrap_or_else(|| settings.client_id.clone()),
            scope: reader.scope.clone().or_else(|| settings.scope.clone()),
            secret: reader.secret.clone(),
        };
        Self::new(settings, identity, asking, clock).map(Some)
    }

    fn new(
        settings: &RorSettings,
        identity: Option<&Identity>,
        asking: Asking,
        clock: Clock,
    ) -> Result<Self, RorSetupError> {
        Ok(Self {
            caller: Caller::new(settings, settings.token_authorities(), identity)?,
            url: settings.token_url.clone(),
            asking,
            margin: settings.token_margin.signed(),
            clock,
            ended: AtomicU64::new(0),
            state: Mutex::default(),
        })
    }

    /// Checks the server's certificate against these lists too.
    pub(super) fn check_revocation(&mut self, revocation: Revocation) {
        self.caller.check_revocation(revocation);
    }

    /// A token that is not about to expire and is not the one just `refused`.
    ///
    /// Whoever waited while another asked takes that result, good or bad: twenty rows that find
    /// the endpoint down wait for one deadline, not for twenty.
    pub(super) async fn get(
        &self,
        refused: Option<&AccessToken>,
        exchanges: &mut Vec<Exchange>,
    ) -> Result<AccessToken, PushFailure> {
        let seen = self.ended.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some(current) = state.current.as_ref().filter(|current| self.is_good(current, refused)) {
            return Ok(current.token.clone());
        }
        if let Some(failure) = state.last_failure.as_ref().filter(|_| self.ended.load(Ordering::Acquire) != seen) {
            return Err(failure.clone());
        }
        let result = self.ask(exchanges).await;
        self.ended.fetch_add(1, Ordering::AcqRel);
        state.keep(result)
    }

    fn is_good(&self, current: &Current, refused: Option<&AccessToken>) -> bool {
        self.clock.passed() < current.renew_at && refused.is_none_or(|refused| !current.token.is(refused))
    }

    async fn ask(&self, exchanges: &mut Vec<Exchange>) -> Result<Current, PushFailure> {
        let (asked_at, started) = (self.clock.passed(), Instant::now());
        let body = self.asking.form().await?;
        let form = "application/x-www-form-urlencoded";
        let request = |http: &reqwest::Client| http.post(&self.url).header(CONTENT_TYPE, form).body(body);
        let answer = self.caller.exchange(request, self.clock.now()).await;
        let status = answer.as_ref().ok().map(|answer| answer.status);
        let result = answer.map_err(lost).and_then(|answer| self.judge(&answer, asked_at));
        exchanges.push(Exchange {
            operation: Operation::Jeton,
            status,
            duration: started.elapsed(),
            // Even a refusal is told by its parsed error only: an odd answer could hold a token.
            answer: String::new(),
            failure: result.as_ref().err().map(ToString::to_string),
        });
        result
    }

    fn judge(&self, answer: &HttpAnswer, asked_at: SignedDuration) -> Result<Current, PushFailure> {
        match answer.status {
            200..=299 => self.parse(answer, asked_at).map_err(|why| OurFault::TokenUnusable(why.to_owned()).into()),
            300..=399 => Err(OurFault::Redirected { status: answer.status }.into()),
            408 | 429 => Err(PushFailure::Busy { status: answer.status, retry_after: answer.retry_after }),
            // As `Busy`, a 5xx could pass for a count that may be applied, and none was sent.
            500..=599 => {
                Err(PushFailure::Unreachable(format!("le serveur de jetons est indisponible (HTTP {})", answer.status)))
            }
            status => Err(OurFault::TokenRefused { status, error: refusal(answer) }.into()),
        }
    }

    fn parse(&self, answer: &HttpAnswer, asked_at: SignedDuration) -> Result<Current, &'static str> {
        let json: Value = serde_json::from_slice(&answer.body).map_err(|_| "la réponse n’est pas du JSON")?;
        let kind = json.get("token_type").and_then(Value::as_str).unwrap_or("Bearer");
        if !kind.eq_ignore_ascii_case("bearer") {
            return Err("le jeton n’est pas de type Bearer");
        }
        let token = json.get("access_token").and_then(Value::as_str).ok_or("« access_token » est absent")?;
        if token.is_empty() || token.len() > TOKEN_LIMIT || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("« access_token » n’est pas un jeton");
        }
        Ok(Current { token: AccessToken(Arc::from(token)), renew_at: self.renewal(lifetime(&json), asked_at) })
    }

    /// The margin before expiry, at most half the lifetime: a short token must serve at all.
    fn renewal(&self, lifetime: SignedDuration, asked_at: SignedDuration) -> SignedDuration {
        let used = lifetime.saturating_sub(self.margin).max(lifetime / 2);
        asked_at.saturating_add(used)
    }
}

impl TokenState {
    fn keep(&mut self, result: Result<Current, PushFailure>) -> Result<AccessToken, PushFailure> {
        match result {
            Ok(current) => {
                self.last_failure = None;
                Ok(self.current.insert(current).token.clone())
            }
            Err(failure) => {
                self.current = None;
                Err(self.last_failure.insert(failure).clone())
            }
        }
    }
}

/// Nothing was sent to the ROR, so whatever happened is certain not to have touched a count.
fn lost(loss: Loss) -> PushFailure {
    match loss {
        Loss::NotSent(cause) | Loss::Lost(cause) => {
            PushFailure::Unreachable(format!("le serveur de jetons est injoignable : {cause}"))
        }
        Loss::CertificateRefused { alert, presented } => OurFault::CertificateRefused { alert, presented }.into(),
        Loss::NotARequest(cause) => OurFault::NotARequest(cause).into(),
    }
}

/// The `error` and `error_description` of RFC 6749 section 5.2.
fn refusal(answer: &HttpAnswer) -> String {
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let said: Vec<&str> =
        ["error", "error_description"].iter().filter_map(|name| json.get(name).and_then(Value::as_str)).collect();
    if said.is_empty() { "sans précision".to_owned() } else { sanitize::shorten(&said.join(" : "), ERROR_CHARS) }
}

fn lifetime(json: &Value) -> SignedDuration {
    let seconds = json.get("expires_in").and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()));
    match seconds {
        Some(seconds) if seconds > 0 => SignedDuration::from_secs(seconds.min(LONGEST_LIFETIME)),
        _ => DEFAULT_LIFETIME,
    }
}

impl Asking {
    /// RFC 6749, section 4.4.2; the secret in the form, as section 2.3.1 lets it be, and read anew each time.
    async fn form(&self) -> Result<String, OurFault> {
        let secret = match &self.secret {
            Some(secret) => Some(secret.reveal().await.map_err(|error| OurFault::Secret(error.to_string()))?),
            None => None,
        };
        let fields = [
            ("grant_type", Some("client_credentials")),
            ("client_id", Some(self.client_id.as_str())),
            ("client_secret", secret.as_deref()),
            ("scope", self.scope.as_deref()),
        ];
        let encode =
            |(name, value): (&str, Option<&str>)| Some(format!("{name}={}", utf8_percent_encode(value?, UNRESERVED)));
        Ok(fields.into_iter().filter_map(encode).collect::<Vec<_>>().join("&"))
    }
}
