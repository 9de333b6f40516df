//! What the service manager is told (sd_notify(3)); nothing where there is none.

use std::fmt;
use std::time::Duration;

/// What the manager may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The start, or the reload, is over.
    Ready,
    /// Every task still moves.
    Watchdog,
    /// The configuration is read again.
    Reloading,
    /// The service comes to its end.
    Stopping,
    /// One line for `systemctl status`.
    Status(String),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("READY=1"),
            Self::Watchdog => f.write_str("WATCHDOG=1"),
            Self::Reloading => f.write_str("RELOADING=1"),
            Self::Stopping => f.write_str("STOPPING=1"),
            Self::Status(line) => write!(f, "STATUS={}", line.replace('\n', " ")),
        }
    }
}

/// Tells the manager named in the environment. One that does not listen is no fault of ours.
pub fn tell(notice: &Notice) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(failure) = send(&socket, &notice.to_string()) {
        tracing::debug!("le gestionnaire de services n’écoute pas : {failure}");
    }
}

/// How long the manager waits for a sign before it acts, if it does at all.
pub fn watchdog() -> Option<Duration> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let is_ours = number("WATCHDOG_PID").is_none_or(|process| process == u64::from(std::process::id()));
    number("WATCHDOG_USEC").filter(|wait| is_ours && *wait > 0).map(Duration::from_micros)
}

#[cfg(unix)]
fn send(socket: &std::ffi::OsStr, text: &str) -> std::io::Result<()> {
    let sender = std::os::unix::net::UnixDatagram::unbound()?;
    // The manager's queue may be full: a sign of life is not worth a task that hangs.
    sender.set_nonblocking(true)?;
    sender.send_to_addr(text.as_bytes(), &address(socket)?).map(drop)
}

/// A path, or a name of the abstract space, which begins with `@`.
#[cfg(target_os = "linux")]
fn address(socket: &std::ffi::OsStr) -> std::io::Result<std::os::unix::net::SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::SocketAddr;
    match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(socket),
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn address(socket: &std::ffi::OsStr) -> std::io::Result<std::os::unix::net::SocketAddr> {
    std::os::unix::net::SocketAddr::from_pathname(socket)
}

#[cfg(not(unix))]
fn send(_socket: &std::ffi::OsStr, _text: &str) -> std::io::Result<()> {
    Ok(())
}
