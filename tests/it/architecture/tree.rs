//! The files of the repository, as the checks read them.

use std::fs;
use std::path::{Path, PathBuf};

/// One file of the repository.
#[derive(Debug)]
pub(super) struct File {
    /// From the repository's root, with slashes.
    pub(super) path: String,
    /// Its content; bytes that are no UTF-8 are replaced.
    pub(super) text: String,
}

/// Whether a folder under src/ is a package of its own.
pub(super) fn is_member(folder: &str) -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder).join("Cargo.toml").is_file()
}

/// Every file of the repository, sorted; what git and cargo keep for themselves is left out.
pub(super) fn repository() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for entry in entries(root).filter(|entry| !["target", ".git"].iter().any(|own| entry.ends_with(own))) {
        collect(entry, &mut files);
    }
    files.sort();
    files.iter().map(|path| read(root, path)).collect()
}

/// The Rust files of the repository under `folder`, such as `src/`.
pub(super) fn rust(folder: &str) -> Vec<File> {
    let mut files = repository();
    files.retain(|file| {
        file.path.starts_with(folder) && Path::new(&file.path).extension().is_some_and(|kind| kind == "rs")
    });
    assert!(!files.is_empty(), "no Rust file under {folder}");
    files
}

fn collect(entry: PathBuf, files: &mut Vec<PathBuf>) {
    if entry.is_dir() {
        entries(&entry).for_each(|inner| collect(inner, files));
    } else {
        files.push(entry);
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let listing = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    listing.flatten().map(|entry| entry.path())
}

fn read(root: &Path, path: &Path) -> File {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let path = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    File { path, text: String::from_utf8_lossy(&bytes).into_owned() }
}
