//! From a host name to a session: nothing but EHLO and STARTTLS is ever said in clear.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::fault::{Fault, Problem, Step};
use super::session::{Session, starttls};
use super::settings::{Security, Settings, SetupError};
use crate::defect::excerpt;
use crate::tls;
use crate::tls::revocation::Revocation;

/// An encrypted session.
pub(super) type Encrypted = Session<TlsStream<TcpStream>>;

/// Connects, encrypts, logs in.
pub(super) async fn dial(settings: &Settings, revocation: &Revocation) -> Result<Encrypted, Problem> {
    let socket = TcpStream::connect((settings.host.as_str(), settings.port));
    let socket = within(settings.timeout.get(), Step::Connection, socket).await?;
    let socket = match settings.security {
        Security::Tls => socket,
        Security::Starttls => starttls(socket, settings).await?,
    };
    let mut session = Session::open(encrypted(settings, revocation, socket).await?, settings).await?;
    session.login(settings).await?;
    Ok(session)
}

async fn encrypted(
    settings: &Settings,
    revocation: &Revocation,
    socket: TcpStream,
) -> Result<TlsStream<TcpStream>, Problem> {
    let unusable = |error: SetupError| Problem::new(Step::Encryption, Fault::Settings(error));
    let config = tls::client_config(settings.ca.as_deref(), settings.identity.as_ref(), revocation);
    let config = config.map_err(|error| unusable(error.into()))?;
    let name = server_name(settings).map_err(unusable)?;
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, socket);
    within(settings.timeout.get(), Step::Encryption, handshake).await
}

/// The name that the server's certificate must bear.
pub(super) fn server_name(settings: &Settings) -> Result<ServerName<'static>, SetupError> {
    ServerName::try_from(settings.host.clone()).map_err(|_| SetupError::Host(excerpt(&settings.host)))
}

async fn within<T>(limit: Duration, step: Step, work: impl Future<Output = io::Result<T>>) -> Result<T, Problem> {
    let done = timeout(limit, work).await.map_err(|_| Problem::new(step, Fault::Silent))?;
    done.map_err(|error| Problem::new(step, Fault::Cut(error)))
}
