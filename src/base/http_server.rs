//! HTTP served under limits, so that silent or slow clients never take the descriptors that mails need.
//!
//! Limited are the connections in all and of one network, the time in which the head of a request must come (which
//! ends an idle connection too), and how long an answer may stay unread. The time a request takes is its handler's.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::header::HOST;
use axum::http::{StatusCode, Version};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

/// The pause after a connection that could not be accepted: a lack of descriptors passes.
const PAUSE: Duration = Duration::from_millis(50);

/// What the clients of a listener may take.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Connections at one time.
    pub connections: usize,
    /// Those of one network: an IPv4 address, or a /64 of IPv6.
    pub of_one_network: usize,
    /// Addresses that speak for many clients, such as a reverse proxy: for them the first limit alone holds.
    pub proxies: Vec<IpAddr>,
    /// How long the head of a request may be awaited, on a new connection and after each answer.
    pub head: Duration,
    /// How long a client may take nothing of its answer.
    pub unread: Duration,
}

/// Serves until `stop`, which ends every connection. A connection above a limit is closed at once.
pub async fn serve(listener: TcpListener, router: Router, limits: ConnectionLimits, stop: CancellationToken) {
    let router = router.layer(middleware::from_fn(require_host));
    let places = Places::new(&limits);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            _ = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some(place) = places.take(peer.ip()) {
                    connections.spawn(connection(stream, peer, router.clone(), limits.clone(), place));
                }
            }
            Err(failure) => {
                debug!("connection not accepted: {failure}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: ConnectionLimits,
    _place: ConnectionPlace,
) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.unread));
    let service = TowerToHyperService::new(router.layer(axum::Extension(ConnectInfo(peer))));
    let mut server = Builder::new(TokioExecutor::new()).http1_only();
    server.http1().timer(TokioTimer::new()).header_read_timeout(limits.head);
    if let Err(failure) = server.serve_connection(TokioIo::new(Box::pin(stream)), service).await {
        debug!("connection ended: {failure}");
    }
}

/// Exactly one Host (RFC 9112, section 3.2); HTTP/1.0, which probes speak, may do without.
async fn require_host(request: Request, next: Next) -> Response {
    let hosts = request.headers().get_all(HOST).iter().count();
    match (hosts, request.version()) {
        (1, _) | (0, Version::HTTP_10) => next.run(request).await,
        _ => (StatusCode::BAD_REQUEST, "un en-tête Host est exigé, et un seul\n").into_response(),
    }
}

/// The network that an address stands for: whoever has a /64 of IPv6 is one client.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6((six.to_bits() >> 64 << 64).into()),
        four @ IpAddr::V4(_) => four,
    }
}

/// The connections that are open.
#[derive(Debug, Clone)]
struct Places {
    taken: Arc<Mutex<Taken>>,
    most: usize,
    of_one_network: usize,
    proxies: Arc<[IpAddr]>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_network: HashMap<IpAddr, usize>,
    /// Whether the last connection was refused: the first refusal is told, not each.
    full: bool,
}

/// The place of one connection, given back when it ends.
#[derive(Debug)]
struct ConnectionPlace {
    taken: Arc<Mutex<Taken>>,
    network: IpAddr,
}

impl Places {
    fn new(limits: &ConnectionLimits) -> Self {
        let proxies = limits.proxies.iter().map(|address| network(*address)).collect();
        let (most, of_one_network) = (limits.connections, limits.of_one_network);
        Self { taken: Arc::default(), most, of_one_network, proxies }
    }

    fn take(&self, peer: IpAddr) -> Option<ConnectionPlace> {
        let network = network(peer);
        let mut taken = lock(&self.taken);
        let own = taken.by_network.get(&network).copied().unwrap_or_default();
        let too_many = own >= self.of_one_network && !self.proxies.contains(&network);
        if taken.all >= self.most || too_many {
            if !std::mem::replace(&mut taken.full, true) {
                warn!(
                    "trop de connexions ({} en tout, {own} de la même origine) : les suivantes sont fermées",
                    taken.all
                );
            }
            return None;
        }
        taken.full = false;
        taken.all = taken.all.saturating_add(1);
        taken.by_network.insert(network, own.saturating_add(1));
        Some(ConnectionPlace { taken: self.taken.clone(), network })
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all = taken.all.saturating_sub(1);
        if let Some(own) = taken.by_network.get_mut(&self.network) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.by_network.remove(&self.network);
            }
        }
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(connections: usize, of_one_network: usize) -> Places {
        let (head, unread) = (Duration::ZERO, Duration::ZERO);
        Places::new(&ConnectionLimits {
            connections,
            of_one_network,
            proxies: vec![IpAddr::from([127, 0, 0, 1])],
            head,
            unread,
        })
    }

    /// How many of these connections, all kept open, get a place.
    fn check(places: &Places, peers: &[&str], expected: usize) {
        let kept: Vec<ConnectionPlace> = peers.iter().filter_map(|peer| places.take(peer.parse().unwrap())).collect();
        assert_eq!(kept.len(), expected, "{peers:?}");
        drop(kept);
        let taken = lock(&places.taken);
        assert_eq!((taken.all, taken.by_network.len()), (0, 0));
    }

    #[test]
    fn connections_are_counted_in_all_and_by_network() {
        let places = places(4, 2);
        check(&places, &["192.0.2.1"; 3], 2);
        check(&places, &["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"], 2);
        check(&places, &["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"], 3);
        check(&places, &["127.0.0.1"; 5], 4);
        check(&places, &["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"], 4);
    }
}
