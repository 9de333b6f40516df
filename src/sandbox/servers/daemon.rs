//! A server as a child: in a process group of its own, so that whatever it starts ends with it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::{ServersError, io_error};

/// How long a server may take to come up: the machine may be loaded.
const PATIENCE: Duration = Duration::from_secs(30);
/// Somebody else may take a port between our look and the server's.
const TRIES: u32 = 5;
/// How much of a server's log is shown.
const LOG_LINES: usize = 5;

/// A running server; killed with its children when the value goes, be it by a panic.
#[derive(Debug)]
pub(super) struct Daemon(Child);

/// What a server is started by.
pub(super) struct Recipe<'a> {
    /// Its name, for people.
    pub(super) program: &'static str,
    pub(super) binary: &'a Path,
    pub(super) arguments: Vec<&'a std::ffi::OsStr>,
    /// Its files of log.
    pub(super) logs: Vec<PathBuf>,
}

impl Recipe<'_> {
    /// Starts it on a free port, which `configure` writes into its files.
    pub(super) async fn start(
        &self,
        configure: impl Fn(u16) -> Result<(), ServersError>,
    ) -> Result<(Daemon, u16), ServersError> {
        let mut tries = 0;
        loop {
            let port = free_port().map_err(io_error(self.binary))?;
            configure(port)?;
            tries += 1;
            match self.try_port(port).await {
                Err(ServersError::Start { log, .. }) if tries < TRIES && log.contains("already in use") => {}
                other => return other.map(|daemon| (daemon, port)),
            }
        }
    }

    async fn try_port(&self, port: u16) -> Result<Daemon, ServersError> {
        let mut command = Command::new(self.binary);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut daemon = Daemon(in_own_group(&mut command).spawn().map_err(io_error(self.binary))?);
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            let ended = daemon.0.try_wait().map_err(io_error(self.binary))?;
            if ended.is_some() || Instant::now() > end {
                return Err(ServersError::Start { program: self.program, log: self.log() });
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(daemon)
    }

    fn log(&self) -> String {
        let texts: String = self.logs.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
        let lines: Vec<&str> = texts.lines().collect();
        lines.get(lines.len().saturating_sub(LOG_LINES)..).unwrap_or_default().join("\n")
    }
}

impl Drop for Daemon {
    /// The standard library ends one process only; the shell's own `kill` ends the group, and is everywhere.
    fn drop(&mut self) {
        let mut command = Command::new("sh");
        command.args(["-c", "kill -KILL -- \"-$0\"", &self.0.id().to_string()]);
        // Whatever went wrong, there is nothing left to do but this.
        drop(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status());
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[cfg(unix)]
fn in_own_group(command: &mut Command) -> &mut Command {
    std::os::unix::process::CommandExt::process_group(command, 0)
}

/// Neither server exists there.
#[cfg(not(unix))]
fn in_own_group(command: &mut Command) -> &mut Command {
    command
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Where programs are: on the PATH, and where Debian keeps servers, which is on root's PATH only.
pub(super) fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).collect()
}

/// The first of these programs that is in one of the folders.
pub(super) fn find(names: &[&str], folders: &[PathBuf]) -> Option<PathBuf> {
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|program| program.is_file()))
}
