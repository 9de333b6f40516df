//! Clients that say nothing, or hang up, take nothing from the mails.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::{WATCHED, get};
use crate::cli::service::{Service, World, mail, until};

const WEB: &str = "[web]\nlisten = \"127.0.0.1:0\"\ncheck_page = true\n";
/// Connections that never say a word, opened this many at a time: more than a test may have open.
const SILENT: usize = 5000;
const WAVE: usize = 250;
/// Files brought to `/verifier` by clients that do not wait for the answer.
const ABANDONED: usize = 200;
/// What the service may have open at most, the limits of both listeners and its own files included.
const DESCRIPTORS: usize = 800;
/// In MiB.
const MEMORY: u64 = 200;

fn address(service: &Service, said: &str) -> SocketAddr {
    service.wait_for(said, 1);
    let log = service.log();
    log.rsplit_once(said).unwrap().1.lines().next().unwrap().parse().unwrap()
}

fn descriptors(service: &Service) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", service.pid())).unwrap().count()
}

fn peak(service: &Service) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() / 1024
}

/// Whether the other side has closed this connection; it waits for nothing.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    !matches!(stream.read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

/// A mail is still judged, sent to the ROR and answered.
async fn works(world: &World, name: &str, settled: i64) {
    world.send(name, &mail(name, 3));
    world.settled(settled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_take_no_descriptor_from_the_mails() {
    let world = World::new().await;
    world.configure(&format!("{WATCHED}{WEB}"));
    let service = world.start();
    let web = address(&service, "journal sur le web à l’adresse http://");
    let health = address(&service, "surveillance à l’adresse http://");
    let mut open: Vec<TcpStream> = Vec::new();
    let mut most = 0;
    for _ in 0..SILENT / WAVE {
        for rank in 0..WAVE {
            open.push(TcpStream::connect(if rank % 2 == 0 { web } else { health }).unwrap());
        }
        most = most.max(descriptors(&service));
        open.retain_mut(|stream| !is_closed(stream));
    }
    assert!(most < DESCRIPTORS, "{most} descriptors");
    works(&world, "pendant", 1).await;
    // The idle ones are sent away, so that others get a place again.
    until("the probe to be answered", async || TcpStream::connect(health).is_ok() && answers(health)).await;
    assert_eq!(get(&service, "/healthz").status, 200);
    until("a page", async || answers(web)).await;
    works(&world, "apres", 2).await;
    assert_eq!(service.stop().0.code(), Some(0));
}

/// Whether a request is answered at all.
fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let asked = write!(stream, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut text = String::new();
    asked.is_ok() && stream.read_to_string(&mut text).is_ok() && text.starts_with("HTTP/1.1 ")
}

#[tokio::test(flavor = "multi_thread")]
async fn work_whose_client_hung_up_is_bounded() {
    let world = World::new().await;
    world.configure(&format!("{WATCHED}{WEB}"));
    let service = world.start();
    let web = address(&service, "journal sur le web à l’adresse http://");
    let request = heavy_file();
    let mut refused = 0;
    for _ in 0..ABANDONED {
        let mut stream = TcpStream::connect(web).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut begun = [0; 64];
        let read = stream.write_all(&request).and_then(|()| stream.read(&mut begun)).unwrap_or_default();
        refused += usize::from(begun.get(..read).unwrap_or_default().starts_with(b"HTTP/1.1 429"));
    }
    assert!(refused > 0, "every file was taken");
    works(&world, "pendant", 1).await;
    let peak = peak(&service);
    assert!(peak < MEMORY, "{peak} MiB");
    assert_eq!(service.stop().0.code(), Some(0));
}

/// A form with a file that takes long to judge: as many counts as 2 MB hold, each wrong.
fn heavy_file() -> Vec<u8> {
    let count = "<capacite statut=\"libre\" nombre=\"-1\"/>";
    let counts = count.repeat(1_900_000 / count.len());
    let xml = format!(
        "<disponibilites xmlns=\"urn:fr:dispolits:disponibilites:1\" identifiant=\"a\" \
         dateEmission=\"2026-11-23T08:00:00Z\"><etablissement finess=\"350054680\"><service code=\"SSR38888\" \
         dateReleve=\"2026-11-23T08:00:00Z\">{counts}</service></etablissement></disponibilites>"
    );
    let form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"fichier\"; filename=\"a.xml\"\r\n\r\n{xml}\r\n--b--\r\n"
    );
    let head = format!(
        "POST /verifier HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n\
         Content-Length: {}\r\n\r\n",
        form.len()
    );
    (head + &form).into_bytes()
}

/// RFC 9112, section 3.2.
#[tokio::test]
async fn a_request_names_one_host() {
    let world = World::new().await;
    world.configure(WEB);
    let service = world.start();
    let web = address(&service, "journal sur le web à l’adresse http://");
    let check = |head: &str, expected: &str| {
        let mut stream = TcpStream::connect(web).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET /connexion {head}\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(
            text.starts_with(&format!("HTTP/1.1 {expected}")) || text.starts_with(&format!("HTTP/1.0 {expected}")),
            "{head}: {text}"
        );
    };
    check("HTTP/1.1\r\nHost: localhost", "200");
    check("HTTP/1.1", "400");
    check("HTTP/1.1\r\nHost: a.test\r\nHost: b.test", "400");
    check("HTTP/1.0\r\nHost: a.test\r\nHost: b.test", "400");
    check("HTTP/1.0", "200");
    assert_eq!(service.stop().0.code(), Some(0));
}

/// Who guesses is seen in the trace; what they typed, which may be a password in the wrong place, is not.
#[tokio::test]
async fn a_failed_sign_in_leaves_a_trace() {
    let world = World::new().await;
    world.configure(WEB);
    let service = world.start();
    let web = address(&service, "journal sur le web à l’adresse http://");
    let form = "identifiant=mot-tape-ailleurs&mot_de_passe=mot-secret";
    let mut stream = TcpStream::connect(web).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = "POST /connexion HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded";
    write!(stream, "{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}", form.len()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 403 "), "{text}");
    service.wait_for("connexion refusée : compte (inconnu), depuis 127.0.0.1", 1);
    let (status, log) = service.stop();
    assert_eq!(status.code(), Some(0));
    assert!(!log.contains("mot-tape") && !log.contains("mot-secret"), "{log}");
}
