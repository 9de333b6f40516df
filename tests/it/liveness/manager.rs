//! sd_notify, over a real socket: the manager hears of the real state of the service.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::cli::service::{World, mail};

/// The manager's end of the socket.
struct Manager(UnixDatagram);

impl Manager {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        Self(socket)
    }

    fn next(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.0.recv(&mut buffer).expect("a notice");
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// Reads until a notice holds this.
    fn wait_for(&self, wanted: &str) {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let notice = self.next();
            if notice.contains(wanted) {
                return;
            }
            assert!(Instant::now() < deadline, "still waiting for {wanted}, not {notice}");
        }
    }

    /// Throws away what came, then waits until nothing comes for so long.
    fn falls_silent(&self, silence: Duration) {
        self.0.set_read_timeout(Some(silence)).unwrap();
        let deadline = Instant::now() + Duration::from_mins(1);
        let mut buffer = [0; 4096];
        while self.0.recv(&mut buffer).is_ok() {
            assert!(Instant::now() < deadline, "it never falls silent");
        }
        self.0.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    }
}

#[tokio::test]
async fn the_manager_hears_of_the_start_of_a_reload_and_of_the_end() {
    let world = World::new().await;
    let path = world.path("notify");
    let manager = Manager::at(&path);
    let service = world.start_with(&[("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "600000")]);
    manager.wait_for("READY=1");
    manager.wait_for("WATCHDOG=1");
    manager.wait_for("STATUS=prêt");
    service.signal("HUP");
    manager.wait_for("RELOADING=1");
    manager.wait_for("READY=1");
    let (status, log) = service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    manager.wait_for("STOPPING=1");
}

#[tokio::test]
async fn a_stuck_worker_gives_no_sign_of_life() {
    let world = World::new().await;
    world.configure("[health]\nstuck_after = \"3s\"\n");
    let path = world.path("notify");
    let manager = Manager::at(&path);
    let service = world.start_with(&[("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "600000")]);
    manager.wait_for("STATUS=prêt");
    let options = SqliteConnectOptions::new().filename(world.path("dispolits.db"));
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    world.send("verrou", &mail("verrou", 20));
    manager.wait_for("STATUS=pas prêt ; tâche bloquée");
    // Long enough for a manager that wants a sign each 600 ms to act.
    manager.falls_silent(Duration::from_secs(2));
    lock.rollback().await.unwrap();
    manager.wait_for("WATCHDOG=1");
    world.settled(1).await;
    assert_eq!(service.stop().0.code(), Some(0));
}
