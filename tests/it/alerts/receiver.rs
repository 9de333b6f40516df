//! A webhook's other side: a real HTTP server that keeps what it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// One call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) headers: HeaderMap,
    pub(super) raw: String,
}

impl Call {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.raw).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What it tells: event, kind and object of each incident.
    pub(super) fn told(&self) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let json = self.json();
        let incidents = json["alertes"].as_array().unwrap().clone();
        incidents.iter().map(|one| (text(&one["evenement"]), text(&one["type"]), text(&one["objet"]))).collect()
    }
}

#[derive(Debug, Default)]
struct Inner {
    calls: Vec<Call>,
    /// What the next calls are answered; 204 when there is nothing left.
    answers: Vec<u16>,
}

pub(super) struct Receiver {
    address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
    runtime: Option<Runtime>,
}

impl Receiver {
    pub(super) fn start() -> Self {
        let inner = Arc::<Mutex<Inner>>::default();
        let router = Router::new().route("/crochet", post(receive)).with_state(Arc::clone(&inner));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        // On a thread of its own: a test that waits for a command answers nobody meanwhile.
        let runtime = Runtime::new().unwrap();
        runtime.spawn(async move { axum::serve(TcpListener::from_std(listener).unwrap(), router).await.unwrap() });
        Self { address, inner, runtime: Some(runtime) }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/crochet", self.address)
    }

    /// The next calls are answered so.
    pub(super) fn answer(&self, statuses: &[u16]) {
        self.inner.lock().unwrap().answers = statuses.iter().rev().copied().collect();
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.inner.lock().unwrap().calls.clone()
    }

    /// What all calls told.
    pub(super) fn told(&self) -> Vec<(String, String, String)> {
        self.calls().iter().flat_map(Call::told).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn receive(State(inner): State<Arc<Mutex<Inner>>>, headers: HeaderMap, raw: String) -> StatusCode {
    let mut inner = inner.lock().unwrap();
    inner.calls.push(Call { headers, raw });
    StatusCode::from_u16(inner.answers.pop().unwrap_or(204)).unwrap()
}
