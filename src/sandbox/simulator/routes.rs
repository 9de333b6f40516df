//! The addresses of the two listeners, and the operator's own under `/_simulateur`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Query, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::fault::{Effect, Fault};
use super::journal::Recorded;
use super::listener::Cut;
use super::refusal::Refusal;
use super::reply::Reply;
use super::service::{Service, Write, names};

/// The most bytes of a request that are read.
const REQUEST_LIMIT: usize = 64 * 1024;

/// What a reader must say of himself (ANS, page « consommation-api »).
const READER_HEADERS: [&str; 4] =
    ["ror-profil-utilisateur-code", "ror-profil-utilisateur-system", "ror-role-metier-code", "ror-role-metier-system"];

/// What the handlers share: the service, and the tasks that outlive a client who leaves.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) service: Arc<Service>,
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
        cut.0.cancel();
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    reply.into_response()
}

async fn read(State(shared): State<Shared>, Query(parameters): Parameters, headers: HeaderMap) -> Reply {
    let identifier = identifiers(parameters).into_iter().next();
    let reply = search(&shared.service, identifier.as_deref(), &headers);
    let (methode, en_tetes) = ("GET".to_owned(), names(&headers));
    let statut = Some(reply.status);
    shared.service.journal.open(Recorded { methode, identifiant: identifier, en_tetes, statut, ..Recorded::default() });
    reply
}

fn search(service: &Service, identifier: Option<&str>, headers: &HeaderMap) -> Reply {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !service.tokens.admits(authorization) {
        return Reply::refusal(Refusal::invalid(401, "Jeton absent, inconnu ou expiré"));
    }
    if let Some(missing) = READER_HEADERS.iter().find(|name| !headers.contains_key(**name)) {
        return Reply::refusal(Refusal::invalid(400, format!("L'en-tête {missing} manque")));
    }
    match identifier {
        Some(identifier) => Reply::json(200, service.directory().search(identifier)),
        None => Reply::refusal(Refusal::invalid(400, "Le paramètre identifier manque")),
    }
}

async fn deliver_token(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Reply {
    let reply = token_reply(&shared.service, &body);
    let statut = Some(reply.status);
    let (methode, en_tetes) = ("POST".to_owned(), names(&headers));
    shared.service.journal.open(Recorded { methode, en_tetes, statut, ..Recorded::default() });
    reply
}

fn token_reply(service: &Service, body: &[u8]) -> Reply {
    match (service.faults.hit_token(), demand(body)) {
        (Some(Effect::Jeton { statut: status @ 400..=499 }), _) => {
            Reply::json(status, json!({"error": "invalid_client", "error_description": "Client refusé"}))
        }
        (Some(Effect::Jeton { statut }), _) => Reply::page(statut),
        (_, Some(("client_credentials", true))) => Reply::json(200, delivery(service)),
        (_, Some((_, true))) => Reply::json(400, json!({"error": "unsupported_grant_type"})),
        (_, _) => Reply::json(400, json!({"error": "invalid_request"})),
    }
}

fn delivery(service: &Service) -> Value {
    json!({"access_token": service.tokens.issue(), "token_type": "Bearer", "expires_in": service.tokens.lifetime()})
}

/// The grant type, and whether a client names itself.
fn demand(body: &[u8]) -> Option<(&'static str, bool)> {
    let text = std::str::from_utf8(body).ok()?;
    let form = reqwest::Url::parse(&format!("form:?{text}")).ok()?;
    let field = |name: &str| form.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let grant = if field("grant_type")? == "client_credentials" { "client_credentials" } else { "other" };
    Some((grant, field("client_id").is_some_and(|client| !client.is_empty())))
}

async fn add_fault(State(shared): State<Shared>, fault: Result<Json<Fault>, JsonRejection>) -> Response {
    // Nothing could ever release it over HTTP.
    if let Ok(Json(Fault { effect: Effect::Tardif { ms: None }, .. })) = &fault {
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
