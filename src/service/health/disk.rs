//! How much room is left on a disk.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// How long `df` may take: on a network disk that hangs it never ends.
const PATIENCE: Duration = Duration::from_secs(10);

/// The room of a disk, in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What is left to this user.
    pub free: u64,
    /// That, and what is taken.
    pub total: u64,
}

impl Room {
    /// How much room there is where this folder lies; nothing where `df` (POSIX) does not say.
    pub async fn of(folder: &Path) -> Option<Self> {
        let df = Command::new("df").arg("-Pk").arg(folder).kill_on_drop(true).output();
        let output = timeout(PATIENCE, df).await.ok()?.ok()?;
        Self::read(&String::from_utf8(output.stdout).ok()?)
    }

    /// The second line: device, blocks, used, available. Blocks that are kept for the administrator count for nobody.
    fn read(text: &str) -> Option<Self> {
        let mut columns = text.lines().nth(1)?.split_whitespace().skip(2).map(str::parse::<u64>);
        let (used, free) = (columns.next()?.ok()?, columns.next()?.ok()?);
        Some(Self { free, total: used.saturating_add(free) })
    }

    /// What is left, in per cent, rounded down.
    pub fn percent(self) -> u8 {
        let percent = self.free.saturating_mul(100).checked_div(self.total).unwrap_or(100);
        u8::try_from(percent).unwrap_or(100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn df_is_read() {
        let text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/x 1000 800 100 89% /\n";
        let room = Room::read(text).unwrap();
        assert_eq!((room, room.percent()), (Room { free: 100, total: 900 }, 11));
        assert_eq!(Room::read("df: no such file"), None);
        assert_eq!(Room { free: 0, total: 0 }.percent(), 100);
    }
}
