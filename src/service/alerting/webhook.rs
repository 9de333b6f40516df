//! A message of alert as a call over HTTP: JSON, signed if a key is given.

use base16ct::lower::encode_string;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use sha2::Sha256;

use base::config_values::SecretError;
use base::tls::revocation::Revocation;
use base::tls::{TlsError, client_config};
use domain::alerts::Webhook;

const SIGNATURE: HeaderName = HeaderName::from_static("x-dispolits-signature");
const DELIVERY: HeaderName = HeaderName::from_static("x-dispolits-delivery");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-dispolits-timestamp");

/// Calls one address.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    settings: Webhook,
    client: reqwest::Client,
}

/// Settings from which no caller can be made.
#[derive(Debug, thiserror::Error)]
pub enum WebhookSetupError {
    /// The authorities cannot be used.
    #[error("alerts.webhook.ca : {0}")]
    Tls(#[from] TlsError),
    /// The HTTP library refused its settings.
    #[error("alerts.webhook : client HTTP impossible à construire")]
    Http(#[from] reqwest::Error),
}

/// A call that did not come to its end. All of them are tried again: what is wrong can be mended.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error("secret du webhook : {0}")]
    Secret(#[from] SecretError),
    #[error("le jeton du webhook ne peut être écrit dans un en-tête")]
    Token,
    #[error("pas de réponse du webhook dans le délai")]
    Timeout,
    #[error("webhook injoignable : {0}")]
    Unreachable(String),
    #[error("le webhook répond HTTP {0}")]
    Refused(u16),
}

impl Caller {
    /// Reads the authorities; opens no connection. No redirect is followed and no proxy used, as for the ROR.
    pub(super) fn new(settings: &Webhook) -> Result<Self, WebhookSetupError> {
        let tls = client_config(settings.ca.as_deref(), None, &Revocation::default())?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(settings.timeout.get())
            .build()?;
        Ok(Self { settings: settings.clone(), client })
    }

    /// Posts the body at `now`; `name` is the same when it is tried again. Anything but 2xx is a failure.
    ///
    /// The signature covers the name, the time and the body, so that a call that was overheard can neither be sent
    /// again later nor under another name: `HMAC-SHA-256(key, "{name}.{seconds}.{body}")`.
    pub(super) async fn call(&self, body: String, name: &str, now: Timestamp) -> Result<(), CallError> {
        let seconds = now.as_second().to_string();
        let agent = concat!("dispolits/", env!("CARGO_PKG_VERSION"));
        let mut request = self
            .client
            .post(&self.settings.url)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header(USER_AGENT, agent)
            .header(DELIVERY, name)
            .header(TIMESTAMP, &seconds);
        if let Some(bearer) = &self.settings.bearer {
            request = request.header(AUTHORIZATION, token(&bearer.reveal().await?)?);
        }
        if let Some(key) = &self.settings.hmac_key {
            request = request.header(SIGNATURE, signature(&key.reveal().await?, name, &seconds, &body));
        }
        let answer = request.body(body).send().await.map_err(|error| failure(&error.without_url()))?;
        if answer.status().is_success() { Ok(()) } else { Err(CallError::Refused(answer.status().as_u16())) }
    }

    /// The address without its path, which is often the secret of the other side.
    pub(super) fn host(&self) -> String {
        let url = reqwest::Url::parse(&self.settings.url).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }
}

fn token(bearer: &str) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {bearer}")).map_err(|_| CallError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

fn signature(key: &str, name: &str, seconds: &str, body: &str) -> String {
    format!("sha256={}", sign(key, &format!("{name}.{seconds}.{body}")))
}

/// HMAC-SHA-256 (RFC 2104) of a text, in hexadecimal. A key of any length will do.
fn sign(key: &str, text: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(text.as_bytes());
    encode_string(&mac.finalize().into_bytes())
}

fn failure(error: &reqwest::Error) -> CallError {
    if error.is_timeout() {
        return CallError::Timeout;
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    CallError::Unreachable(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, section 4.3.
    #[test]
    fn the_signature_is_that_of_the_standard() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(sign("Jefe", "what do ya want for nothing?"), expected);
    }
}
