//! `/healthz`, `/readyz` and `/metrics` over HTTP, on this machine only.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::metrics::MetricsQuery;
use super::{Diagnosis, HealthSettings, Heartbeat, metrics};
use base::http_server;
use base::http_server::ConnectionLimits;
use store::{Store, StoreError};

/// How long the store may take to say its balance.
const DEADLINE: Duration = Duration::from_secs(10);
/// What probes need, all of this machine: a supervisor, a collector, a person.
const LIMITS: ConnectionLimits = ConnectionLimits {
    connections: 32,
    of_one_network: 32,
    proxies: Vec::new(),
    head: Duration::from_secs(15),
    unread: Duration::from_secs(10),
};

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("impossible d’écouter sur {address} : {source}")]
pub struct ServeError {
    address: SocketAddr,
    source: io::Error,
}

#[derive(Clone)]
struct Watched {
    pulse: Heartbeat,
    store: Store,
    settings: HealthSettings,
}

/// Answers on this address until `stop`.
pub async fn serve(
    address: SocketAddr,
    pulse: Heartbeat,
    store: Store,
    settings: HealthSettings,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let failed = |source| ServeError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    info!("surveillance à l’adresse http://{}", listener.local_addr().map_err(failed)?);
    let router = Router::new()
        .route("/healthz", get(async || "vivant\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Watched { pulse, store, settings });
    http_server::serve(listener, router, LIMITS, stop).await;
    Ok(())
}

/// From memory alone: a store or a server that hangs cannot keep the answer back.
async fn ready(State(watched): State<Watched>) -> Response {
    let Diagnosis { troubles, remarks } = Diagnosis::of(&watched.pulse, &watched.settings);
    let status = if troubles.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let first = if troubles.is_empty() { "prêt" } else { "pas prêt" };
    let lines = troubles.iter().map(ToString::to_string).chain(remarks).map(|line| format!("- {line}\n"));
    (status, format!("{first}\n{}", lines.collect::<String>())).into_response()
}

async fn metrics(State(watched): State<Watched>) -> Response {
    let asked = timeout(DEADLINE, async {
        let balances = watched.store.balances().await?;
        let incidents = watched.store.open_incidents_by_kind().await?;
        Ok::<_, StoreError>(MetricsQuery { balances, incidents, audited: watched.store.audit_head().await?.number })
    });
    let asked = asked.await.ok().and_then(Result::ok);
    match metrics::text(&watched.pulse, &watched.settings, asked.as_ref()) {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
