//! What the machine gives a server: users and owners of files.

use std::collections::BTreeMap;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::child::{id, is_root};

/// Root's mails would be unreadable to Dovecot, which refuses to serve as root. One that Dovecot has taken over
/// meanwhile is not there any more.
pub(super) fn give_to_dovecot(path: &Path) {
    static OWNER: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    if let Some((user, group)) = OWNER.get_or_init(|| is_root().then(mail_user)) {
        match chown(path, Some(*user), Some(*group)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            given => given.unwrap(),
        }
    }
}

fn mail_user() -> (u32, u32) {
    let number = |flag| id(&[flag, "mail"]).parse::<u32>().unwrap();
    (number("-u"), number("-g"))
}

/// The processes of this name that this one started.
#[cfg(target_os = "linux")]
pub(super) fn children(parent: u32, name: &str) -> Vec<u32> {
    let processes =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    let is_child = |process: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // `4242 (imap) S 4200 …`
        let Some((head, tail)) = stat.rsplit_once(") ") else { return false };
        head.ends_with(&format!("({name}")) && tail.split(' ').nth(1) == Some(&parent.to_string())
    };
    processes.filter_map(|process| process.parse().ok()).filter(is_child).collect()
}

/// What the files of a Maildir hold, each mail once; nothing if one of them went away meanwhile.
pub(super) fn files(maildir: &Path) -> Option<Vec<Vec<u8>>> {
    let entries = ["new", "cur"].map(|directory| maildir.join(directory).read_dir().into_iter().flatten());
    // From `new` to `cur` a file keeps its name up to the flags.
    let by_name = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().split(':').next().unwrap().to_owned();
        (name, path)
    };
    let paths: BTreeMap<String, PathBuf> = entries.into_iter().flatten().map(by_name).collect();
    let read = |path: &PathBuf| match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        read => Some(read.unwrap()),
    };
    paths.values().map(read).collect()
}

#[test]
fn a_maildir_is_read_whole_while_a_server_renames_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let [new, cur] = ["new", "cur"].map(|name| folder.path().join(name));
    std::fs::create_dir(&new).unwrap();
    std::fs::create_dir(&cur).unwrap();
    for name in 0..200 {
        std::fs::write(new.join(name.to_string()), name.to_string()).unwrap();
    }
    // As at SELECT, then at STORE \Seen.
    let rename = || {
        for name in 0..200 {
            std::fs::rename(new.join(name.to_string()), cur.join(format!("{name}:2,"))).unwrap();
            std::thread::sleep(std::time::Duration::from_micros(100));
        }
        for name in 0..200 {
            std::fs::rename(cur.join(format!("{name}:2,")), cur.join(format!("{name}:2,S"))).unwrap();
            std::thread::sleep(std::time::Duration::from_micros(100));
        }
    };
    let numbers = std::thread::scope(|scope| {
        let server = scope.spawn(rename);
        let mut numbers = Vec::new();
        while !server.is_finished() {
            numbers.extend(files(folder.path()).map(|mails| mails.len()));
        }
        numbers
    });
    assert!(numbers.iter().all(|number| *number == 200), "{numbers:?}");
    assert_eq!(files(folder.path()).unwrap().len(), 200);
}
