//! Before every page: where a request comes from, whose it is, and whether it was forged.

use std::net::SocketAddr;

use axum::extract::{self, ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::proxy_headers::{Via, same};
use super::session::{Current, person};
use super::{cookie, csrf};
use crate::{FormToken, WebRefusal, WebState, style};
use domain::access::{Means, Person};

/// The part of the site that machines use.
const FOR_MACHINES: &str = "/api/";

/// Finds who asks, and lets pass what they may have sent themselves.
pub(crate) async fn identify(
    extract::State(state): extract::State<WebState>,
    request: Request,
    next: Next,
) -> Response {
    match admit(&state, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn admit(state: &WebState, mut request: Request) -> Result<Request, WebRefusal> {
    let web = state.web();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let via = Via::of(web, peer, request.headers())?;
    require_certificate(state, &via, request.uri().path())?;
    csrf::check_origin(web, request.method(), request.headers())?;
    let machine = machine(state, &via, request.uri().path());
    let current = match cookie::read(web, request.headers()) {
        Some(token) if machine.is_none() => Current::find(state, token).await?,
        _ => None,
    };
    if let Some(machine) = machine {
        request.extensions_mut().insert(machine);
    }
    if let Some(current) = current {
        request = csrf::check_token(request, &current).await?;
        let extensions = request.extensions_mut();
        if current.is_open() {
            extensions.insert(current.person(state));
        }
        extensions.insert(FormToken(current.token.form_token()));
        extensions.insert(current);
    }
    request.extensions_mut().insert(via);
    Ok(request)
}

fn require_certificate(state: &WebState, via: &Via, path: &str) -> Result<(), WebRefusal> {
    let required = state.web().proxy.as_ref().is_some_and(|proxy| proxy.certificate_required);
    if required && via.certificate.is_none() && path != style::PATH {
        return Err(WebRefusal::Denied("un certificat client est exigé pour ce site".to_owned()));
    }
    Ok(())
}

/// A machine that the configuration names, where machines go. It never opens a session.
fn machine(state: &WebState, via: &Via, path: &str) -> Option<Person> {
    let dn = via.certificate.as_ref().filter(|_| path.starts_with(FOR_MACHINES))?;
    let machines = state.web().proxy.as_ref()?.machines.iter();
    let known = machines.into_iter().find(|machine| same(&machine.dn) == *dn)?;
    Some(person(state, dn, dn, known.role, Means::Certificat))
}
