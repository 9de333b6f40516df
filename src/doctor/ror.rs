//! The token endpoint and the write API of the ROR.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::Url;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::handshake::{Endpoint, Opening, REVOCATION, TLS};
use super::line_protocol::Dialogue;
use super::phrases::whole;
use super::step::{Outcome, Section, StepFailure, Trial};
use super::tcp::{DNS, TCP, Target};
use super::{LONGEST, ror_failure, ror_permissions};
use base::clock::Clock;
use base::tls::revocation::Revocation;
use domain::capacity::Location;
use edges::ror::{Client, PushFailure, RorSettings, RorSetupError};
use judging::referential::Referential;
use service::config;

const SETTINGS: &str = "réglages";
const CLOCK: &str = "horloge";
const TOKEN: &str = "jeton";
const READING: &str = "lecture";
pub(super) const RIGHTS: &str = "droits";
/// The most that our clock may differ from the server's, in seconds: reports dated later than this
/// are refused (H02).
const DRIFT: i64 = 120;

pub(super) async fn sections(
    ror: &config::Ror,
    read: Result<Box<Client>, RorSetupError>,
    place: Option<&Location>,
    referential: Option<&Referential>,
    revocation: &Revocation,
    clock: &Clock,
) -> Vec<Section> {
    let settings = &ror.api;
    let mut token = Trial::new(
        "jeton",
        title("Serveur de jetons", &settings.token_url),
        &[SETTINGS, DNS, TCP, TLS, REVOCATION, CLOCK, TOKEN],
        limit(settings),
    );
    let client = try_token(&mut token, settings, read, revocation, clock).await;
    let steps = [DNS, TCP, TLS, REVOCATION, RIGHTS];
    let mut api = Trial::new("api", title("API du ROR", &settings.base_url), &steps, limit(settings));
    try_api(&mut api, settings, client.as_ref(), place.zip(referential), revocation, clock).await;
    let mut sections = vec![token.end(), api.end()];
    if ror.delivery.read_before_write {
        sections.push(reading(settings, client.as_ref(), place, clock).await);
    }
    sections
}

/// The client that reads, and what it reads of a location that does not exist.
async fn reading(settings: &RorSettings, client: Option<&Client>, place: Option<&Location>, clock: &Clock) -> Section {
    let name = settings.reader.client_id.as_ref().unwrap_or(&settings.client_id);
    let mut trial =
        Trial::new("lecture", format!("Lecture du ROR (client « {name} »)"), &[TOKEN, READING], limit(settings));
    match (client, place) {
        (None, _) => trial.note(TOKEN, skipped("le client qui écrit n’a pas de jeton : réparez-le d’abord")),
        (Some(client), place) => drop(try_reading(&mut trial, client, place, clock).await),
    }
    trial.end()
}

async fn try_reading(trial: &mut Trial, client: &Client, place: Option<&Location>, clock: &Clock) -> Option<()> {
    let token = async {
        client
            .reading()
            .await
            .map(|()| ((), "jeton délivré".to_owned()))
            .map_err(|failure| ror_failure::as_said(&failure))
    };
    trial.step(TOKEN, token).await?;
    let Some(update) = place.and_then(|place| ror_permissions::impossible(place, clock)) else {
        trial.note(READING, skipped("demandez cet essai par --lieu FINESS/CODE"));
        return Some(());
    };
    let read = async {
        match client.held(&update).await.result {
            Ok(_) => Ok(((), "le service de lecture répond, et n’a rien pour un lieu qui n’existe pas".to_owned())),
            Err(failure) => Err(ror_failure::as_said(&failure)),
        }
    };
    trial.step(READING, read).await
}

/// One request and its connection, and one renewal of the token.
fn limit(settings: &RorSettings) -> Duration {
    settings.timeout.get().saturating_mul(2).min(LONGEST)
}

fn title(what: &str, url: &str) -> String {
    match Url::parse(url).ok().as_ref().and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?)))
    {
        Some((host, port)) => format!("{what} ({host}:{port})"),
        None => what.to_owned(),
    }
}

/// The client, once it has a token.
async fn try_token(
    trial: &mut Trial,
    settings: &RorSettings,
    read: Result<Box<Client>, RorSetupError>,
    revocation: &Revocation,
    clock: &Clock,
) -> Option<Client> {
    let client = trial.step(SETTINGS, async { prepare(settings, read, revocation) }).await?;
    let mut endpoint = endpoint(&settings.token_url, "ror.api.token_url")?;
    endpoint.ca = settings.token_authorities().map(Into::into);
    endpoint.identity = Some(settings.identity.clone());
    endpoint.revocation = revocation.clone();
    let stream = endpoint.open(trial).await?;
    trial.note(CLOCK, drift(stream, &endpoint.target.host, clock.now()).await);
    trial.step(TOKEN, token(&client, settings, &endpoint)).await?;
    Some(client)
}

async fn try_api(
    trial: &mut Trial,
    settings: &RorSettings,
    client: Option<&Client>,
    place: Option<(&Location, &Referential)>,
    revocation: &Revocation,
    clock: &Clock,
) -> Option<()> {
    let mut endpoint = endpoint(&settings.base_url, "ror.api.base_url")?;
    endpoint.ca.clone_from(&settings.ca);
    endpoint.identity.clone_from(&settings.api_identity);
    endpoint.revocation = revocation.clone();
    endpoint.open(trial).await?;
    match (client, place) {
        (None, _) => trial.note(RIGHTS, skipped("sans jeton, l’API ne peut être interrogée")),
        (_, None) => trial.note(RIGHTS, skipped("demandez cet essai par --lieu FINESS/CODE ; il n’écrit rien")),
        (Some(client), Some((place, referential))) => {
            let asked = ror_permissions::ask(client, settings, place, referential, clock, &endpoint);
            trial.step(RIGHTS, asked).await?;
        }
    }
    Some(())
}

fn skipped(reason: &str) -> Outcome {
    Outcome::NonFait { raison: reason.to_owned() }
}

fn prepare(
    settings: &RorSettings,
    read: Result<Box<Client>, RorSetupError>,
    revocation: &Revocation,
) -> Result<(Client, String), StepFailure> {
    let client = read.map_err(|error| {
        StepFailure::new(
            whole(&error),
            "corrigez la section [ror.api] ; la rubrique des certificats dit ce qui leur manque",
        )
    })?;
    Ok((client.checking(revocation), format!("client « {} »", settings.client_id)))
}

/// The address was found right when the client was made.
fn endpoint(url: &str, key: &'static str) -> Option<Endpoint> {
    let url = Url::parse(url).ok()?;
    // An IPv6 address is written in brackets there.
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    Some(Endpoint {
        target: Target::new(&host, url.port_or_known_default()?, key),
        opening: Opening::Tls,
        ca: None,
        identity: None,
        revocation: Revocation::default(),
        section: "ror.api".to_owned(),
    })
}

/// Our clock beside the server's: its answer to a request for nothing is dated (RFC 9110, section 6.6.1).
async fn drift(stream: TlsStream<TcpStream>, host: &str, now: Timestamp) -> Outcome {
    let request = format!("HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    let answer = tokio::time::timeout(LONGEST, Dialogue::new(stream).http(&request)).await;
    let Some(theirs) = answer.ok().and_then(Result::ok).and_then(|head| date(head.lines())) else {
        return skipped("le serveur ne date pas sa réponse");
    };
    match now.as_second() - theirs.as_second() {
        drift if drift.abs() <= DRIFT => Outcome::Reussi { detail: "à l’heure du serveur, à deux minutes près".to_owned() },
        drift => StepFailure::new(
            format!(
                "cette machine est en {} de {} s sur le serveur",
                if drift > 0 { "avance" } else { "retard" },
                drift.abs()
            ),
            "remettez-la à l’heure (« timedatectl set-ntp true ») : les dates des relevés, les jetons et les certificats en dépendent",
        )
        .into(),
    }
}

fn date<'a>(mut lines: impl Iterator<Item = &'a str>) -> Option<Timestamp> {
    let value = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("date").then_some(value)
    })?;
    DateTimeParser::new().parse_timestamp(value.trim()).ok()
}

async fn token(client: &Client, settings: &RorSettings, endpoint: &Endpoint) -> Result<((), String), StepFailure> {
    let Err(failure) = client.token().await else { return Ok(((), "jeton délivré".to_owned())) };
    let verdict = match failure {
        PushFailure::Unreachable(_) | PushFailure::Unknown(_) => endpoint.verdict().await,
        _ => None,
    };
    Err(verdict.unwrap_or_else(|| ror_failure::failure(&failure, settings, &endpoint.refusals())))
}
