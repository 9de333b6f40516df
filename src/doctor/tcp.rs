//! From a name to an open connection: DNS, then TCP.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpStream, lookup_host};

use super::phrases::reason;
use super::step::{StepFailure, Trial};

pub(super) const DNS: &str = "DNS";
pub(super) const TCP: &str = "TCP";

/// A server as the configuration names it.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    /// The key of the configuration that names it, for remedies.
    pub(super) key: String,
}

impl Target {
    pub(super) fn new(host: &str, port: u16, key: impl Into<String>) -> Self {
        Self { host: host.to_owned(), port, key: key.into() }
    }

    /// Both steps; the connection is open at the end.
    pub(super) async fn reach(&self, trial: &mut Trial) -> Option<TcpStream> {
        let addresses = trial.step(DNS, self.resolve()).await?;
        trial.step(TCP, self.connect(&addresses)).await
    }

    async fn resolve(&self) -> Result<(Vec<SocketAddr>, String), StepFailure> {
        let found = lookup_host((self.host.as_str(), self.port)).await.map_err(|error| self.unknown(&error))?;
        let addresses: Vec<SocketAddr> = found.collect();
        if addresses.is_empty() {
            return Err(self.unknown(&io::Error::from(io::ErrorKind::NotFound)));
        }
        let shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
        Ok((addresses, format!("{} → {}", self.host, shown.join(", "))))
    }

    /// Every address is tried, as the service does; the last refusal is told.
    async fn connect(&self, addresses: &[SocketAddr]) -> Result<(TcpStream, String), StepFailure> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(socket) => return Ok((socket, format!("port {} ouvert sur {}", self.port, address.ip()))),
                Err(error) => last = error,
            }
        }
        Err(self.closed(&last))
    }

    /// A connection for a second look; nothing is told of it.
    pub(super) async fn again(&self) -> io::Result<TcpStream> {
        TcpStream::connect((self.host.as_str(), self.port)).await
    }

    fn unknown(&self, error: &io::Error) -> StepFailure {
        StepFailure::new(
            format!("le nom « {} » est inconnu du DNS ({})", self.host, reason(error)),
            format!(
                "vérifiez l’orthographe de {}, puis que cette machine interroge un serveur DNS qui connaît ce nom (« getent hosts {} »)",
                self.key, self.host
            ),
        )
    }

    fn closed(&self, error: &io::Error) -> StepFailure {
        let cause = if error.kind() == io::ErrorKind::ConnectionRefused {
            format!("{} refuse la connexion sur le port {}", self.host, self.port)
        } else {
            format!("{} est injoignable sur le port {} ({})", self.host, self.port, reason(error))
        };
        StepFailure::new(
            cause,
            format!(
                "vérifiez le port de {}, que le serveur est en service et que le pare-feu laisse sortir cette machine vers ce port",
                self.key
            ),
        )
    }
}
