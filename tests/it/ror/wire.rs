//! A scripted HTTPS server: what the client puts on the wire, and what it makes of any answer.

use std::sync::{Arc, Mutex};

use base::clock::Clock;
use base::config_values::PemFiles;
use base::tls;
use dispolits::sandbox::pki::Pki;
use edges::ror::{Client, RorSettings};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::bench::{make_pki, settings};

/// The token that the scripted endpoint delivers unless told otherwise.
pub(super) const TOKEN: &str = "jeton-secret-du-test";

/// A request as received.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// Method, target and version.
    pub(super) line: String,
    /// Header lines, as sent.
    pub(super) headers: Vec<String>,
    pub(super) body: String,
}

/// A server that answers each `PATCH` with the next line of its script, and demands for a token
/// with the tokens given, then with [`TOKEN`]. It stops when it is dropped.
pub(super) struct Wire {
    _folder: tempfile::TempDir,
    pub(super) pki: Pki,
    pub(super) base_url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    serving: JoinHandle<()>,
}

#[derive(Clone, Default)]
pub(super) struct Script {
    pub(super) tokens: Vec<String>,
    pub(super) answers: Vec<String>,
}

impl Wire {
    pub(super) async fn start(answers: &[String]) -> Self {
        Self::with(Script { answers: answers.to_vec(), ..Script::default() }, |pki| pki.server.clone()).await
    }

    pub(super) async fn with(script: Script, identity: impl FnOnce(&Pki) -> PemFiles) -> Self {
        let (folder, pki) = make_pki();
        let acceptor = acceptor(&identity(&pki));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let serving = tokio::spawn(serve(listener, acceptor, Arc::new(Mutex::new(script)), requests.clone()));
        Self { _folder: folder, pki, base_url, requests, serving }
    }

    pub(super) fn settings(&self) -> RorSettings {
        settings(&self.pki, &self.base_url, &format!("{}/token", self.base_url))
    }

    pub(super) fn client(&self) -> Client {
        Client::new(&self.settings(), Clock::manual("2026-11-23T07:00:00Z".parse().unwrap())).unwrap()
    }

    /// The requests but those for a token.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.all().into_iter().filter(|request| !request.line.starts_with("POST")).collect()
    }

    /// The demands for a token.
    pub(super) fn demands(&self) -> Vec<Request> {
        self.all().into_iter().filter(|request| request.line.starts_with("POST")).collect()
    }

    fn all(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// An answer with this status, these header lines and this body.
pub(super) fn answer(status: u16, headers: &[&str], body: &str) -> String {
    let headers: String = headers.iter().flat_map(|header| [header, "\r\n"]).collect();
    format!("HTTP/1.1 {status} Test\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

/// The documented acknowledgement.
pub(super) fn acknowledged() -> String {
    answer(200, &["ETag: W/\"7\""], "{\"resourceType\": \"Location\"}")
}

fn acceptor(identity: &PemFiles) -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(tls::provider()).with_safe_default_protocol_versions().unwrap();
    let (chain, key) = (tls::chain(&identity.certificate).unwrap(), tls::key(&identity.key).unwrap());
    TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}

async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    script: Arc<Mutex<Script>>,
    requests: Arc<Mutex<Vec<Request>>>,
) {
    while let Ok((tcp, _)) = listener.accept().await {
        let (acceptor, script, requests) = (acceptor.clone(), script.clone(), requests.clone());
        tokio::spawn(async move {
            let Ok(mut stream) = acceptor.accept(tcp).await else { return };
            while let Some(request) = receive(&mut stream).await {
                let answer = next(&mut script.lock().unwrap(), &request);
                requests.lock().unwrap().push(request);
                // A client that stops reading is what some of the tests are about.
                let _ = stream.write_all(answer.as_bytes()).await;
                if answer.contains("Connection: close") {
                    return;
                }
            }
        });
    }
}

fn next(script: &mut Script, request: &Request) -> String {
    let lines = if request.line.starts_with("POST") { &mut script.tokens } else { &mut script.answers };
    match (lines.is_empty(), request.line.starts_with("POST")) {
        (false, _) => lines.remove(0),
        (true, true) => answer(200, &[], &format!("{{\"access_token\": \"{TOKEN}\", \"expires_in\": 300}}")),
        (true, false) => acknowledged(),
    }
}

async fn receive(stream: &mut TlsStream<TcpStream>) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines().filter(|line| !line.is_empty()).map(str::to_owned);
    let (line, headers) = (lines.next().unwrap(), lines.collect::<Vec<_>>());
    let length = headers.iter().find_map(|header| header.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request { line, headers, body: String::from_utf8(body).unwrap() })
}
