//! From a host name to a TLS connection: nothing but EHLO and STARTTLS is ever said in clear.

use std::io;
use std::sync::Arc;

use rustls_pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::{SendError, within};
use super::settings::{Security, Settings, SetupError};
use super::stream::Stream;
use crate::defect::excerpt;
use crate::tls;
use crate::tls::revocation::Revocation;

/// The most that a server may say in clear in answer to one command, in bytes.
const MAX_ANSWER: u64 = 16 * 1024;

/// Connects and encrypts. Every failure is [`SendError::Unavailable`].
pub(super) async fn dial(settings: &Settings, revocation: &Revocation) -> Result<Stream, SendError> {
    let limit = settings.timeout.get();
    let socket = TcpStream::connect((settings.host.as_str(), settings.port));
    let socket = within(limit, "connexion", async { socket.await.map_err(fault) }).await?;
    match settings.security {
        Security::Tls => Ok(Stream::to_be_greeted(encrypted(settings, revocation, socket).await?)),
        Security::Starttls => {
            let socket = within(limit, "STARTTLS", starttls(socket, &settings.hello)).await?;
            Ok(Stream::greeted(encrypted(settings, revocation, socket).await?))
        }
    }
}

async fn encrypted(
    settings: &Settings,
    revocation: &Revocation,
    socket: TcpStream,
) -> Result<TlsStream<TcpStream>, SendError> {
    let config = tls::client_config(settings.ca.as_deref(), settings.identity.as_ref(), revocation);
    let config = config.map_err(|error| SendError::Unavailable(error.to_string()))?;
    let name = server_name(settings).map_err(|error| SendError::Unavailable(error.to_string()))?;
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, socket);
    within(settings.timeout.get(), "chiffrement", async { handshake.await.map_err(fault) }).await
}

/// The name that the server's certificate must bear.
pub(super) fn server_name(settings: &Settings) -> Result<ServerName<'static>, SetupError> {
    ServerName::try_from(settings.host.clone()).map_err(|_| SetupError::Host(excerpt(&settings.host)))
}

/// Asks for STARTTLS (RFC 3207). A server without it is left at once, and so is one that says more than its answer:
/// someone on the way may have slipped it in, to be believed encrypted (CVE-2011-0411).
async fn starttls(socket: TcpStream, hello: &str) -> Result<TcpStream, String> {
    let mut socket = BufReader::new(socket);
    expect("220", answer(&mut socket).await?)?;
    let offered = ask(&mut socket, &format!("EHLO {hello}")).await?;
    let offers = |line: &str| line.get(4..).is_some_and(|keyword| keyword.trim().eq_ignore_ascii_case("STARTTLS"));
    if !expect("250", offered)?.iter().any(|line| offers(line)) {
        return Err("le serveur ne le propose pas".to_owned());
    }
    expect("220", ask(&mut socket, "STARTTLS").await?)?;
    if !socket.buffer().is_empty() {
        return Err("le serveur a parlé avant le chiffrement".to_owned());
    }
    Ok(socket.into_inner())
}

async fn ask(socket: &mut BufReader<TcpStream>, command: &str) -> Result<Vec<String>, String> {
    socket.write_all(format!("{command}\r\n").as_bytes()).await.map_err(fault)?;
    answer(socket).await
}

/// The lines of one answer (RFC 5321, section 4.2.1).
async fn answer(socket: &mut BufReader<TcpStream>) -> Result<Vec<String>, String> {
    let mut socket = socket.take(MAX_ANSWER);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await.map_err(fault)? == 0 {
            return Err("réponse interrompue".to_owned());
        }
        let is_last = line.as_bytes().get(3) != Some(&b'-');
        lines.push(line);
        if is_last {
            return Ok(lines);
        }
    }
}

fn expect(code: &str, answer: Vec<String>) -> Result<Vec<String>, String> {
    match answer.last() {
        Some(line) if line.starts_with(code) => Ok(answer),
        last => Err(excerpt(last.map_or("", |line| line.trim()))),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn fault(error: io::Error) -> String {
    tls::tls_error(&error).map_or_else(|| excerpt(&error.to_string()), tls::told)
}
