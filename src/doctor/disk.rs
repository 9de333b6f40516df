//! Folders and room on the disk, tried without leaving anything there.

use std::io;
use std::path::{Path, PathBuf};

use super::phrases::reason;
use super::step::StepFailure;

/// Below this much room, in MiB, the next days are in danger.
const LEAST_ROOM: u64 = 512;

/// Whether files can be made in a folder: one without a name, gone at once.
pub(super) fn writable(folder: &Path) -> Result<(), StepFailure> {
    tempfile::tempfile_in(folder).map(drop).map_err(|error| not_writable(folder, &error))
}

/// The same, of the nearest folder above that exists: where the missing ones will be made.
pub(super) fn writable_above(folder: &Path) -> Result<PathBuf, StepFailure> {
    let existing = folder.ancestors().find(|ancestor| ancestor.is_dir()).unwrap_or(Path::new("."));
    writable(existing).map(|()| existing.to_owned())
}

/// What that much room means.
pub(super) fn judge_room(folder: &Path, mebibytes: u64) -> Result<String, StepFailure> {
    let told = format!("{mebibytes} Mio libres dans {}", folder.display());
    if mebibytes >= LEAST_ROOM {
        return Ok(told);
    }
    Err(StepFailure::new(
        format!("{told} : un disque plein arrête la relève"),
        "libérez de la place ou agrandissez le disque",
    ))
}

fn not_writable(folder: &Path, error: &io::Error) -> StepFailure {
    StepFailure::new(
        format!("impossible d’écrire dans {} ({})", folder.display(), reason(error)),
        "donnez ce dossier à l’utilisateur du service, et sous systemd ajoutez-le à ReadWritePaths",
    )
}
