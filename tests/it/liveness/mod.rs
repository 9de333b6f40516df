//! What a watcher sees of a real service: probes, metrics, and what the service manager is told.

mod crowd;
mod elsewhere;
mod manager;
mod metrics;
mod probes;
mod refusals;

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::cli::service::{Service, until};

/// The configuration of a test that watches.
pub(crate) const WATCHED: &str = "[health]\nlisten = \"127.0.0.1:0\"\n";

/// One answer of a probe.
pub(crate) struct Answer {
    status: u16,
    head: String,
    pub(crate) body: String,
}

/// Asks the service at the address that its log names.
pub(crate) fn get(service: &Service, path: &str) -> Answer {
    let said = "surveillance à l’adresse http://";
    service.wait_for(said, 1);
    let log = service.log();
    let address = log.rsplit_once(said).unwrap().1.lines().next().unwrap().to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(crate::PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// Waits until /readyz answers this status, and gives what it says.
async fn readiness(service: &Service, status: u16) -> String {
    until(&format!("/readyz to answer {status}"), async || get(service, "/readyz").status == status).await;
    get(service, "/readyz").body
}
