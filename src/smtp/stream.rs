//! The encrypted stream as the SMTP session takes it over.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A session begins with a greeting, which a server gives once: after STARTTLS it was given in clear (RFC 3207,
/// section 4.2), and this one stands for it. Nothing else of what was said in clear passes.
const GIVEN: &[u8] = b"220 STARTTLS\r\n";

/// A TLS connection on which the session can begin.
#[derive(Debug)]
pub(super) struct Stream {
    greeting: &'static [u8],
    tls: TlsStream<TcpStream>,
}

impl Stream {
    /// The server will greet.
    pub(super) fn to_be_greeted(tls: TlsStream<TcpStream>) -> Self {
        Self { greeting: &[], tls }
    }

    /// The server has greeted in clear.
    pub(super) fn greeted(tls: TlsStream<TcpStream>) -> Self {
        Self { greeting: GIVEN, tls }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.greeting.is_empty() {
            return Pin::new(&mut self.tls).poll_read(cx, buffer);
        }
        let (now, later) = self.greeting.split_at(self.greeting.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.greeting = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Stream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tls.get_ref().0.peer_addr()
    }
}
