//! The client: one count, one effect, by the algorithm that ANS mandates.

use std::num::NonZeroU32;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use base::clock::Clock;
use base::tls::revocation::Revocation;
use domain::capacity::{Indicator, Location, Update};

use super::body;
use super::failure::{OurFault, PushFailure, RorSetupError};
use super::http_client::Caller;
use super::response;
use super::response::Answered;
use super::settings::{Reader, RorSettings};
use super::token::{AccessToken, Tokens};
use domain::capacity::GenreCode;

/// All that is percent-encoded: everything but the unreserved characters of RFC 3986 section 2.3.
pub(super) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A client of the write service. Requests may run concurrently; they share one token.
pub struct Client {
    pub(super) caller: Caller,
    locations: String,
    pub(super) readings: String,
    pub(super) reader: Reader,
    pub(super) genre: GenreCode,
    tokens: Tokens,
    /// Those of the client that reads, if it is another.
    reading_tokens: Option<Tokens>,
    pub(super) clock: Clock,
    pace: Option<Mutex<Interval>>,
}

/// What one call did: each exchange in order, and how it ended.
#[derive(Debug, Clone)]
pub struct Attempted {
    /// The exchanges with the token endpoint and the ROR, oldest first.
    pub exchanges: Vec<Exchange>,
    /// The receipt, or why there is none.
    pub result: Result<Receipt, PushFailure>,
}

/// One request and its answer, for the journal. Never holds a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What was asked.
    pub operation: Operation,
    /// The HTTP status; `None` when no answer came.
    pub status: Option<u16>,
    /// From the start of the connection to the end of the answer.
    pub duration: Duration,
    /// The first 2 kB of the answer, on one line; empty for the token endpoint.
    pub answer: String,
    /// Why this exchange failed, in French; `None` when it did not.
    pub failure: Option<String>,
}

/// What one exchange asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A token.
    Jeton,
    /// That an indicator be overwritten.
    Replace,
    /// That an indicator be created.
    Add,
    /// That an indicator be removed.
    Delete,
    /// What is held of a location.
    Read,
}

/// The ROR's acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The operation that was acknowledged.
    pub operation: Operation,
    /// Its `ETag` header.
    pub etag: Option<String>,
    /// Its `Last-Modified` header.
    pub last_modified: Option<String>,
}

impl Operation {
    /// How the journal names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Jeton => "jeton",
            Self::Replace => "replace",
            Self::Add => "add",
            Self::Delete => "delete",
            Self::Read => "read",
        }
    }
}

/// Whether a request may still be sent: asked for each one, at the moment it would leave.
pub type MaySend<'a> = &'a (dyn Fn() -> bool + Sync);

fn always() -> bool {
    true
}

impl Client {
    /// Reads the certificates; connects to nothing yet.
    pub fn new(settings: &RorSettings, clock: Clock) -> Result<Self, RorSetupError> {
        check_url(&settings.base_url, "ror.api.base_url")?;
        check_url(&settings.token_url, "ror.api.token_url")?;
        if settings.client_id.trim().is_empty() {
            return Err(RorSetupError::ClientId);
        }
        settings.reader.fault().map_or(Ok(()), |fault| Err(RorSetupError::Reader(fault)))?;
        Ok(Self {
            caller: Caller::new(settings, settings.ca.as_deref(), settings.api_identity.as_ref())?,
            locations: format!("{}/ws-synchro-dispo-lits-fhir/Location", settings.base_url.trim_end_matches('/')),
            readings: format!("{}/ws-diffusion-fhir/Location", settings.base_url.trim_end_matches('/')),
            reader: settings.reader.clone(),
            genre: settings.genre_indifferencie,
            tokens: Tokens::of_writer(settings, clock.clone())?,
            reading_tokens: Tokens::of_reader(settings, clock.clone())?,
            clock,
            pace: None,
        })
    }

    /// Checks the certificates of both servers against these lists too, from the next request on.
    #[must_use]
    pub fn checking(mut self, revocation: &Revocation) -> Self {
        self.caller.check_revocation(revocation.clone());
        self.tokens.check_revocation(revocation.clone());
        self.reading_tokens.iter_mut().for_each(|tokens| tokens.check_revocation(revocation.clone()));
        self
    }

    /// The same client, which sends at most so many requests a second to the API. To be called within the runtime.
    #[must_use]
    pub fn paced(mut self, per_second: Option<NonZeroU32>) -> Self {
        self.pace = per_second.map(|per_second| {
            // No interval may be of no length.
            let apart = (Duration::from_secs(1) / per_second.get()).max(Duration::from_nanos(1));
            let mut interval = tokio::time::interval(apart);
            // A pause is not made up for by a burst.
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            Mutex::new(interval)
        });
        self
    }

    /// Waits for the turn of the next request.
    pub(super) async fn pace(&self) {
        if let Some(pace) = &self.pace {
            pace.lock().await.tick().await;
        }
    }

    /// Gives the indicator its value: `replace`, then `add` on the documented 404 only.
    ///
    /// The same 404 as an answer to the `add` is R05: an `OperationOutcome` outside the table, which
    /// sending again would not change.
    pub async fn put(&self, update: &Update) -> Attempted {
        self.put_while(update, &always).await
    }

    /// The same, as long as each request may be sent at the moment it would leave; else it is
    /// [`PushFailure::Withdrawn`].
    pub async fn put_while(&self, update: &Update, may_send: MaySend<'_>) -> Attempted {
        let mut exchanges = Vec::new();
        let result = self.replace_or_add(update, may_send, &mut exchanges).await;
        Attempted { exchanges, result }
    }

    /// Sends the `replace` alone, never the `add` that makes an indicator: a trial on a location that
    /// does not exist changes nothing, and its R01 says that the client may write there.
    pub async fn try_replace(&self, update: &Update) -> Attempted {
        let mut exchanges = Vec::new();
        let body = body::replace(update, self.genre);
        let patched = self.patch(&update.location, Operation::Replace, &body, &always, &mut exchanges).await;
        let result = patched.and_then(|patched| match patched {
            Patched::Done(receipt) => Ok(receipt),
            Patched::IndicatorAbsent(refusal) => Err(PushFailure::Refused(refusal)),
        });
        Attempted { exchanges, result }
    }

    /// Removes the indicator whose undifferentiated genre was sent as `genre`. Done as well when
    /// the ROR says that it is not there.
    pub async fn delete(&self, location: &Location, indicator: &Indicator, genre: GenreCode) -> Attempted {
        self.delete_while(location, indicator, genre, &always).await
    }

    /// The same, under the condition of [`Self::put_while`].
    pub async fn delete_while(
        &self,
        location: &Location,
        indicator: &Indicator,
        genre: GenreCode,
        may_send: MaySend<'_>,
    ) -> Attempted {
        let mut exchanges = Vec::new();
        let body = body::delete(indicator, genre);
        let result =
            self.patch(location, Operation::Delete, &body, may_send, &mut exchanges).await.map(
                |answered| match answered {
                    Patched::Done(receipt) => receipt,
                    Patched::IndicatorAbsent(_) => {
                        Receipt { operation: Operation::Delete, etag: None, last_modified: None }
                    }
                },
            );
        Attempted { exchanges, result }
    }

    /// Obtains a token, or makes sure that there is one.
    pub async fn token(&self) -> Result<(), PushFailure> {
        self.tokens.get(None, &mut Vec::new()).await.map(drop)
    }

    /// Obtains a token for reading, or makes sure that there is one.
    pub async fn reading(&self) -> Result<(), PushFailure> {
        self.reading_token(None, &mut Vec::new()).await.map(drop)
    }

    /// A token for reading that is not the one just `refused`.
    pub(super) async fn reading_token(
        &self,
        refused: Option<&AccessToken>,
        exchanges: &mut Vec<Exchange>,
    ) -> Result<AccessToken, PushFailure> {
        let Some(own) = &self.reading_tokens else { return self.tokens.get(refused, exchanges).await };
        own.get(refused, exchanges).await.map_err(|failure| match failure {
            PushFailure::OurSide(fault) => OurFault::Reader(Box::new(fault)).into(),
            other => other,
        })
    }

    async fn replace_or_add(
        &self,
        update: &Update,
        may_send: MaySend<'_>,
        exchanges: &mut Vec<Exchange>,
    ) -> Result<Receipt, PushFailure> {
        let body = body::replace(update, self.genre);
        let replaced = self.patch(&update.location, Operation::Replace, &body, may_send, exchanges).await?;
        if let Patched::Done(receipt) = replaced {
            return Ok(receipt);
        }
        let body = body::add(update, self.genre);
        match self.patch(&update.location, Operation::Add, &body, may_send, exchanges).await? {
            Patched::Done(receipt) => Ok(receipt),
            Patched::IndicatorAbsent(refusal) => Err(PushFailure::Refused(refusal)),
        }
    }

    /// One operation, with the token renewed once on a 401.
    async fn patch(
        &self,
        location: &Location,
        operation: Operation,
        body: &Value,
        may_send: MaySend<'_>,
        exchanges: &mut Vec<Exchange>,
    ) -> Result<Patched, PushFailure> {
        let identifier = location.ror_identifier();
        let request = RorRequest { url: self.url(location), identifier, operation, body: body.to_string() };
        let token = self.tokens.get(None, exchanges).await?;
        if let Some(patched) = Patched::of(self.send(&request, &token, may_send, exchanges).await?) {
            return Ok(patched);
        }
        let token = self.tokens.get(Some(&token), exchanges).await?;
        let patched = Patched::of(self.send(&request, &token, may_send, exchanges).await?);
        patched.ok_or(PushFailure::OurSide(OurFault::TokenNotAccepted))
    }

    async fn send(
        &self,
        request: &RorRequest,
        token: &AccessToken,
        may_send: MaySend<'_>,
        exchanges: &mut Vec<Exchange>,
    ) -> Result<Answered, PushFailure> {
        self.pace().await;
        // Last of all: the token and the turn may have taken their time.
        if !may_send() {
            return Err(PushFailure::Withdrawn);
        }
        let started = Instant::now();
        let builder = |http: &reqwest::Client| {
            let builder = http.patch(&request.url).header(CONTENT_TYPE, "application/fhir+json");
            builder.bearer_auth(token.reveal()).body(request.body.clone())
        };
        let answer = self.caller.exchange(builder, self.clock.now()).await;
        let status = answer.as_ref().ok().map(|answer| answer.status);
        let said = answer.as_ref().map(|answer| response::excerpt(answer, token.reveal())).unwrap_or_default();
        let result = answer
            .map_err(response::lost)
            .and_then(|answer| response::judge(request.operation, &request.identifier, &answer));
        exchanges.push(Exchange {
            operation: request.operation,
            status,
            duration: started.elapsed(),
            answer: said,
            failure: result.as_ref().err().map(ToString::to_string),
        });
        result
    }

    /// The slash between establishment and code stays as the documentation writes it; a query may
    /// hold one (RFC 3986 section 3.4).
    fn url(&self, location: &Location) -> String {
        let id = location.finess().id_nat_struct();
        let code = utf8_percent_encode(location.service().as_str(), UNRESERVED);
        format!("{}?identifier={id}/{code}", self.locations)
    }
}

struct RorRequest {
    url: String,
    /// What the URL asks for, as it is before it is encoded.
    identifier: String,
    operation: Operation,
    body: String,
}

/// How an operation ended once the token is out of question.
enum Patched {
    Done(Receipt),
    IndicatorAbsent(super::failure::RorRefusal),
}

impl Patched {
    fn of(answered: Answered) -> Option<Self> {
        match answered {
            Answered::Done(receipt) => Some(Self::Done(receipt)),
            Answered::IndicatorAbsent(refusal) => Some(Self::IndicatorAbsent(refusal)),
            Answered::TokenRefused => None,
        }
    }
}

fn check_url(text: &str, key: &'static str) -> Result<(), RorSetupError> {
    let is_plain = |url: &Url| {
        let has_extra = url.query().is_some() || url.fragment().is_some();
        url.scheme() == "https" && url.username().is_empty() && url.password().is_none() && !has_extra
    };
    Url::parse(text).ok().filter(is_plain).map(drop).ok_or(RorSetupError::Url { key })
}
