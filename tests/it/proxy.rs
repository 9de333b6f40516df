//! A TCP proxy that spoils what passes: the network between two parts, as it fails in real life.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// The most bytes handed over at once.
const CHUNK: usize = 16 * 1024;

/// What happens to the connections that are open and to those that come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Nothing passes any more, and nothing is said.
    BlackHole,
    /// The server is gone once the client has spoken, and the client is not told.
    HalfOpen,
    /// Answers come one byte after the other, five in a second.
    Drip,
    /// The connection is reset.
    Reset,
    /// The answer ends after five bytes, and the connection with it.
    Truncated,
    /// Everything comes, so late.
    Latency(Duration),
    /// Answers are replaced by as many other bytes.
    Garbage,
    /// Once the client has sent so many bytes, the answer to them is lost and the connection reset.
    AnswerLost(usize),
}

pub(crate) struct Proxy {
    port: u16,
    fault: watch::Sender<Fault>,
    hits: Arc<AtomicUsize>,
    _listening: AbortOnDropHandle<()>,
}

impl Proxy {
    /// In front of a port of this machine.
    pub(crate) async fn start(target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (fault, seen) = watch::channel(Fault::None);
        let hits = Arc::new(AtomicUsize::new(0));
        let listening = tokio::spawn(listen(listener, target, seen, Arc::clone(&hits)));
        Self { port, fault, hits, _listening: AbortOnDropHandle::new(listening) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// From now on.
    pub(crate) fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// How often a fault did harm.
    pub(crate) fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

async fn listen(listener: TcpListener, target: u16, fault: watch::Receiver<Fault>, hits: Arc<AtomicUsize>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        let passage = Passage { client, fault: fault.clone(), hits: Arc::clone(&hits), sent: 0 };
        tokio::spawn(async move {
            // A connection that breaks is what all this is about.
            drop(passage.pass(target).await);
        });
    }
}

/// One connection.
struct Passage {
    client: TcpStream,
    fault: watch::Receiver<Fault>,
    hits: Arc<AtomicUsize>,
    /// Bytes from the client since the fault began.
    sent: usize,
}

impl Passage {
    async fn pass(mut self, target: u16) -> io::Result<()> {
        let (mut up, mut down) = (vec![0; CHUNK], vec![0; CHUNK]);
        let mut server = TcpStream::connect(("127.0.0.1", target)).await?;
        loop {
            let fault = *self.fault.borrow_and_update();
            match fault {
                Fault::BlackHole => return self.swallow().await,
                Fault::Reset => return self.reset(),
                Fault::HalfOpen if self.sent > 0 => {
                    drop(server);
                    return self.swallow().await;
                }
                _ => {}
            }
            tokio::select! {
                changed = self.fault.changed() => {
                    changed.map_err(io::Error::other)?;
                    self.sent = 0;
                }
                read = self.client.read(&mut up) => {
                    let bytes = &up[..read?];
                    if bytes.is_empty() {
                        server.shutdown().await?;
                        return tokio::io::copy(&mut server, &mut self.client).await.map(drop);
                    }
                    self.sent += bytes.len();
                    if fault != Fault::HalfOpen {
                        server.write_all(bytes).await?;
                    }
                }
                read = server.read(&mut down) => {
                    let bytes = &mut down[..read?];
                    if bytes.is_empty() || !self.answer(fault, bytes).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Hands an answer over, or what the fault makes of it. Returns whether the connection goes on.
    async fn answer(&mut self, fault: Fault, bytes: &mut [u8]) -> io::Result<bool> {
        match fault {
            Fault::Latency(delay) => {
                self.hit();
                tokio::time::sleep(delay).await;
            }
            Fault::Drip => return self.drip(bytes).await,
            Fault::Truncated => {
                self.hit();
                self.client.write_all(&bytes[..bytes.len().min(5)]).await?;
                self.client.shutdown().await?;
                return Ok(false);
            }
            Fault::Garbage => {
                self.hit();
                bytes.iter_mut().enumerate().for_each(|(rank, byte)| *byte = b'!' + u8::try_from(rank % 90).unwrap());
            }
            Fault::AnswerLost(after) if self.sent > after => {
                self.client.set_zero_linger()?;
                self.hit();
                return Ok(false);
            }
            _ => {}
        }
        self.client.write_all(bytes).await?;
        Ok(true)
    }

    /// What is left when the fault ends comes at once.
    async fn drip(&mut self, bytes: &[u8]) -> io::Result<bool> {
        self.hit();
        for (rank, byte) in bytes.iter().enumerate() {
            if *self.fault.borrow() != Fault::Drip {
                self.client.write_all(&bytes[rank..]).await?;
                break;
            }
            self.client.write_all(&[*byte]).await?;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(true)
    }

    /// Takes what the client says, for as long as it likes to talk to nobody.
    async fn swallow(mut self) -> io::Result<()> {
        self.hit();
        tokio::io::copy(&mut self.client, &mut tokio::io::sink()).await.map(drop)
    }

    fn reset(self) -> io::Result<()> {
        self.hit();
        self.client.set_zero_linger()
    }

    fn hit(&self) {
        self.hits.fetch_add(1, Ordering::SeqCst);
    }
}
