//! One HTTPS exchange with limits: deadlines, no redirect, no proxy, a bounded answer.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED, RETRY_AFTER};
use reqwest::{RequestBuilder, Response};

use super::failure::RorSetupError;
use super::sanitize;
use super::settings::RorSettings;
use base::tls::{certificate_alert, tls_error, told};

/// The most bytes of an answer that are read.
pub(super) const ANSWER_LIMIT: usize = 64 * 1024;
/// How long a connection is kept for the next request: less than gateways commonly do, because a
/// request sent just as the server closes has an unknown end.
const IDLE: Duration = Duration::from_secs(5);
/// The most characters of a header that are kept.
const HEADER_CHARS: usize = 200;

/// A server's answer, its body cut at a limit.
pub(super) struct HttpAnswer {
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
    /// Whether there was more than the limit.
    pub(super) cut: bool,
}

/// Why no whole answer came.
pub(super) enum Loss {
    /// The request certainly was not treated.
    NotSent(String),
    /// The request may have left.
    Lost(String),
    /// The server refused our certificate, which it does before it reads any request.
    CertificateRefused {
        /// How it said so.
        alert: String,
        /// What we present.
        presented: String,
    },
    /// The request could not be built.
    NotARequest(String),
}

/// A client that never follows a redirect, takes no proxy from the environment and never repeats
/// a request by itself.
pub(super) fn client(settings: &RorSettings, tls: rustls::ClientConfig) -> Result<reqwest::Client, RorSetupError> {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .pool_idle_timeout(IDLE)
        .connect_timeout(settings.connect_timeout.get())
        .timeout(settings.timeout.get());
    Ok(client.build()?)
}

/// Sends the request and reads the answer up to a limit, all within the client's deadline.
pub(super) async fn exchange(request: RequestBuilder, now: Timestamp, limit: usize) -> Result<HttpAnswer, Loss> {
    let response = request.send().await.map_err(Loss::of)?;
    let mut answer = HttpAnswer::head(&response, now);
    answer.read_body(response, limit).await.map_err(Loss::of)?;
    Ok(answer)
}

impl HttpAnswer {
    fn head(response: &Response, now: Timestamp) -> Self {
        let headers = response.headers();
        Self {
            status: response.status().as_u16(),
            etag: header(headers, &ETAG),
            last_modified: header(headers, &LAST_MODIFIED),
            content_type: header(headers, &CONTENT_TYPE),
            retry_after: header(headers, &RETRY_AFTER).and_then(|value| parse_retry_after(&value, now)),
            body: Vec::new(),
            cut: false,
        }
    }

    async fn read_body(&mut self, mut response: Response, limit: usize) -> reqwest::Result<()> {
        while let Some(chunk) = response.chunk().await? {
            let room = limit.saturating_sub(self.body.len());
            self.body.extend(chunk.iter().take(room));
            if chunk.len() > room {
                self.cut = true;
                return Ok(());
            }
        }
        Ok(())
    }
}

impl Loss {
    /// What is certain of a request that ended in this error.
    fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if let Some(alert) = certificate_alert(&error) {
            return Self::CertificateRefused { alert: format!("{alert:?}"), presented: String::new() };
        }
        let cause = match tls_error(&error) {
            Some(fault @ rustls::Error::InvalidCertificate(_)) => told(fault),
            _ => sanitize::causes(&error),
        };
        match () {
            () if error.is_builder() => Self::NotARequest(cause),
            () if error.is_connect() && error.is_timeout() => {
                Self::NotSent(format!("connexion impossible dans le délai imparti ({cause})"))
            }
            () if error.is_dns() => Self::NotSent(format!("nom de serveur introuvable ({cause})")),
            () if error.is_connect() => Self::NotSent(format!("connexion impossible ({cause})")),
            () if error.is_timeout() => Self::Lost(format!("pas de réponse dans le délai imparti ({cause})")),
            () => Self::Lost(format!("connexion perdue avant la fin de la réponse ({cause})")),
        }
    }
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(|value| sanitize::shorten(value, HEADER_CHARS))
}

/// `Retry-After` in seconds or as an HTTP date (RFC 9110, section 10.2.3); a date in the past is zero.
fn parse_retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(u64::from(seconds)));
    }
    let date = DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}
