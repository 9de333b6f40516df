//! What machines may ask for: the parameters, read and described.

use std::collections::BTreeMap;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use crate::query::{Given, instant};
use crate::{Visitor, WebRefusal};
use domain::access::Right;
use domain::defect::{Actor, Code};
use store::search::{Column, MailStatus};

/// A path whose parameter cannot be read.
pub(super) type BadPath = PathRejection;

/// The longest time a question is about: a year and a day.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 367);
/// The longest that is told hour by hour.
const LONGEST_BY_HOUR: SignedDuration = SignedDuration::from_hours(24 * 32);
/// What is told of when no time is given.
const USUAL: SignedDuration = SignedDuration::from_hours(24);

/// The address asked for, by whoever may see metadata.
pub(super) struct ParamReading(pub(super) Uri);

/// Asked by whoever may see metadata, without a query: none has a meaning there.
pub(super) struct Plain;

impl<S: Sync> FromRequestParts<S> for ParamReading {
    type Rejection = WebRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebRefusal> {
        Visitor::from_request_parts(parts, state).await?.require(Right::Metadonnees)?;
        Ok(Self(parts.uri.clone()))
    }
}

impl<S: Sync> FromRequestParts<S> for Plain {
    type Rejection = WebRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebRefusal> {
        let ParamReading(uri) = ParamReading::from_request_parts(parts, state).await?;
        pairs(&uri, &[]).map(|_| Self)
    }
}

/// On a page an empty field asks for nothing; a machine that gives an empty value is wrong.
pub(super) fn no_empty_value(uri: &Uri) -> Result<(), WebRefusal> {
    let Query(pairs) = read(uri)?;
    match pairs.iter().find(|(_, value)| value.trim() != value || value.is_empty()) {
        Some((key, _)) => {
            Err(WebRefusal::Bad(format!("la valeur de « {} » ne convient pas", domain::defect::excerpt(key))))
        }
        None => Ok(()),
    }
}

fn read(uri: &Uri) -> Result<Query<Vec<(String, String)>>, WebRefusal> {
    Query::try_from_uri(uri).map_err(|_| WebRefusal::Bad("cette adresse ne se lit pas".to_owned()))
}

/// The values of the query, each key once.
fn pairs(uri: &Uri, keys: &[&'static str]) -> Result<BTreeMap<&'static str, String>, WebRefusal> {
    let Query(found) = read(uri)?;
    let mut pairs = BTreeMap::new();
    for (key, value) in found {
        let quoted = domain::defect::excerpt(&key);
        let Some(known) = keys.iter().find(|known| **known == key) else {
            return Err(WebRefusal::Bad(format!("la clé « {quoted} » n’existe pas ici")));
        };
        if pairs.insert(*known, value).is_some() {
            return Err(WebRefusal::Bad(format!("la clé « {quoted} » est donnée deux fois")));
        }
    }
    Ok(pairs)
}

/// A time that a question is about.
pub(super) struct Span;

/// How finely the flow is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SeriesStep {
    Heure,
    Jour,
}

impl Span {
    /// The time that a query gives; the last day if it gives none.
    pub(super) fn of(uri: &Uri, now: Timestamp) -> Result<(Timestamp, Timestamp), WebRefusal> {
        span(&pairs(uri, &["du", "au"])?, now, LONGEST)
    }
}

impl SeriesStep {
    /// The time that a query gives, and the step in which it is told.
    pub(super) fn of(uri: &Uri, now: Timestamp) -> Result<(Timestamp, Timestamp, Self), WebRefusal> {
        let pairs = pairs(uri, &["du", "au", "pas"])?;
        let step = match pairs.get("pas").map(String::as_str) {
            None | Some("heure") => Self::Heure,
            Some("jour") => Self::Jour,
            Some(_) => return Err(WebRefusal::Bad("« pas » est heure ou jour".to_owned())),
        };
        let longest = if step == Self::Heure { LONGEST_BY_HOUR } else { LONGEST };
        span(&pairs, now, longest).map(|(since, until)| (since, until, step))
    }
}

fn span(
    pairs: &BTreeMap<&'static str, String>,
    now: Timestamp,
    longest: SignedDuration,
) -> Result<(Timestamp, Timestamp), WebRefusal> {
    let given = |key: &str, end: bool| match pairs.get(key) {
        None => Ok(None),
        Some(text) => instant(text, end).map(Some).ok_or_else(|| {
            WebRefusal::Bad(format!("« {} » n’est ni une date ni un instant", domain::defect::excerpt(text)))
        }),
    };
    let until = given("au", true)?.unwrap_or(now);
    let since = given("du", false)?.unwrap_or_else(|| until.saturating_sub(USUAL).unwrap_or(Timestamp::MIN));
    if until.duration_since(since) > longest {
        return Err(WebRefusal::Bad(format!("pas plus de {} jours à la fois", longest.as_hours() / 24)));
    }
    Ok((since, until))
}

/// What a filter of the journal is, for its description.
enum ParamKind {
    Text(&'static str),
    Words(Vec<&'static str>),
    Count,
}

use ParamKind::{Count, Text, Words};

/// A date or an instant: 2026-11-23, 2026-11-23T08:00, 2026-11-23T08:00:00Z.
const INSTANT: &str = r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?$";

/// The filters of the journal.
pub(super) struct Wanted;

impl IntoParams for Wanted {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Given::keys().map(|key| parameter(key, described(key))).collect()
    }
}

impl IntoParams for Span {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        ["du", "au"].map(|key| parameter(key, described(key))).into()
    }
}

impl IntoParams for SeriesStep {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter("pas", ("Finesse du compte", Words(vec!["heure", "jour"])))]
    }
}

fn described(key: &str) -> (&'static str, ParamKind) {
    match key {
        "du" => ("Reçus à partir de cette date ou de cet instant (heure de Paris)", Text(INSTANT)),
        "au" => ("Reçus avant la fin de cette date, ou avant cet instant", Text(INSTANT)),
        "finess" => ("Établissement cité ; clé comprise", Text("^[0-9][0-9AB][0-9]{7}$")),
        "service" => ("Code d’un service cité", Text("^[A-Za-z0-9._-]{1,50}$")),
        "expediteur" => ("Adresse entière de l’expéditeur, ou son début", Text("^[!-~]{1,254}$")),
        "verdict" => ("Verdict", Words(MailStatus::all().map(MailStatus::word).collect())),
        "code" => ("Code de défaut", Words(Code::ALL.iter().map(|code| code.as_str()).collect())),
        "agir" => ("Qui doit agir, sur un rejet ou un avertissement", Words(Actor::ALL.map(Actor::word).into())),
        "rejets" => ("Seulement ceux dont quelque chose est rejeté", Words(vec!["oui"])),
        "traite" => ("Marqués comme traités, ou non", Words(vec!["oui", "non"])),
        "identifiant" => (
            "Début d’un identifiant de document, d’un Message-ID ou d’un SHA-256 ; en entier pour un rôle sans accès au contenu",
            Text("^[!-~]{1,250}$"),
        ),
        "boite" => ("Boîte, par son nom dans la configuration", Text("^[!-~]{1,100}$")),
        "tri" => ("Ordre ; « - » pour l’inverse", Words(sorts())),
        "curseur" => ("Page, comme une autre l’a donnée", Text("^[A-Za-z0-9_-]{1,1000}$")),
        "limite" => ("Nombre de lignes", Count),
        _ => ("", Text("")),
    }
}

fn sorts() -> Vec<&'static str> {
    Column::ALL.iter().map(|column| column.word()).chain(["-recu", "-expediteur", "-verdict"]).collect()
}

fn parameter(name: &str, (description, kind): (&str, ParamKind)) -> Parameter {
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).description(Some(description));
    parameter.schema(Some(schema(kind))).build()
}

fn schema(kind: ParamKind) -> Object {
    match kind {
        Text(pattern) => ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).build(),
        Words(words) => ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build(),
        Count => ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(500)).build(),
    }
}
