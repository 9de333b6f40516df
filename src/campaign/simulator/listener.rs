//! A TLS listener whose connections can be cut from within, as a network does.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use base::config_values::PemFiles;
use base::tls;
use base::tls::TlsError;

use super::SimulatorError;

/// How long a handshake may take, and the farewell after one that failed.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The most connections in handshake at a time; more wait in the queue of the system.
const HANDSHAKES: usize = 64;

/// Whether a client must show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientCertificate {
    /// The handshake fails without one.
    Required,
    /// One that is shown must be good.
    Optional,
}

/// Ready TLS connections. Handshakes run beside each other, so that none holds up the rest.
pub(super) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(SimulatorConnection, SocketAddr)>,
}

/// A TLS connection that breaks off when it is cut.
pub(super) struct SimulatorConnection {
    stream: TlsStream<TcpStream>,
    cut: CancellationToken,
    on_cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

/// The connection of a request.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    /// Cuts it.
    pub(super) cut: CancellationToken,
    /// Whether the client showed a certificate.
    pub(super) certified: bool,
}

/// The server's side of TLS: its certificate, and what it asks of clients.
pub(super) fn server_config(
    identity: &PemFiles,
    client_ca: &std::path::Path,
    certificate: ClientCertificate,
) -> Result<ServerConfig, SimulatorError> {
    let roots = Arc::new(tls::roots(client_ca)?);
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, tls::provider());
    let verifier = match certificate {
        ClientCertificate::Required => verifier.build(),
        ClientCertificate::Optional => verifier.allow_unauthenticated().build(),
    };
    let builder = ServerConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::from)?
        .with_client_cert_verifier(verifier?);
    let (chain, key) = (tls::chain(&identity.certificate)?, tls::key(&identity.key)?);
    Ok(builder.with_single_cert(chain, key).map_err(TlsError::from)?)
}

impl TlsListener {
    /// Listens until `stop`, which also cuts every connection.
    pub(super) async fn bind(
        address: SocketAddr,
        config: ServerConfig,
        stop: CancellationToken,
    ) -> Result<Self, SimulatorError> {
        let refused = |source| SimulatorError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let (sender, ready) = mpsc::channel(HANDSHAKES);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let accepting = accept_all(listener, acceptor, sender, stop.clone());
        tokio::spawn(async move { stop.run_until_cancelled(accepting).await });
        Ok(Self { address, ready })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn accept_all(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    ready: mpsc::Sender<(SimulatorConnection, SocketAddr)>,
    stop: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(HANDSHAKES));
    while let Ok(place) = room.clone().acquire_owned().await {
        // A connection that failed before it was accepted, or a lack of descriptors that passes.
        let Ok((tcp, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (acceptor, ready, cut) = (acceptor.clone(), ready.clone(), stop.child_token());
        tokio::spawn(async move {
            let _place = place;
            if let Some(connection) = handshake(acceptor, tcp, cut).await {
                // The receiver is gone only when the simulator stops.
                let _ = ready.send((connection, peer)).await;
            }
        });
    }
}

async fn handshake(acceptor: TlsAcceptor, tcp: TcpStream, cut: CancellationToken) -> Option<SimulatorConnection> {
    let accepted = tokio::time::timeout(HANDSHAKE, acceptor.accept(tcp).into_fallible()).await.ok()?;
    match accepted {
        Ok(stream) => Some(SimulatorConnection { stream, on_cut: Box::pin(cut.clone().cancelled_owned()), cut }),
        Err((_, tcp)) => {
            let _ = tokio::time::timeout(HANDSHAKE, farewell(tcp)).await;
            None
        }
    }
}

/// Reads what the client still sends. Closing with unread bytes would reset the connection, and
/// the client could lose the alert that says why.
async fn farewell(mut tcp: TcpStream) -> io::Result<()> {
    tcp.shutdown().await?;
    let mut rest = [0; 1024];
    while tcp.read(&mut rest).await? > 0 {}
    Ok(())
}

impl Listener for TlsListener {
    type Io = SimulatorConnection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (SimulatorConnection, SocketAddr) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            // The simulator stops; whoever awaits is about to be dropped.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Cut {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        let SimulatorConnection { stream, cut, .. } = stream.io();
        Self { cut: cut.clone(), certified: stream.get_ref().1.peer_certificates().is_some() }
    }
}

impl SimulatorConnection {
    fn poll_cut(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.on_cut.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionReset.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for SimulatorConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_cut(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for SimulatorConnection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_cut(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_cut(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_cut(context)?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
