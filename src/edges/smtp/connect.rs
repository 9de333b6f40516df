//! From a host name to a session: nothing but EHLO and STARTTLS is ever said in clear.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::fault::{Problem, SmtpFault, SmtpStep};
use super::session::{SmtpSession, starttls};
use super::settings::{Security, SmtpSettings, SmtpSetupError};
use base::tls;
use base::tls::revocation::Revocation;
use domain::defect::excerpt;

/// An encrypted session.
pub(super) type Encrypted = SmtpSession<TlsStream<TcpStream>>;

/// Connects, encrypts, logs in.
pub(super) async fn dial(settings: &SmtpSettings, revocation: &Revocation) -> Result<Encrypted, Problem> {
    let socket = TcpStream::connect((settings.host.as_str(), settings.port));
    let socket = within(settings.timeout.get(), SmtpStep::Connection, socket).await?;
    let socket = match settings.security {
        Security::Tls => socket,
        Security::Starttls => starttls(socket, settings).await?,
    };
    let mut session = SmtpSession::open(encrypted(settings, revocation, socket).await?, settings).await?;
    session.login(settings).await?;
    Ok(session)
}

async fn encrypted(
    settings: &SmtpSettings,
    revocation: &Revocation,
    socket: TcpStream,
) -> Result<TlsStream<TcpStream>, Problem> {
    let unusable = |error: SmtpSetupError| Problem::new(SmtpStep::Encryption, SmtpFault::Settings(error));
    let config = tls::client_config(settings.ca.as_deref(), settings.identity.as_ref(), revocation);
    let config = config.map_err(|error| unusable(error.into()))?;
    let name = server_name(settings).map_err(unusable)?;
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, socket);
    within(settings.timeout.get(), SmtpStep::Encryption, handshake).await
}

/// The name that the server's certificate must bear.
pub(super) fn server_name(settings: &SmtpSettings) -> Result<ServerName<'static>, SmtpSetupError> {
    ServerName::try_from(settings.host.clone()).map_err(|_| SmtpSetupError::Host(excerpt(&settings.host)))
}

async fn within<T>(limit: Duration, step: SmtpStep, work: impl Future<Output = io::Result<T>>) -> Result<T, Problem> {
    let done = timeout(limit, work).await.map_err(|_| Problem::new(step, SmtpFault::Silent))?;
    done.map_err(|error| Problem::new(step, SmtpFault::Cut(error)))
}
