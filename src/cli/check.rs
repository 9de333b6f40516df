//! `dispolits check`: what a hospital runs before sending. Nothing is sent, nothing is kept.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use super::value;
use super::value::OutputFormat;
use super::{CommandFailure, ExitOutcome, FAILURE, FOUND, SUCCESS};
use base::clock::Clock;
use campaign::cahier;
use judging::dry_run::{Bench, check};
use judging::judgement::{Indicators, Rules};
use judging::referential::{Files, Referential, Watch};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Forme du résultat : texte pour la lecture, ou un objet JSON par fichier et par ligne.
    #[arg(long, value_enum, default_value_t = OutputFormat::Human, value_name = "FORME")]
    format: OutputFormat,
    /// Dossier du référentiel (etablissements.csv et services.csv) ; sans lui, certains contrôles ne
    /// sont pas faits.
    #[arg(long, value_name = "DOSSIER")]
    referentiel: Option<PathBuf>,
    /// Instant de réception supposé : 2026-11-23T08:00 (heure de Paris) ; maintenant par défaut.
    #[arg(long, value_name = "INSTANT", value_parser = value::instant)]
    at: Option<Timestamp>,
    /// Fichiers à juger : .xml, .eml ou .zip.
    #[arg(required = true, value_name = "FICHIER")]
    fichiers: Vec<PathBuf>,
}

/// Judges every file; one that cannot be read is told and does not stop the others.
pub(super) fn run(arguments: &CheckArguments) -> ExitOutcome {
    let referential = arguments.referentiel.as_deref().map(load_referential).transpose()?;
    let rules = Rules { indicators: Indicators::shipped()?, ..Rules::default() };
    let at = arguments.at.unwrap_or_else(|| Clock::System.now());
    let bench = Bench { referential: referential.as_ref(), rules: &rules, at };
    let mut code = SUCCESS;
    let mut out = std::io::stdout().lock();
    for (rank, path) in arguments.fichiers.iter().enumerate() {
        if rank > 0 && arguments.format == OutputFormat::Human {
            writeln!(out)?;
        }
        let found = match read(path, at) {
            Ok(bytes) => judge(&mut out, path, &bytes, arguments.format, &bench)?,
            Err(error) => {
                super::tell(&error);
                FAILURE
            }
        };
        code = code.max(found);
    }
    Ok(code)
}

fn judge(out: &mut impl Write, path: &Path, bytes: &[u8], format: OutputFormat, bench: &Bench<'_>) -> ExitOutcome {
    let checked = check(&path.display().to_string(), bytes, bench);
    match format {
        OutputFormat::Json => writeln!(out, "{}", serde_json::to_string(&checked)?)?,
        OutputFormat::Human => write!(out, "{}", checked.human(std::io::stdout().is_terminal()))?,
    }
    Ok(if checked.is_clean() { SUCCESS } else { FOUND })
}

fn load_referential(folder: &Path) -> Result<Referential, CommandFailure> {
    let files = Files { etablissements: folder.join("etablissements.csv"), services: folder.join("services.csv") };
    Ok((*Watch::load(files)?.current()).clone())
}

/// A file that cannot be judged at all.
#[derive(Debug, thiserror::Error)]
enum UnreadableFile {
    #[error("{} : {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{} : {size} octets, plus que les {MAX_BYTES} qui sont lus", path.display())]
    TooLarge { path: PathBuf, size: u64 },
}

/// The bytes of a file. A file of the cahier de tests is expanded as its runners do, so that its
/// dates are those of now.
fn read(path: &Path, at: Timestamp) -> Result<Vec<u8>, UnreadableFile> {
    if let Some(expanded) = of_the_cahier(path, at) {
        return Ok(expanded);
    }
    let unreadable = |source| UnreadableFile::Io { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let mut bytes = Vec::new();
    // A pipe has no size: what is read is limited all the same.
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(UnreadableFile::TooLarge { path: path.to_owned(), size });
    }
    Ok(bytes)
}

fn of_the_cahier(path: &Path, now: Timestamp) -> Option<Vec<u8>> {
    let folder = path.parent()?;
    let name = path.file_name()?.to_str()?;
    if !folder.join("case.toml").is_file() || name == "case.toml" {
        return None;
    }
    let case = cahier::from_folder(folder).ok()?;
    case.file(name, &cahier::Run { now, serie: "check".to_owned() }).ok()
}
