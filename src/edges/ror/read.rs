//! What the ROR holds of an indicator: read before a write, where the agency wants manual entries spared.
//!
//! The read service answers a searchset of `RORLocation` (FHIR IG ROR, « consommation-api »); it wants four headers that
//! the write service forbids.

use jiff::Timestamp;
use percent_encoding::utf8_percent_encode;
use serde_json::Value;
use tokio::time::Instant;

use domain::capacity::{Genre, Indicator, Location, Update};

use super::client::{Client, Exchange, Operation, UNRESERVED};
use super::failure::{OurFault, PushFailure};
use super::http;
use super::http::HttpAnswer;
use super::operation_outcome::OperationOutcome;
use super::path::{self, CAPACITY};
use super::token::AccessToken;
use super::{response, sanitize};
use domain::capacity::GenreCode;

/// The most bytes of an answer: a location has dozens of indicators of 2 kB each.
const LIMIT: usize = 2 * 1024 * 1024;
/// The most characters of a refusal that the journal keeps; a success is not kept at all.
const REFUSAL_CHARS: usize = 2000;

/// What the ROR holds of one indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RorHolding {
    /// capacityUpdateDate.
    pub date: Timestamp,
    /// nbCapacity.
    pub nombre: i64,
}

impl RorHolding {
    /// Whether it was observed after this instant, which the ROR would get in whole seconds.
    pub fn is_later_than(&self, date: Timestamp) -> bool {
        self.date.as_second() > date.as_second()
    }
}

/// What one reading did.
#[derive(Debug, Clone)]
pub struct Read {
    /// The exchanges, oldest first.
    pub exchanges: Vec<Exchange>,
    /// What is held; or why nobody knows. A failure changed nothing at the ROR.
    pub result: Result<RorValue, PushFailure>,
}

/// What the ROR holds of one indicator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RorValue {
    /// Under the key that we write to.
    pub held: Option<RorHolding>,
    /// Under the same key but for the other code of the undifferentiated genre, which nothing of ours writes to: whoever
    /// reads the ROR counts those beds twice.
    pub twin: Option<(GenreCode, RorHolding)>,
}

impl Client {
    /// What the ROR holds of the indicator of this count.
    pub async fn held(&self, update: &Update) -> Read {
        let mut exchanges = Vec::new();
        let result = self.read(&update.location, &mut exchanges).await.map_err(harmless);
        Read { exchanges, result: result.map(|bundle| self.found(&bundle, &update.count.indicator)) }
    }

    fn found(&self, bundle: &Value, indicator: &Indicator) -> RorValue {
        let under = |genre| newest(bundle, &path::key(indicator, genre).collect::<Vec<_>>());
        let other = (indicator.genre() == Some(Genre::Indifferencie)).then(|| self.genre.other());
        RorValue { held: under(self.genre), twin: other.and_then(|genre| Some((genre, under(genre)?))) }
    }

    async fn read(&self, location: &Location, exchanges: &mut Vec<Exchange>) -> Result<Value, PushFailure> {
        let token = self.reading_token(None, exchanges).await?;
        if let Some(bundle) = self.get(location, &token, exchanges).await? {
            return Ok(bundle);
        }
        let token = self.reading_token(Some(&token), exchanges).await?;
        self.get(location, &token, exchanges).await?.ok_or(PushFailure::OurSide(OurFault::TokenNotAccepted))
    }

    /// `None` if the token is no longer accepted.
    async fn get(
        &self,
        location: &Location,
        token: &AccessToken,
        exchanges: &mut Vec<Exchange>,
    ) -> Result<Option<Value>, PushFailure> {
        self.pace().await;
        let (id, code) = (location.finess().id_nat_struct(), location.service().as_str());
        let url = format!("{}?identifier={id}/{}", self.readings, utf8_percent_encode(code, UNRESERVED));
        let request = |http: &reqwest::Client| self.reader_headers(http.get(url)).bearer_auth(token.reveal());
        let started = Instant::now();
        let answer = self.caller.exchange_up_to(request, self.clock.now(), LIMIT).await;
        let (status, said) = (answer.as_ref().ok().map(|answer| answer.status), refusal(&answer, token));
        let result = answer.map_err(response::lost).and_then(|answer| judge(&answer));
        exchanges.push(Exchange {
            operation: Operation::Read,
            status,
            duration: started.elapsed(),
            answer: said,
            failure: result.as_ref().err().map(ToString::to_string),
        });
        result
    }

    /// Who reads, and as what (ANS, page « consommation-api »).
    fn reader_headers(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        request
            .header("Accept", "application/fhir+json")
            .header("Ror-Profil-Utilisateur-Code", &self.reader.profile_code)
            .header("Ror-Profil-Utilisateur-System", &self.reader.profile_system)
            .header("Ror-Role-Metier-Code", &self.reader.role_code)
            .header("Ror-Role-Metier-System", &self.reader.role_system)
    }
}

fn refusal(answer: &Result<HttpAnswer, http::Loss>, token: &AccessToken) -> String {
    let refused = answer.as_ref().ok().filter(|answer| answer.status >= 400);
    refused.map_or_else(String::new, |answer| {
        sanitize::shorten(&String::from_utf8_lossy(&answer.body).replace(token.reveal(), "***"), REFUSAL_CHARS)
    })
}

fn judge(answer: &HttpAnswer) -> Result<Option<Value>, PushFailure> {
    match answer.status {
        200..=299 => {
            let bundle: Option<Value> = serde_json::from_slice(&answer.body).ok();
            let bundle = bundle.filter(|bundle| bundle.get("resourceType") == Some(&Value::from("Bundle")));
            let odd = OurFault::UnexpectedAnswer { status: answer.status, why: "la lecture ne rend pas de Bundle" };
            bundle.map(Some).ok_or(PushFailure::OurSide(odd))
        }
        300..=399 => Err(PushFailure::OurSide(OurFault::Redirected { status: answer.status })),
        401 => Ok(None),
        408 | 429 | 500..=599 => Err(PushFailure::Busy { status: answer.status, retry_after: answer.retry_after }),
        status => Err(passing(answer).unwrap_or(PushFailure::OurSide(OurFault::ReadRefused { status }))),
    }
}

/// A refusal that passes by itself, as the write service's do.
fn passing(answer: &HttpAnswer) -> Option<PushFailure> {
    let (status, retry_after) = (answer.status, answer.retry_after);
    let outcome = OperationOutcome::parse(&answer.body);
    let passes = match &outcome {
        Some(outcome) => outcome.passes(status),
        None => matches!(status, 409 | 423 | 425),
    };
    let said = outcome.map_or_else(|| "sans précision".to_owned(), |outcome| outcome.diagnostics());
    passes.then_some(PushFailure::Postponed { status, said, retry_after, in_doubt: false })
}

/// A reading that failed cannot be applied later, whatever became of it.
fn harmless(failure: PushFailure) -> PushFailure {
    match failure {
        PushFailure::OurSide(OurFault::UnexpectedAnswer { status, .. }) => OurFault::ReadRefused { status }.into(),
        unknown if unknown.is_unknown() => PushFailure::Unreachable(format!("lecture avant écriture : {unknown}")),
        other => other,
    }
}

/// The latest entry of this indicator, over all locations found.
fn newest(bundle: &Value, criteria: &[(&'static str, &'static str)]) -> Option<RorHolding> {
    let entries = bundle.get("entry").and_then(Value::as_array).into_iter().flatten();
    let capacities = entries.filter_map(|entry| entry.pointer("/resource/extension")?.as_array()).flatten();
    let capacities = capacities.filter(|one| one.get("url").and_then(Value::as_str) == Some(CAPACITY));
    let parts = capacities.filter_map(|one| one.get("extension")?.as_array());
    parts.filter(|parts| is_of(parts, criteria)).filter_map(|parts| held(parts)).max_by_key(|held| held.date)
}

/// Whether the parts of a capacity have these codes, and no other attribute of the key.
fn is_of(parts: &[Value], criteria: &[(&'static str, &'static str)]) -> bool {
    path::KEY.iter().all(|name| {
        let wanted = criteria.iter().find(|(known, _)| known == name).map(|(_, code)| *code);
        code(parts, name) == wanted
    })
}

fn code<'a>(parts: &'a [Value], name: &str) -> Option<&'a str> {
    part(parts, name)?.pointer("/valueCodeableConcept/coding/0/code")?.as_str()
}

fn held(parts: &[Value]) -> Option<RorHolding> {
    let date = part(parts, "capacityUpdateDate")?.get("valueDateTime")?.as_str()?.parse().ok()?;
    let nombre = part(parts, "nbCapacity")?.get("valueInteger")?.as_i64()?;
    Some(RorHolding { date, nombre })
}

fn part<'a>(parts: &'a [Value], name: &str) -> Option<&'a Value> {
    parts.iter().find(|part| part.get("url").and_then(Value::as_str) == Some(name))
}
