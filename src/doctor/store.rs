//! The store: there, whole, writable, with room left.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::phrases::{counted, whole};
use super::step::{Outcome, Section, StepFailure, Trial};
use super::{disk, factors};
use domain::outcome::in_paris;
use service::config::Config;
use service::health::Room;
use store::inspect;
use store::inspect::{Schema, StoreInspection};
use store::{StoreError, StoreSettings, UnreadCount};

const OPENING: &str = "ouverture";
const INTEGRITY: &str = "intégrité";
const SCHEMA: &str = "schéma";
const WRITING: &str = "écriture";
const UNREAD: &str = "courriels non lus";
const ROOM: &str = "espace libre";
/// Reading a whole database takes its time.
const LIMIT: Duration = Duration::from_mins(5);

pub(super) async fn section(config: &Config) -> Section {
    let settings = &config.store;
    let mut trial = Trial::new("base", "Base de données", &[OPENING, INTEGRITY, SCHEMA, WRITING, UNREAD, ROOM], LIMIT);
    match inspect::file(settings) {
        Ok(None) => drop(on_a_server(&mut trial, config).await),
        file => drop(in_a_file(&mut trial, file, config).await),
    }
    trial.end()
}

async fn in_a_file(trial: &mut Trial, file: Result<Option<PathBuf>, StoreError>, config: &Config) -> Option<()> {
    let path = trial.step(OPENING, async { opening(file) }).await?;
    if path.is_file() {
        existing(trial, &path, config).await;
    } else {
        to_be_made(trial);
    }
    room(trial, folder(&path)).await;
    Some(())
}

async fn on_a_server(trial: &mut Trial, config: &Config) -> Option<()> {
    let mut look = trial.step(OPENING, session(&config.store)).await?;
    let reason = "PostgreSQL vérifie ce qu’il lit".to_owned();
    trial.note(INTEGRITY, Outcome::NonFait { raison: reason });
    let current = trial.step(SCHEMA, schema(&mut look)).await?;
    trial.step(WRITING, tables(&mut look)).await?;
    unread(trial, &mut look, current, config).await;
    if current {
        factors::note(trial, &mut look, config).await;
    }
    look.close().await;
    trial.note(ROOM, Outcome::NonFait { raison: "le disque est celui du serveur".to_owned() });
    Some(())
}

async fn session(settings: &StoreSettings) -> Result<(StoreInspection, String), StepFailure> {
    let mut look = StoreInspection::connect(settings).await.map_err(|error| refused(&error))?;
    let version = look.server_version().await.map_err(|error| refused(&error))?.unwrap_or_default();
    let detail =
        format!("{} : session ouverte, fsync et synchronous_commit actifs, PostgreSQL {version}", settings.url);
    Ok((look, detail))
}

async fn tables(look: &mut StoreInspection) -> Result<((), String), StepFailure> {
    match look.try_write().await {
        Ok(()) => Ok(((), "l’utilisateur peut créer des tables".to_owned())),
        Err(error) => Err(StepFailure::new(
            format!("la base ne peut être écrite ({})", whole(&error)),
            "faites de cet utilisateur le propriétaire de la base : ALTER DATABASE … OWNER TO … ; vérifiez que le serveur n’est pas une réplique",
        )),
    }
}

fn refused(error: &StoreError) -> StepFailure {
    let remedy = match error {
        StoreError::Url(_) => "corrigez store.url",
        StoreError::PasswordInUrl | StoreError::Password(_) => {
            "écrivez le mot de passe dans un fichier lisible par le seul utilisateur du service et désignez-le par store.password"
        }
        StoreError::Pooled | StoreError::NotKept(_) => {
            "mettez pool_mode = session dans pgbouncer.ini pour cette base, ou désignez le serveur PostgreSQL lui-même par store.url"
        }
        StoreError::TooOld { .. } => {
            "mettez le serveur PostgreSQL à niveau, ou demandez une base sur un serveur plus récent"
        }
        StoreError::Setting { .. } => {
            "demandez à l’administrateur du serveur de rétablir ce réglage : sans lui, un courriel acquitté peut être perdu"
        }
        _ => {
            "vérifiez que le serveur PostgreSQL est démarré et joignable, puis le nom de la base, l’utilisateur, son mot de passe et l’autorité du certificat (store.ca)"
        }
    };
    StepFailure::new(whole(error), remedy)
}

/// A missing file is made by the first start, if its folder allows it.
fn opening(file: Result<Option<PathBuf>, StoreError>) -> Result<(PathBuf, String), StepFailure> {
    let path = file.map_err(|error| refused(&error))?.unwrap_or_default();
    if path.exists() {
        let detail = path.display().to_string();
        return Ok((path, detail));
    }
    let folder = folder(&path);
    if !folder.is_dir() {
        return Err(StepFailure::new(
            format!("le dossier {} n’existe pas", folder.display()),
            "créez-le et donnez-le à l’utilisateur du service, ou corrigez store.url",
        ));
    }
    disk::writable(folder)?;
    let detail = format!("{} sera créée au premier lancement", path.display());
    Ok((path, detail))
}

async fn existing(trial: &mut Trial, path: &Path, config: &Config) -> Option<()> {
    let mut look = trial.step(INTEGRITY, integrity(path)).await?;
    let current = trial.step(SCHEMA, schema(&mut look)).await?;
    trial.step(WRITING, writing(&mut look, path)).await?;
    unread(trial, &mut look, current, config).await;
    if current {
        factors::note(trial, &mut look, config).await;
    }
    look.close().await;
    Some(())
}

fn to_be_made(trial: &mut Trial) {
    for name in [INTEGRITY, SCHEMA, WRITING, UNREAD] {
        trial.note(name, Outcome::NonFait { raison: "la base n’existe pas encore".to_owned() });
    }
}

async fn integrity(path: &Path) -> Result<(StoreInspection, String), StepFailure> {
    let mut look = StoreInspection::open(path).await.map_err(|error| unusable(&error))?;
    let damage = look.damage().await.map_err(|error| unusable(&error))?;
    if damage.is_empty() {
        return Ok((look, "PRAGMA quick_check : ok".to_owned()));
    }
    Err(StepFailure::new(
        format!("la base est abîmée : {}", domain::defect::excerpt(&damage.join(" ; "))),
        "arrêtez le service, mettez ce fichier et ses voisins -wal et -shm de côté, puis restaurez la dernière sauvegarde ; vérifiez le disque",
    ))
}

/// Whether it is that of this program.
async fn schema(look: &mut StoreInspection) -> Result<(bool, String), StepFailure> {
    match look.schema().await.map_err(|error| unusable(&error))? {
        Schema::Current => Ok((true, "à jour".to_owned())),
        Schema::Older(missing) => {
            Ok((false, format!("sera mis à niveau au prochain lancement ({})", counted(missing, "étape", "étapes"))))
        }
        Schema::Newer => Err(StepFailure::new(
            "la base a été écrite par une version plus récente de Dispolits",
            "installez cette version ou une plus récente, ou restaurez une sauvegarde d’avant la mise à jour",
        )),
    }
}

/// The mails that the service could not take, mailbox by mailbox.
async fn unread(trial: &mut Trial, look: &mut StoreInspection, current: bool, config: &Config) {
    if !current {
        return trial.note(UNREAD, Outcome::NonFait { raison: "le schéma n’est pas encore à jour".to_owned() });
    }
    let judged = match look.unread().await {
        Ok(counts) => judge_unread(&counts, config),
        Err(error) => Err(unusable(&error)),
    };
    trial.note_result(UNREAD, judged);
}

fn judge_unread(counts: &[UnreadCount], config: &Config) -> Result<String, StepFailure> {
    if counts.is_empty() {
        return Ok("aucun".to_owned());
    }
    let name = |account: &str| {
        let named =
            config.all_mailboxes().find(|one| one.settings().is_ok_and(|settings| settings.account() == account));
        named.map_or_else(|| account.to_owned(), |one| one.name.to_owned())
    };
    let told = |count: &UnreadCount| {
        let mails = counted(usize::try_from(count.mails).unwrap_or(0), "courriel", "courriels");
        format!("{mails} dans la boîte {} depuis le {} : {}", name(&count.mailbox), in_paris(count.oldest), count.cause)
    };
    Err(StepFailure::new(
        counts.iter().map(told).collect::<Vec<_>>().join(" ; "),
        "lancez « dispolits journal left list » : chaque courriel y est, avec sa cause et ce qu’on peut en faire",
    ))
}

async fn writing(look: &mut StoreInspection, path: &Path) -> Result<((), String), StepFailure> {
    match look.try_write().await {
        Ok(()) => {
            disk::writable(folder(path))?;
            Ok(((), "la base et son dossier acceptent l’écriture".to_owned()))
        }
        Err(error) => Err(StepFailure::new(
            format!("la base ne peut être écrite ({})", whole(&error)),
            "donnez le fichier et son dossier à l’utilisateur du service, et sous systemd ajoutez ce dossier à ReadWritePaths ; si la base est verrouillée, cherchez quel programme la tient",
        )),
    }
}

async fn room(trial: &mut Trial, folder: &Path) {
    match Room::of(folder).await {
        Some(room) => trial.note_result(ROOM, disk::judge_room(folder, room.free / 1024)),
        None => trial.note(ROOM, Outcome::NonFait { raison: "la commande df ne répond pas".to_owned() }),
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn unusable(error: &StoreError) -> StepFailure {
    StepFailure::new(
        whole(error),
        "vérifiez que store.url désigne bien la base de Dispolits et que l’utilisateur du service peut la lire ; si elle est abîmée, restaurez la dernière sauvegarde",
    )
}
