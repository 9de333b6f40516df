//! Counts the connections that this machine holds open to a server, all the time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The states of a connection that this side has not closed, in the kernel's tables: ESTABLISHED, and CLOSE_WAIT, in
/// which only the other side has.
const OPEN: [&str; 2] = ["01", "08"];

/// Looks into the kernel's tables until it is asked for what it saw.
pub(super) struct Census {
    over: Arc<AtomicBool>,
    looking: JoinHandle<Vec<usize>>,
}

impl Census {
    pub(super) fn of(ports: impl IntoIterator<Item = u16>) -> Self {
        let (over, ports) = (Arc::new(AtomicBool::new(false)), Vec::from_iter(ports));
        let looking = std::thread::spawn({
            let over = Arc::clone(&over);
            move || look(&ports, &over)
        });
        Self { over, looking }
    }

    /// For each port the most connections that were open to it at once.
    pub(super) fn most_open(self) -> Vec<usize> {
        self.over.store(true, Ordering::SeqCst);
        self.looking.join().unwrap()
    }
}

fn look(ports: &[u16], over: &AtomicBool) -> Vec<usize> {
    let mut most = vec![0; ports.len()];
    while !over.load(Ordering::SeqCst) {
        let open = open();
        for (port, most) in ports.iter().zip(&mut most) {
            *most = open.iter().filter(|(_, to)| to == port).count().max(*most);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    most
}

/// Where connections of this machine come from and which port they lead to. A table that changes while it is read
/// may show a line twice.
fn open() -> BTreeSet<(String, u16)> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| std::fs::read_to_string(table).unwrap_or_default());
    tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(connection).collect()
}

/// Of a line such as `0: 0100007F:8A3C 0100007F:008F 01 …`.
fn connection(line: &str) -> Option<(String, u16)> {
    let mut fields = line.split_whitespace().skip(1);
    let (local, remote, state) = (fields.next()?, fields.next()?, fields.next()?);
    let port = u16::from_str_radix(remote.rsplit(':').next()?, 16).ok()?;
    OPEN.contains(&state).then(|| (local.to_owned(), port))
}
