//! A ROR of the soak's own: it shares no code with the program, nor with the simulator that the program brings along.
//! HTTP/1.1 over TLS, read and written here, and a fault now and then.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::task::AbortOnDropHandle;

use super::held::{Answer, Held, Write};

/// How long a token is valid, in seconds.
const TOKEN_LIFETIME: u64 = 60;
/// The longest head and body that are read.
const LARGEST: usize = 1 << 20;

/// What happens to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// It is carried out so late, and answered then.
    Slow(Duration),
    /// It is carried out, and its answer lost.
    AnswerLost,
    /// The connection is cut before anything is done.
    Cut,
    /// 503.
    Busy,
}

/// Of which write: any, or one at a location of a value that was observed by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) only: Option<(String, Timestamp)>,
    pub(super) mishap: Mishap,
}

impl Order {
    fn is_for(&self, write: &Write) -> bool {
        self.only.as_ref().is_none_or(|(place, until)| {
            *place == write.place && write.value.as_ref().is_some_and(|value| value.observed <= *until)
        })
    }
}

pub(super) struct Ror {
    port: u16,
    service: Arc<Service>,
    _listening: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct Service {
    held: Mutex<Held>,
    tokens: Mutex<Vec<Instant>>,
    orders: Mutex<VecDeque<Order>>,
}

/// A request as it was read.
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ror {
    /// Knows these locations.
    pub(super) async fn start(certificate: &Path, key: &Path, held: Held) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let service = Arc::new(Service { held: Mutex::new(held), ..Service::default() });
        let listening = tokio::spawn(listen(listener, acceptor(certificate, key), Arc::clone(&service)));
        Self { port, service, _listening: AbortOnDropHandle::new(listening) }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        lock(&self.service.held)
    }

    pub(super) fn order(&self, order: Order) {
        lock(&self.service.orders).push_back(order);
    }

    /// Nothing more goes wrong.
    pub(super) fn be_well(&self) {
        lock(&self.service.orders).clear();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn acceptor(certificate: &Path, key: &Path) -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(certificate).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor, service: Arc<Service>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        let (acceptor, service) = (acceptor.clone(), Arc::clone(&service));
        // A client that dies in the middle is what the soak is about.
        tokio::spawn(async move { drop(serve(client, acceptor, &service).await) });
    }
}

async fn serve(client: TcpStream, acceptor: TlsAcceptor, service: &Arc<Service>) -> io::Result<()> {
    let mut stream = BufReader::new(acceptor.accept(client).await?);
    while let Some(request) = Request::read(&mut stream).await? {
        // What was received is carried out, whatever becomes of the client.
        let treating = tokio::spawn({
            let service = Arc::clone(service);
            async move { service.answer(&request).await }
        });
        let Some((status, body)) = treating.await.map_err(io::Error::other)? else { return Ok(()) };
        let head = format!(
            "HTTP/1.1 {status} Reponse\r\nContent-Type: application/fhir+json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).await?;
        stream.flush().await?;
    }
    Ok(())
}

impl Request {
    /// The next request of a connection; `None` at its end.
    async fn read(stream: &mut BufReader<TlsStream<TcpStream>>) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > LARGEST {
                return Err(io::ErrorKind::InvalidData.into());
            }
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) if head.is_empty() => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        let head = String::from_utf8(head).map_err(io::Error::other)?;
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut request = Self { method, target, headers, body: Vec::new() };
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if length > LARGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        request.body = vec![0; length];
        stream.read_exact(&mut request.body).await?;
        Ok(Some(request))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The location that a write names.
    fn place(&self) -> Option<String> {
        let query = self.target.strip_prefix("/ws-synchro-dispo-lits-fhir/Location?identifier=")?;
        Some(query.replace("%2F", "/").replace("%2f", "/"))
    }
}

impl Service {
    /// Status and body; `None` if the connection is cut in their place.
    async fn answer(&self, request: &Request) -> Option<(u16, String)> {
        match (request.method.as_str(), request.target.as_str()) {
            ("POST", "/jeton") => Some(self.token(&request.body)),
            ("PATCH", _) => self.write(request).await,
            _ => Some((404, "{}".to_owned())),
        }
    }

    fn token(&self, form: &[u8]) -> (u16, String) {
        let form = String::from_utf8_lossy(form);
        if !form.contains("grant_type=client_credentials") || !form.contains("client_id=essai") {
            return (400, r#"{"error": "invalid_request"}"#.to_owned());
        }
        let mut tokens = lock(&self.tokens);
        tokens.push(Instant::now());
        let number = tokens.len();
        (
            200,
            format!(r#"{{"access_token": "jeton-{number}", "token_type": "Bearer", "expires_in": {TOKEN_LIFETIME}}}"#),
        )
    }

    fn is_authorized(&self, request: &Request) -> bool {
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer jeton-"));
        let number = token.and_then(|number| number.parse::<usize>().ok()).and_then(|number| number.checked_sub(1));
        let issued = number.and_then(|number| lock(&self.tokens).get(number).copied());
        issued.is_some_and(|at| at.elapsed() < Duration::from_secs(TOKEN_LIFETIME))
    }

    fn mishap(&self, arrived: usize) -> Option<Mishap> {
        let write = lock(&self.held).writes().get(arrived)?.clone();
        let mut orders = lock(&self.orders);
        let rank = orders.iter().position(|order| order.is_for(&write))?;
        orders.remove(rank).map(|order| order.mishap)
    }

    async fn write(&self, request: &Request) -> Option<(u16, String)> {
        let place = request.place().unwrap_or_default();
        let arrived = lock(&self.held).arrived(&place, &request.body);
        match self.mishap(arrived) {
            Some(Mishap::Cut) => return None,
            Some(Mishap::Busy) => return Some((503, "<html>503</html>".to_owned())),
            Some(Mishap::AnswerLost) => {
                self.treat(request, &place, arrived);
                return None;
            }
            Some(Mishap::Slow(wait)) => tokio::time::sleep(wait).await,
            None => {}
        }
        Some(self.treat(request, &place, arrived))
    }

    fn treat(&self, request: &Request, place: &str, arrived: usize) -> (u16, String) {
        if !self.is_authorized(request) {
            return (401, outcome("login", "Jeton absent, inconnu ou expiré"));
        }
        if request.header("content-type") != Some("application/fhir+json") {
            return (415, outcome("invalid", "Content-Type"));
        }
        match lock(&self.held).apply(place, &request.body, arrived) {
            Answer::Done => (200, r#"{"resourceType": "Location"}"#.to_owned()),
            Answer::UnknownPlace => (404, outcome("not-found", "La Location n'a pas été trouvée")),
            Answer::Absent => (404, absent()),
            Answer::Refused(why) => (400, outcome("business-rule", why)),
        }
    }
}

fn outcome(code: &str, diagnostics: &str) -> String {
    let issue = serde_json::json!({
        "severity": "error", "code": code, "diagnostics": diagnostics, "expression": ["Location"]
    });
    serde_json::json!({"resourceType": "OperationOutcome", "issue": [issue]}).to_string()
}

/// As the documentation of the write service shows it.
fn absent() -> String {
    include_str!("../ror/fixtures/indicateur-absent.json").to_owned()
}
