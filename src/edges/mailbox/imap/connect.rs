//! From a host name to a TLS connection that awaits the login.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::error::{MailboxError, MailboxSetupError, MailboxStep};
use super::super::settings::{ImapSettings, Security};
use super::byte_limit::Limited;
use super::exchange::{GRANTED, from_io};
use super::prelogin::{Dialogue, Offered};
use base::tls;
use base::tls::revocation::Revocation;

/// A socket that fails when the other side is silent for too long.
type Tcp = Pin<Box<TimeoutStream<TcpStream>>>;

/// The same, encrypted.
pub(super) type Socket = TlsStream<Tcp>;

/// What the session talks over.
pub(super) type Stream = Limited<Socket>;

/// Whom to reach, and who must answer.
#[derive(Debug)]
pub(super) struct Endpoint {
    server_name: ServerName<'static>,
    revocation: Revocation,
}

impl Endpoint {
    /// Reads the certificates once, so that a wrong path is told at the start.
    pub(super) fn new(settings: &ImapSettings) -> Result<Self, MailboxSetupError> {
        let revocation = Revocation::default();
        tls::client_config(settings.ca.as_deref(), settings.identity.as_ref(), &revocation)?;
        let server_name = ServerName::try_from(settings.host.clone());
        let server_name = server_name.map_err(|_| MailboxSetupError::Host(domain::defect::excerpt(&settings.host)))?;
        Ok(Self { server_name, revocation })
    }

    /// Checks the server's certificate against these lists too, from the next connection on.
    pub(super) fn check_revocation(&mut self, revocation: Revocation) {
        self.revocation = revocation;
    }

    /// Also says whether the server asked for a certificate of ours.
    async fn handshake(&self, settings: &ImapSettings, socket: Tcp) -> Result<(Socket, bool), MailboxError> {
        let config = tls::client_config(settings.ca.as_deref(), settings.identity.as_ref(), &self.revocation);
        let mut config = config.map_err(MailboxSetupError::Tls)?;
        let request = tls::CertificateRequest::watched(&mut config);
        let handshake = TlsConnector::from(Arc::new(config)).connect(self.server_name.clone(), socket);
        let handshake = async { handshake.await.map_err(|error| from_io(MailboxStep::Handshake, &error)) };
        let stream = within(settings, MailboxStep::Handshake, handshake).await?;
        Ok((stream, request.was_made()))
    }
}

/// Connects, in TLS before anything secret is said, and asks what the server offers.
pub(super) async fn dial(
    endpoint: &Endpoint,
    settings: &ImapSettings,
) -> Result<(Dialogue<Stream>, Offered), MailboxError> {
    let mut socket = connect(settings).await?;
    if settings.security == Security::Starttls {
        socket = starttls(settings, socket).await?;
    }
    let (stream, asked) = endpoint.handshake(settings, socket).await?;
    let mut dialogue = Dialogue::new(Limited::new(stream, GRANTED));
    let offered = first_words(settings, &mut dialogue).await;
    let is_missing = asked && settings.identity.is_none();
    let offered = offered.map_err(|error| if is_missing { error.without_certificate() } else { error })?;
    Ok((dialogue, offered))
}

/// What was offered before TLS may have been altered on the way, and is forgotten (RFC 3501,
/// section 6.2.1).
async fn first_words(settings: &ImapSettings, dialogue: &mut Dialogue<Stream>) -> Result<Offered, MailboxError> {
    if settings.security == Security::Tls {
        within(settings, MailboxStep::Greeting, dialogue.greeting()).await?;
    }
    within(settings, MailboxStep::Capability, dialogue.capabilities()).await
}

async fn connect(settings: &ImapSettings) -> Result<Tcp, MailboxError> {
    let connecting = async {
        let socket = TcpStream::connect((settings.host.as_str(), settings.port)).await?;
        socket.set_nodelay(true)?;
        Ok(socket)
    };
    let socket =
        within(settings, MailboxStep::Connect, async { connecting.await.map_err(MailboxError::Unreachable) }).await?;
    let mut socket = TimeoutStream::new(socket);
    socket.set_read_timeout(Some(settings.timeout.get()));
    socket.set_write_timeout(Some(settings.timeout.get()));
    Ok(Box::pin(socket))
}

async fn starttls(settings: &ImapSettings, socket: Tcp) -> Result<Tcp, MailboxError> {
    let mut dialogue = Dialogue::new(socket);
    within(settings, MailboxStep::Greeting, dialogue.greeting()).await?;
    let offered = within(settings, MailboxStep::Capability, dialogue.capabilities()).await?;
    if !offered.has("STARTTLS") {
        return Err(MailboxError::Unsupported("le chiffrement par STARTTLS"));
    }
    within(settings, MailboxStep::Starttls, dialogue.command(MailboxStep::Starttls, "STARTTLS")).await?;
    dialogue.into_stream(MailboxStep::Starttls)
}

/// How long the other side may be silent from now on.
pub(super) fn limit_silence(stream: &mut Stream, limit: Option<Duration>) {
    stream.get_mut().get_mut().0.as_mut().set_read_timeout_pinned(limit);
}

/// One step of the way, no longer than the configured deadline.
async fn within<T>(
    settings: &ImapSettings,
    step: MailboxStep,
    work: impl Future<Output = Result<T, MailboxError>>,
) -> Result<T, MailboxError> {
    let limit: Duration = settings.timeout.get();
    timeout(limit, work).await.unwrap_or(Err(MailboxError::Timeout(step)))
}
