//! Where cases come from: compiled in, or a folder on disk.

use std::collections::BTreeMap;
use std::path::Path;

use include_dir::{Dir, include_dir};

use super::case::Case;
use super::error::CaseError;

/// The folder of the fictitious world, which is no case.
pub(super) const WORLD: &str = "monde";

/// The repository's `fixtures/`.
pub(super) static FIXTURES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures");

/// The cases compiled in, sorted by id.
pub fn embedded() -> Result<Vec<Case>, CaseError> {
    let mut cases = FIXTURES.dirs().filter(|dir| name_of(dir.path()) != WORLD).map(of_embedded);
    sorted(&mut cases)
}

fn of_embedded(dir: &Dir<'static>) -> Result<Case, CaseError> {
    let files = dir.files().map(|file| (name_of(file.path()), file.contents().to_vec()));
    Case::new(&name_of(dir.path()), files.collect())
}

/// The case in the folder `path`.
pub fn from_folder(path: &Path) -> Result<Case, CaseError> {
    let mut files = BTreeMap::new();
    for entry in entries(path)? {
        if entry.is_file() {
            files.insert(name_of(&entry), std::fs::read(&entry).map_err(unreadable(&entry))?);
        }
    }
    Case::new(&name_of(path), files)
}

/// The cases in the folders of `path`, sorted by id; the folder `monde` is left out.
pub fn all_in(path: &Path) -> Result<Vec<Case>, CaseError> {
    let folders = entries(path)?.into_iter().filter(|entry| entry.is_dir() && name_of(entry) != WORLD);
    sorted(&mut folders.map(|folder| from_folder(&folder)))
}

fn entries(path: &Path) -> Result<Vec<std::path::PathBuf>, CaseError> {
    let listing = std::fs::read_dir(path).map_err(unreadable(path))?;
    listing.map(|entry| entry.map(|entry| entry.path()).map_err(unreadable(path))).collect()
}

fn sorted(cases: &mut dyn Iterator<Item = Result<Case, CaseError>>) -> Result<Vec<Case>, CaseError> {
    let mut cases = cases.collect::<Result<Vec<_>, _>>()?;
    cases.sort_by(|one, other| one.id().cmp(other.id()));
    Ok(cases)
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> CaseError {
    move |source| CaseError::Unreadable { path: path.to_owned(), source }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
