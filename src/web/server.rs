//! All routes behind one address.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{WebRefusal, WebState, actions, api, headers, layout, pages, sign_in, style};
use base::http_server;
use base::http_server::ConnectionLimits;

/// How long a page may take to be made.
const DEADLINE: Duration = Duration::from_secs(30);
/// The largest request body, in bytes: that of a form. A page that takes files has its own.
const MAX_BODY: usize = 64 * 1024;
/// Connections at one time, and those of one network: browsers keep up to six, and an agency may be behind one address.
const CONNECTIONS: usize = 512;
const OF_ONE_NETWORK: usize = 96;
/// How long a request's head may take, and an idle connection be kept.
const HEAD: Duration = Duration::from_secs(15);
/// How long a client may take nothing of a page or of an export.
const UNREAD: Duration = Duration::from_secs(30);

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("impossible d’écouter sur {address} : {source}")]
pub struct ServeError {
    address: SocketAddr,
    source: io::Error,
}

/// Answers on the configured address until `stop`.
pub async fn serve(state: WebState, stop: CancellationToken) -> Result<(), ServeError> {
    let address = state.web().listen;
    let failed = |source| ServeError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    info!("journal sur le web à l’adresse http://{}", listener.local_addr().map_err(failed)?);
    let limits = limits(&state);
    http_server::serve(listener, router(state), limits, stop).await;
    Ok(())
}

fn limits(state: &WebState) -> ConnectionLimits {
    let proxies = state.web().proxy.as_ref().map(|proxy| proxy.trusted.clone()).unwrap_or_default();
    ConnectionLimits { connections: CONNECTIONS, of_one_network: OF_ONE_NETWORK, proxies, head: HEAD, unread: UNREAD }
}

/// Every page, with what guards them.
pub fn router(state: WebState) -> Router {
    let https = state.web().is_https();
    Router::new()
        .route(style::PATH, get(style::serve))
        .merge(pages::routes())
        .merge(sign_in::routes())
        .merge(actions::routes())
        .merge(api::routes())
        .fallback(async || WebRefusal::NotFound)
        .with_state(state.clone())
        .layer(middleware::from_fn_with_state(state, sign_in::identify))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn(api::tell_as_problem))
        .layer(middleware::from_fn(move |request, next| headers::protect(https, request, next)))
}

async fn in_time(request: Request, next: Next) -> Response {
    let late = || (StatusCode::SERVICE_UNAVAILABLE, layout::bare("Trop long", "La page a demandé trop de temps."));
    timeout(DEADLINE, next.run(request)).await.unwrap_or_else(|_| late().into_response())
}
