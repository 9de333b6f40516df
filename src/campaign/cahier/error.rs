//! Why a case cannot be read or expanded: always the fault of whoever wrote it.

use std::path::PathBuf;

/// A case that cannot be used. The texts name the case or file at fault.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// A folder or file that cannot be read.
    #[error("« {} » est illisible", path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder without `case.toml`.
    #[error("le cas « {0} » n’a pas de fichier case.toml")]
    NoManifest(String),
    /// A `case.toml` or a file of the world that is not as it should be.
    #[error("« {file} » n’est pas conforme : {reason}")]
    Manifest {
        /// The file, with its case.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file named in a case that is not in it.
    #[error("le cas « {case} » n’a ni fichier ni archive « {file} »")]
    NoFile {
        /// The case.
        case: String,
        /// The missing file.
        file: String,
    },
    /// A template that cannot be expanded.
    #[error("« {file} », ligne {line} : {reason}")]
    Template {
        /// The file, with its case.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that cannot be written in the encoding asked for, or is not UTF-8 to begin with.
    #[error("« {file} » ne peut pas être encodé : {reason}")]
    Encoding {
        /// The file, with its case.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An archive that cannot be made.
    #[error("l’archive « {file} » ne peut pas être fabriquée : {reason}")]
    Archive {
        /// The archive, with its case.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A mail that cannot be composed.
    #[error("le courriel du cas « {case} » ne peut pas être composé")]
    Mail {
        /// The case.
        case: String,
        /// What the composer said.
        source: std::io::Error,
    },
    /// An identifier of the run outside `[A-Za-z0-9]{1,16}`.
    #[error("« {0} » n’est pas un identifiant de série : de 1 à 16 lettres sans accent ou chiffres")]
    Serie(String),
}
