//! What the ROR holds of an indicator: read before a write, where the agency wants manual entries spared.
//!
//! The read service answers a searchset of `RORLocation` (FHIR IG ROR, « consommation-api »); it wants four headers that
//! the write service forbids.

use jiff::Timestamp;
use percent_encoding::utf8_percent_encode;
use serde_json::Value;
use tokio::time::Instant;

use crate::capacity::{Location, Update};

use super::client::{Client, Exchange, Operation, UNRESERVED};
use super::failure::{OurFault, PushFailure};
use super::http::{self, Answer};
use super::path::{self, CAPACITY};
use super::token::Token;
use super::{answer, text};

/// The most bytes of an answer: a location has dozens of indicators of 2 kB each.
const LIMIT: usize = 2 * 1024 * 1024;
/// The most characters of a refusal that the journal keeps; a success is not kept at all.
const REFUSAL_CHARS: usize = 2000;

/// What the ROR holds of one indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// capacityUpdateDate.
    pub date: Timestamp,
    /// nbCapacity.
    pub nombre: i64,
}

impl Held {
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
    /// What is held, if anything is; or why nobody knows. A failure changed nothing at the ROR.
    pub result: Result<Option<Held>, PushFailure>,
}

impl Client {
    /// What the ROR holds of the indicator of this count.
    pub async fn held(&self, update: &Update) -> Read {
        let mut exchanges = Vec::new();
        let result = self.read(&update.location, &mut exchanges).await.map_err(harmless);
        let criteria: Vec<_> = path::key(&update.count.indicator, self.genre).collect();
        Read { exchanges, result: result.map(|bundle| newest(&bundle, &criteria)) }
    }

    async fn read(&self, location: &Location, exchanges: &mut Vec<Exchange>) -> Result<Value, PushFailure> {
        let token = self.tokens.get(None, exchanges).await?;
        if let Some(bundle) = self.get(location, &token, exchanges).await? {
            return Ok(bundle);
        }
        let token = self.tokens.get(Some(&token), exchanges).await?;
        self.get(location, &token, exchanges).await?.ok_or(PushFailure::OurSide(OurFault::TokenNotAccepted))
    }

    /// `None` if the token is no longer accepted.
    async fn get(
        &self,
        location: &Location,
        token: &Token,
        exchanges: &mut Vec<Exchange>,
    ) -> Result<Option<Value>, PushFailure> {
        self.pace().await;
        let (id, code) = (location.finess().id_nat_struct(), location.service().as_str());
        let url = format!("{}?identifier={id}/{}", self.readings, utf8_percent_encode(code, UNRESERVED));
        let request = |http: &reqwest::Client| self.reader_headers(http.get(url)).bearer_auth(token.reveal());
        let started = Instant::now();
        let answer = self.caller.exchange_up_to(request, self.clock.now(), LIMIT).await;
        let (status, said) = (answer.as_ref().ok().map(|answer| answer.status), refusal(&answer, token));
        let result = answer.map_err(answer::lost).and_then(|answer| judge(&answer));
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
            .header("Ror-Profil-Utilisateur-Code", &self.reader_profile)
            .header("Ror-Profil-Utilisateur-System", "1.2.250.1.213.1.6.1.66")
            .header("Ror-Role-Metier-Code", "AUTOMATE")
            .header("Ror-Role-Metier-System", "1.2.250.1.213.1.1.4.6")
    }
}

fn refusal(answer: &Result<Answer, http::Loss>, token: &Token) -> String {
    let refused = answer.as_ref().ok().filter(|answer| answer.status >= 400);
    refused.map_or_else(String::new, |answer| {
        text::shorten(&String::from_utf8_lossy(&answer.body).replace(token.reveal(), "***"), REFUSAL_CHARS)
    })
}

fn judge(answer: &Answer) -> Result<Option<Value>, PushFailure> {
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
        status => Err(PushFailure::OurSide(OurFault::ReadRefused { status })),
    }
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
fn newest(bundle: &Value, criteria: &[(&'static str, &'static str)]) -> Option<Held> {
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

fn held(parts: &[Value]) -> Option<Held> {
    let date = part(parts, "capacityUpdateDate")?.get("valueDateTime")?.as_str()?.parse().ok()?;
    let nombre = part(parts, "nbCapacity")?.get("valueInteger")?.as_i64()?;
    Some(Held { date, nombre })
}

fn part<'a>(parts: &'a [Value], name: &str) -> Option<&'a Value> {
    parts.iter().find(|part| part.get("url").and_then(Value::as_str) == Some(name))
}
