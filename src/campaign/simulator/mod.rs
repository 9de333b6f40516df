//! A ROR for trying: the write service with its token endpoint, as ANS documents them, with faults
//! on demand. It is a part of the product and the yardstick of the tests; it never speaks to the
//! real ROR.
//!
//! Reading order: `routes` (addresses), `service` (a write, faults included), `patch`, `fhirpath`
//! and `key` (what a request says), `directory` (what is held), `refusal` and `resource` (answers in
//! the documented words), `fault`, `journal`, `tokens`, `listener`.
//!
//! Addresses of the API listener beside the ROR's own, which exist in the simulator only:
//! `POST /_simulateur/defauts` queues a [`SimulatedFault`] given as JSON (`DELETE` empties the queue),
//! `GET /_simulateur/etat` lists the capacities held, `GET /_simulateur/requetes` the requests
//! received.
//!
//! What the sources do not tell is assumed here, each time in the sense that is hardest on the client:
//! the last write wins whatever its date; an `add` of an indicator that exists is refused.

mod directory;
mod fault;
mod fhirpath;
mod journal;
mod key;
mod listener;
mod patch;
mod refusal;
mod reply;
mod resource;
mod routes;
mod service;
mod tokens;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use rustls::server::VerifierBuilderError;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use directory::{Behaviour, Capacity, Lieu};
pub use fault::{Effect, SimulatedFault};
pub use journal::Recorded;
pub use key::IndicatorKey;

use base::clock::Clock;
use base::config_values::{PemFiles, Span};
use base::tls::TlsError;
use domain::capacity::GenreCode;

use listener::{ClientCertificate, Cut, TlsListener, server_config};
use routes::Shared;
use service::SimulatedService;

/// The path of the token endpoint, as the real one has it.
const TOKEN_PATH: &str = "/auth/realms/ror/protocol/openid-connect/token";

/// What the simulator listens on and what it holds at first.
#[derive(Debug, Clone)]
pub struct SimulatorSettings {
    /// Where the API listens; port 0 takes a free one.
    pub api: SocketAddr,
    /// Where the token endpoint listens; port 0 takes a free one.
    pub token: SocketAddr,
    /// The API's certificate.
    pub api_cert: PemFiles,
    /// The token endpoint's certificate.
    pub token_cert: PemFiles,
    /// The authorities of client certificates: required by the token endpoint, optional for the API.
    pub client_ca: PathBuf,
    /// The locations that exist.
    pub lieux: Vec<Lieu>,
    /// The code of the undifferentiated genre that is legal; the other is refused.
    pub genre_accepted: GenreCode,
    /// How long a token is valid.
    pub token_lifetime: Span,
    /// The client that reads, if it is another than those that write: it names itself by a secret in the place of a
    /// certificate, and each is refused what the other may do.
    pub reader: Option<ReadingClient>,
    /// The time by which tokens expire.
    pub clock: Clock,
}

/// A client of the access profile 0: a name and a secret (ANS, page « authentification »).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingClient {
    /// Its `client_id`.
    pub client_id: String,
    /// Its `client_secret`.
    pub secret: String,
}

/// A simulator that runs. It stops, and cuts its connections, when it is dropped.
pub struct Simulator {
    api: SocketAddr,
    token: SocketAddr,
    service: Arc<SimulatedService>,
    tasks: TaskTracker,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
}

/// A simulator that cannot start. Never transient, but for an address that is still in use.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The address cannot be listened on.
    #[error("impossible d’écouter sur {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Certificates or keys that cannot be used.
    #[error("certificats du simulateur inutilisables")]
    Tls(#[from] TlsError),
    /// The authorities of clients cannot be used.
    #[error("autorités des certificats clients inutilisables")]
    ClientAuthorities(#[from] VerifierBuilderError),
}

impl SimulatorError {
    /// Whether waiting could help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse)
    }
}

impl Simulator {
    /// Starts both listeners; they are ready when this returns.
    pub async fn start(settings: SimulatorSettings) -> Result<Self, SimulatorError> {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let optional = server_config(&settings.api_cert, &settings.client_ca, ClientCertificate::Optional)?;
        let asked = if settings.reader.is_none() { ClientCertificate::Required } else { ClientCertificate::Optional };
        let required = server_config(&settings.token_cert, &settings.client_ca, asked)?;
        let api = TlsListener::bind(settings.api, optional, stop.clone()).await?;
        let token = TlsListener::bind(settings.token, required, stop.clone()).await?;
        let service = Arc::new(SimulatedService::new(&settings));
        let addresses = (api.address(), token.address());
        let shared = Shared { service: service.clone(), tasks: tasks.clone(), stop: stop.clone() };
        serve(api, routes::api(shared.clone()), &tasks, &stop);
        serve(token, routes::token(shared, TOKEN_PATH), &tasks, &stop);
        let guard = stop.clone().drop_guard();
        Ok(Self { api: addresses.0, token: addresses.1, service, tasks, stop, _stop_on_drop: guard })
    }

    /// Where the API listens.
    pub fn api_addr(&self) -> SocketAddr {
        self.api
    }

    /// Where the token endpoint listens.
    pub fn token_addr(&self) -> SocketAddr {
        self.token
    }

    /// The `ror.base_url` of a client on this machine.
    pub fn base_url(&self) -> String {
        format!("https://localhost:{}", self.api.port())
    }

    /// The `ror.token_url` of a client on this machine.
    pub fn token_url(&self) -> String {
        format!("https://localhost:{}{TOKEN_PATH}", self.token.port())
    }

    /// Every capacity held, ordered by location and indicator.
    pub fn state(&self) -> Vec<Capacity> {
        self.service.directory().snapshot()
    }

    /// Holds these capacities too, as if they had been written: the inverse of [`state`](Self::state).
    pub fn hold(&self, capacities: impl IntoIterator<Item = Capacity>) {
        self.service.directory().hold(capacities);
    }

    /// Holds nothing any more under this code of the genre, as if somebody had cleared it up by hand.
    pub fn forget(&self, genre: &str) {
        self.service.directory().forget(genre);
    }

    /// From now on this location exists, and takes writes so.
    pub fn set_lieu(&self, lieu: Lieu) {
        self.service.directory().set(lieu);
    }

    /// The requests received, oldest first; the last 50 000.
    pub fn requests(&self) -> Vec<Recorded> {
        self.service.journal.all()
    }

    /// Changes the legal code of the undifferentiated genre, as a new edition of the nomenclature does. What is held stays.
    pub fn accept_genre(&self, genre: GenreCode) {
        self.service.directory().accept(genre);
    }

    /// Queues a fault; false if a thousand wait already.
    pub fn inject(&self, fault: SimulatedFault) -> bool {
        self.service.inject(fault)
    }

    /// Empties the queue of faults.
    pub fn clear_faults(&self) {
        self.service.faults.clear();
    }

    /// Has the requests held back by [`Effect::Tardif`] treated, and returns when they are.
    pub async fn release(&self) {
        self.service.release().await;
    }

    /// Stops listening, cuts every connection and waits for what was being treated.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn serve(listener: TlsListener, router: Router, tasks: &TaskTracker, stop: &CancellationToken) {
    let stop = stop.clone();
    let service = router.into_make_service_with_connect_info::<Cut>();
    tasks.spawn(async move {
        // Serving never ends by itself: the listener has no error to report.
        let _ = stop.run_until_cancelled(axum::serve(listener, service).into_future()).await;
    });
}
