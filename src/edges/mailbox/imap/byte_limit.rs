//! A stream that ends when the other side says more than it was asked for.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Limits what may be read until more is granted.
#[derive(Debug)]
pub(super) struct Limited<S> {
    inner: S,
    left: u64,
    /// Bytes already accounted for that are still to be read.
    ahead: Vec<u8>,
}

impl<S> Limited<S> {
    pub(super) fn new(inner: S, bytes: u64) -> Self {
        Self { inner, left: bytes, ahead: Vec::new() }
    }

    /// From now on, so many bytes and no more.
    pub(super) fn grant(&mut self, bytes: u64) {
        self.left = bytes;
    }

    /// What may still be read, what was given back included.
    pub(super) fn left(&self) -> u64 {
        self.left.saturating_add(u64::try_from(self.ahead.len()).unwrap_or(u64::MAX))
    }

    pub(super) fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Takes back what somebody read ahead.
    pub(super) fn give_back(&mut self, mut bytes: Vec<u8>) {
        bytes.append(&mut self.ahead);
        self.ahead = bytes;
    }

    /// Takes note of what was read, before anyone else sees it.
    fn account(&mut self, read: &[u8]) -> io::Result<()> {
        let bytes = u64::try_from(read.len()).unwrap_or(u64::MAX);
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Limited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let fitting = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(self.ahead.drain(..fitting).as_slice());
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let accounted = self.account(buffer.filled().get(before..).unwrap_or_default());
        if accounted.is_err() {
            buffer.set_filled(before);
        }
        Poll::Ready(accounted)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
