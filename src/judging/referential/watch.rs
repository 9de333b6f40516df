//! The referential in force, reloaded when its files change; a bad new file is refused and the old
//! one kept.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{LineError, Referential};

/// Où se trouve le référentiel régional.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Chemin de `etablissements.csv`.
    pub etablissements: PathBuf,
    /// Chemin de `services.csv`. Sa colonne `nature` n’est là que pour les personnes : aucun relevé n’est jugé d’après elle.
    pub services: PathBuf,
}

/// New files that were not taken over. The referential in force stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A file cannot be read.
    #[error("le fichier {} est illisible", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Some lines are wrong; all of them are listed.
    #[error("référentiel refusé, {} erreur(s) :\n{}", .0.len(), listed(.0))]
    Invalid(Vec<LineError>),
}

impl Refused {
    /// The first error and how many there are, on one line.
    pub fn in_short(&self) -> String {
        match self {
            Self::Unreadable { .. } => self.to_string(),
            Self::Invalid(errors) => {
                let first = errors.first().map(ToString::to_string).unwrap_or_default();
                format!("{} erreur(s), la première : {first}", errors.len())
            }
        }
    }
}

fn listed(errors: &[LineError]) -> String {
    errors.iter().map(|error| format!("  {error}")).collect::<Vec<_>>().join("\n")
}

/// Both files as text, as the store keeps the last good pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// `etablissements.csv`.
    pub etablissements: Vec<u8>,
    /// `services.csv`.
    pub services: Vec<u8>,
}

impl Texts {
    fn read(files: &Files) -> Result<Self, Refused> {
        Ok(Self { etablissements: read(&files.etablissements)?, services: read(&files.services)? })
    }

    fn digest(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update((self.etablissements.len() as u64).to_le_bytes());
        hash.update(&self.etablissements);
        hash.update(&self.services);
        hash.finalize().to_vec()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Refused> {
    std::fs::read(path).map_err(|source| Refused::Unreadable { path: path.to_owned(), source })
}

/// The referential in force.
#[derive(Debug)]
pub struct Watch {
    files: Files,
    current: Arc<Referential>,
    texts: Texts,
    seen: Vec<u8>,
}

impl Watch {
    /// Loads the files; an error leaves nothing to work with.
    pub fn load(files: Files) -> Result<Self, Refused> {
        let texts = Texts::read(&files)?;
        let current = Referential::parse(&texts.etablissements, &texts.services).map_err(Refused::Invalid)?;
        Ok(Self { files, current: Arc::new(current), seen: texts.digest(), texts })
    }

    /// Starts from the last good pair the store kept, where the files themselves are refused.
    pub fn from_last_good(files: Files, texts: Texts) -> Result<Self, Refused> {
        let current = Referential::parse(&texts.etablissements, &texts.services).map_err(Refused::Invalid)?;
        Ok(Self { files, current: Arc::new(current), seen: Vec::new(), texts })
    }

    /// The files' content behind the referential in force.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The referential in force.
    pub fn current(&self) -> Arc<Referential> {
        Arc::clone(&self.current)
    }

    /// Takes over changed files. `Ok(true)` when a new referential is in force; an error is told
    /// once for one content, so that a bad file does not fill the log.
    pub fn refresh(&mut self) -> Result<bool, Refused> {
        let texts = Texts::read(&self.files).inspect_err(|_| self.seen.clear())?;
        let digest = texts.digest();
        if digest == self.seen {
            return Ok(false);
        }
        self.seen = digest;
        let new = Referential::parse(&texts.etablissements, &texts.services).map_err(Refused::Invalid)?;
        self.current = Arc::new(new);
        self.texts = texts;
        Ok(true)
    }
}
