//! The store: there, whole, writable, with room left.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::disk;
use super::step::{Failure, Outcome, Section, Trial};
use super::words::{counted, whole};
use crate::store::look::{self, Look, Schema};
use crate::store::{Settings, StoreError};

const OPENING: &str = "ouverture";
const INTEGRITY: &str = "intégrité";
const SCHEMA: &str = "schéma";
const WRITING: &str = "écriture";
const ROOM: &str = "espace libre";
/// Reading a whole database takes its time.
const LIMIT: Duration = Duration::from_mins(5);

pub(super) async fn section(settings: &Settings) -> Section {
    let mut trial = Trial::new("base", "Base de données", &[OPENING, INTEGRITY, SCHEMA, WRITING, ROOM], LIMIT);
    if let Some(path) = trial.step(OPENING, async { opening(settings) }).await {
        if path.is_file() {
            existing(&mut trial, &path).await;
        } else {
            to_be_made(&mut trial);
        }
        room(&mut trial, folder(&path)).await;
    }
    trial.end()
}

/// A missing file is made by the first start, if its folder allows it.
fn opening(settings: &Settings) -> Result<(PathBuf, String), Failure> {
    let path = look::path(settings).map_err(|error| unusable(&error))?;
    if path.exists() {
        let detail = path.display().to_string();
        return Ok((path, detail));
    }
    let folder = folder(&path);
    if !folder.is_dir() {
        return Err(Failure::new(
            format!("le dossier {} n’existe pas", folder.display()),
            "créez-le et donnez-le à l’utilisateur du service, ou corrigez store.url",
        ));
    }
    disk::writable(folder)?;
    let detail = format!("{} sera créée au premier lancement", path.display());
    Ok((path, detail))
}

async fn existing(trial: &mut Trial, path: &Path) -> Option<()> {
    let mut look = trial.step(INTEGRITY, integrity(path)).await?;
    trial.step(SCHEMA, schema(&mut look)).await?;
    trial.step(WRITING, writing(&mut look, path)).await?;
    look.close().await;
    Some(())
}

fn to_be_made(trial: &mut Trial) {
    for name in [INTEGRITY, SCHEMA, WRITING] {
        trial.note(name, Outcome::NonFait { raison: "la base n’existe pas encore".to_owned() });
    }
}

async fn integrity(path: &Path) -> Result<(Look, String), Failure> {
    let mut look = Look::open(path).await.map_err(|error| unusable(&error))?;
    let damage = look.damage().await.map_err(|error| unusable(&error))?;
    if damage.is_empty() {
        return Ok((look, "PRAGMA quick_check : ok".to_owned()));
    }
    Err(Failure::new(
        format!("la base est abîmée : {}", crate::defect::excerpt(&damage.join(" ; "))),
        "arrêtez le service, mettez ce fichier et ses voisins -wal et -shm de côté, puis restaurez la dernière sauvegarde ; vérifiez le disque",
    ))
}

async fn schema(look: &mut Look) -> Result<((), String), Failure> {
    match look.schema().await.map_err(|error| unusable(&error))? {
        Schema::Current => Ok(((), "à jour".to_owned())),
        Schema::Older(missing) => {
            Ok(((), format!("sera mis à niveau au prochain lancement ({})", counted(missing, "étape", "étapes"))))
        }
        Schema::Newer => Err(Failure::new(
            "la base a été écrite par une version plus récente de Dispolits",
            "installez cette version ou une plus récente, ou restaurez une sauvegarde d’avant la mise à jour",
        )),
    }
}

async fn writing(look: &mut Look, path: &Path) -> Result<((), String), Failure> {
    match look.try_write().await {
        Ok(()) => {
            disk::writable(folder(path))?;
            Ok(((), "la base et son dossier acceptent l’écriture".to_owned()))
        }
        Err(error) => Err(Failure::new(
            format!("la base ne peut être écrite ({})", whole(&error)),
            "donnez le fichier et son dossier à l’utilisateur du service, et sous systemd ajoutez ce dossier à ReadWritePaths ; si la base est verrouillée, cherchez quel programme la tient",
        )),
    }
}

async fn room(trial: &mut Trial, folder: &Path) {
    match disk::room(folder).await {
        Some(mebibytes) => trial.note_result(ROOM, disk::judge_room(folder, mebibytes)),
        None => trial.note(ROOM, Outcome::NonFait { raison: "la commande df ne répond pas".to_owned() }),
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn unusable(error: &StoreError) -> Failure {
    let remedy = match error {
        StoreError::Url(_) => "corrigez store.url",
        _ => {
            "vérifiez que store.url désigne bien la base de Dispolits et que l’utilisateur du service peut la lire ; si elle est abîmée, restaurez la dernière sauvegarde"
        }
    };
    Failure::new(whole(error), remedy)
}
