//! The addresses of the two listeners, and the operator's own under `/_simulateur`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::fault::{Effect, SimulatedFault};
use super::journal::Recorded;
use super::listener::Cut;
use super::refusal::SimulatedRefusal;
use super::reply::Reply;
use super::service::{SimulatedService, Write, authorization, names, ror_headers};

/// The most bytes of a request that are read.
const REQUEST_LIMIT: usize = 64 * 1024;

/// What a reader must say of himself (ANS, page « consommation-api »).
const READER_HEADERS: [&str; 4] =
    ["ror-profil-utilisateur-code", "ror-profil-utilisateur-system", "ror-role-metier-code", "ror-role-metier-system"];

/// What the handlers share: the service, and the tasks that outlive a client who leaves.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) service: Arc<SimulatedService>,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

type Parameters = Query<Vec<(String, String)>>;

/// The API: the write service, the read service, and the operator's addresses.
pub(super) fn api(shared: Shared) -> Router {
    Router::new()
        .route("/ws-synchro-dispo-lits-fhir/Location", patch(write))
        .route("/ws-diffusion-fhir/Location", get(read))
        .route("/_simulateur/defauts", post(add_fault).delete(clear_faults))
        .route("/_simulateur/etat", get(state))
        .route("/_simulateur/requetes", get(requests))
        .layer(DefaultBodyLimit::max(REQUEST_LIMIT))
        .with_state(shared)
}

/// The token endpoint.
pub(super) fn token(shared: Shared, path: &str) -> Router {
    Router::new().route(path, post(deliver_token)).layer(DefaultBodyLimit::max(REQUEST_LIMIT)).with_state(shared)
}

/// Treated in a task of its own: a server does not stop working because a client hangs up.
async fn write(
    State(shared): State<Shared>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Query(parameters): Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let write = Write { identifiers: identifiers(parameters), headers, body: body.to_vec() };
    let (service, stop) = (shared.service.clone(), shared.stop.clone());
    let treated = shared.tasks.spawn(async move { stop.run_until_cancelled(service.write(write)).await }).await;
    let Some(reply) = treated.ok().flatten().flatten() else {
        cut.cut.cancel();
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    reply.into_response()
}

async fn read(State(shared): State<Shared>, Query(parameters): Parameters, headers: HeaderMap) -> Reply {
    let identifier = identifiers(parameters).into_iter().next();
    let client = shared.service.tokens.client_of(authorization(&headers));
    let reply = search(&shared.service, identifier.as_deref(), client.as_deref(), &headers);
    shared.service.journal.open(Recorded {
        methode: "GET".to_owned(),
        identifiant: identifier,
        en_tetes: names(&headers),
        ror: ror_headers(&headers),
        client,
        statut: Some(reply.status),
        ..Recorded::default()
    });
    reply
}

fn search(service: &SimulatedService, identifier: Option<&str>, client: Option<&str>, headers: &HeaderMap) -> Reply {
    let Some(client) = client else {
        return Reply::refusal(SimulatedRefusal::invalid(401, "Jeton absent, inconnu ou expiré"));
    };
    if service.reader.as_ref().is_some_and(|reader| reader.client_id != client) {
        return Reply::refusal(SimulatedRefusal::of(
            403,
            &["forbidden".to_owned()],
            Some("Ce client ne lit pas"),
            None,
        ));
    }
    if let Some(missing) = READER_HEADERS.iter().find(|name| !headers.contains_key(**name)) {
        return Reply::refusal(SimulatedRefusal::invalid(400, format!("L'en-tête {missing} manque")));
    }
    let Some(identifier) = identifier else {
        return Reply::refusal(SimulatedRefusal::invalid(400, "Le paramètre identifier manque"));
    };
    match service.faults.hit_read(identifier) {
        Some(Effect::Lecture { statut, codes }) => Reply::refusal(SimulatedRefusal::of(statut, &codes, None, None)),
        _ => Reply::json(200, service.directory().search(identifier)),
    }
}

async fn deliver_token(
    State(shared): State<Shared>,
    ConnectInfo(Cut { certified, .. }): ConnectInfo<Cut>,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let demand = Demand::read(&body);
    let reply = token_reply(&shared.service, demand.as_ref(), certified);
    shared.service.journal.open(Recorded {
        methode: "POST".to_owned(),
        en_tetes: names(&headers),
        client: demand.map(|demand| demand.client_id),
        statut: Some(reply.status),
        ..Recorded::default()
    });
    reply
}

fn token_reply(service: &SimulatedService, demand: Option<&Demand>, certified: bool) -> Reply {
    let refused =
        |status, error| Reply::of_tokens(status, json!({"error": error, "error_description": "Demande refusée"}));
    match (service.faults.hit_token(), demand) {
        (Some(Effect::Jeton { statut: status @ 400..=499 }), _) => refused(status, "invalid_client"),
        (Some(Effect::Jeton { statut }), _) => Reply::page(statut),
        (_, Some(Demand { client_id, .. })) if client_id.is_empty() => refused(400, "invalid_request"),
        (_, Some(Demand { grant, .. })) if grant != "client_credentials" => refused(400, "unsupported_grant_type"),
        (_, Some(demand)) if demand.is_proved(service, certified) => {
            Reply::of_tokens(200, delivery(service, &demand.client_id))
        }
        (_, Some(_)) => refused(401, "invalid_client"),
        (_, None) => refused(400, "invalid_request"),
    }
}

/// As Keycloak answers, which the real endpoint is by its address.
fn delivery(service: &SimulatedService, client: &str) -> Value {
    json!({
        "access_token": service.tokens.issue(client),
        "expires_in": service.tokens.lifetime(),
        "refresh_expires_in": 0,
        "token_type": "Bearer",
        "not-before-policy": 0,
        "scope": "email profile"
    })
}

/// What a client asks the token endpoint for (RFC 6749, sections 2.3.1 and 4.4.2).
struct Demand {
    grant: String,
    client_id: String,
    secret: Option<String>,
}

impl Demand {
    fn read(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let form = reqwest::Url::parse(&format!("form:?{text}")).ok()?;
        let field = |name: &str| form.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let client_id = field("client_id").unwrap_or_default();
        Some(Self { grant: field("grant_type")?, client_id, secret: field("client_secret") })
    }

    /// By a certificate, or by the secret of the client that reads.
    fn is_proved(&self, service: &SimulatedService, certified: bool) -> bool {
        match &service.reader {
            Some(reader) if reader.client_id == self.client_id => self.secret.as_deref() == Some(&reader.secret),
            _ => certified,
        }
    }
}

async fn add_fault(State(shared): State<Shared>, fault: Result<Json<SimulatedFault>, JsonRejection>) -> Response {
    // Nothing could ever release it over HTTP.
    if let Ok(Json(SimulatedFault { effect: Effect::Tardif { ms: None }, .. })) = &fault {
        return (StatusCode::BAD_REQUEST, "défaut « tardif » : la clé « ms » est attendue\n").into_response();
    }
    match fault.map(|Json(fault)| shared.service.inject(fault)) {
        Ok(true) => StatusCode::CREATED.into_response(),
        Ok(false) => (StatusCode::INSUFFICIENT_STORAGE, "trop de défauts en attente\n").into_response(),
        Err(refused) => (StatusCode::BAD_REQUEST, format!("défaut illisible : {refused}\n")).into_response(),
    }
}

async fn clear_faults(State(shared): State<Shared>) -> StatusCode {
    shared.service.faults.clear();
    StatusCode::NO_CONTENT
}

async fn state(State(shared): State<Shared>) -> Response {
    let capacities = shared.service.directory().snapshot();
    Json(capacities).into_response()
}

async fn requests(State(shared): State<Shared>) -> Response {
    Json(shared.service.journal.all()).into_response()
}

fn identifiers(parameters: Vec<(String, String)>) -> Vec<String> {
    parameters.into_iter().filter(|(name, _)| name == "identifier").map(|(_, value)| value).collect()
}
