//! A server as the child of a test: started in a process group of its own, waited for, and gone with the value, with
//! whatever works for it.
#![cfg(test)]

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::PATIENCE;

pub(crate) struct Server(Child);

impl Server {
    /// Starts it and waits until it is ready; gives none if it ended before, as it does when its port is taken. What it
    /// says on standard error goes where the command says.
    pub(crate) fn start(command: &mut Command, is_ready: impl Fn() -> bool) -> Option<Self> {
        let started = command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let mut server = Self(started.unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}")));
        let end = Instant::now() + PATIENCE;
        while !is_ready() {
            if server.0.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(Instant::now() < end, "{command:?} was not ready in time");
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(server)
    }
}

impl Drop for Server {
    /// Those of another user too.
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        drop(as_root("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status());
        drop(Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status());
        drop(self.0.wait());
    }
}

/// Somebody else may take it between our look and the server's.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Whether somebody listens on a port.
pub(crate) fn is_up(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// A program as root: some servers start so and become others.
pub(crate) fn as_root(program: &str) -> Command {
    if is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    command
}

pub(crate) fn is_root() -> bool {
    id(&["-u"]) == "0"
}

/// What `id` says.
pub(crate) fn id(arguments: &[&str]) -> String {
    let output = Command::new("id").args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
