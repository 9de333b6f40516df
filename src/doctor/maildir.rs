//! A mailbox on this machine's disk: there, readable, writable, on one file system.

use std::path::{Path, PathBuf};

use super::phrases::{reason, whole};
use super::step::{Outcome, Section, StepFailure, Trial};
use super::{LONGEST, disk, mailbox};
use base::clock::Clock;
use edges::mailbox::{Mailbox, MaildirSettings};
use service::config::NamedMailbox;

const SETTINGS: &str = "réglages";
const FOLDER: &str = "dossier";
const MAILS: &str = "courriels";
const WRITING: &str = "écriture";
const FILING: &str = "classement";
const QUOTA: &str = "quota";

pub(super) async fn section(
    named: NamedMailbox<'_>,
    read: mailbox::Read,
    settings: &MaildirSettings,
    clock: &Clock,
) -> Section {
    let planned = [SETTINGS, FOLDER, MAILS, WRITING, FILING];
    let mut trial = mailbox::trial(named, &settings.path.display().to_string(), &planned, LONGEST);
    if try_folder(&mut trial, named, read, settings, clock).await.is_some() {
        trial.note(QUOTA, Outcome::NonFait { raison: "sans objet pour une boîte sur disque".to_owned() });
    }
    trial.end()
}

async fn try_folder(
    trial: &mut Trial,
    named: NamedMailbox<'_>,
    read: mailbox::Read,
    settings: &MaildirSettings,
    clock: &Clock,
) -> Option<()> {
    let root = &settings.path;
    let mailbox = trial.step(SETTINGS, async { mailbox::prepare(named, read) }).await?;
    trial.step(FOLDER, async { layout(root, &named.key()) }).await?;
    let now = clock.now();
    trial.step(MAILS, waiting(&mailbox, now)).await?;
    trial.step(WRITING, async { writable(root) }).await?;
    trial.step(FILING, async { filing(root, &mailbox.directories()) }).await
}

fn layout(root: &Path, key: &str) -> Result<((), String), StepFailure> {
    for folder in [root.to_owned(), root.join("new"), root.join("cur"), root.join("tmp")] {
        if !folder.is_dir() {
            return Err(StepFailure::new(
                format!("{} n’existe pas ou n’est pas un dossier", folder.display()),
                format!(
                    "corrigez {key}.maildir.path : un Maildir contient new, cur et tmp ; Dispolits ne le crée pas, de peur de cacher une faute de frappe"
                ),
            ));
        }
    }
    Ok(((), "new, cur et tmp sont là".to_owned()))
}

async fn waiting(mailbox: &Mailbox, now: jiff::Timestamp) -> Result<((), String), StepFailure> {
    let unreadable = |error: edges::mailbox::MailboxError| {
        StepFailure::new(whole(&error), "donnez le Maildir à l’utilisateur du service")
    };
    let mut look = mailbox.look().await.map_err(unreadable)?;
    let waiting = look.waiting().await.map_err(unreadable)?;
    Ok(((), mailbox::told(&waiting, now)))
}

fn writable(root: &Path) -> Result<((), String), StepFailure> {
    for folder in ["new", "cur", "tmp"] {
        disk::writable(&root.join(folder))?;
    }
    disk::writable(root)?;
    Ok(((), "new, cur, tmp et le dossier lui-même acceptent l’écriture".to_owned()))
}

/// A mail is filed by a rename, which does not leave a file system.
fn filing(root: &Path, folders: &[(String, PathBuf)]) -> Result<((), String), StepFailure> {
    let home = device(&root.join("cur"))?;
    if device(&root.join("new"))? != home {
        return Err(elsewhere(&root.join("new")));
    }
    if let Some((_, taken)) = folders.iter().find(|(_, directory)| directory.exists() && !directory.is_dir()) {
        return Err(StepFailure::new(
            format!("{} n’est pas un dossier : aucun courriel ne pourra y être classé", taken.display()),
            "renommez ce fichier ; le service crée le dossier lui-même",
        ));
    }
    let (there, missing): (Vec<_>, Vec<_>) = folders.iter().partition(|(_, directory)| directory.is_dir());
    for (_, directory) in there {
        disk::writable(directory)?;
        if device(directory)? != home {
            return Err(elsewhere(directory));
        }
    }
    let missing: Vec<String> = missing.iter().map(|(name, _)| name.clone()).collect();
    Ok(((), mailbox::told_folders(&missing)))
}

fn device(folder: &Path) -> Result<u64, StepFailure> {
    let metadata = folder.metadata().map_err(|error| {
        StepFailure::new(
            format!("{} est inaccessible ({})", folder.display(), reason(&error)),
            "donnez le Maildir à l’utilisateur du service",
        )
    })?;
    Ok(file_system(&metadata))
}

#[cfg(unix)]
fn file_system(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::dev(metadata)
}

/// Windows tells no device by the standard library: every folder counts as on one.
#[cfg(not(unix))]
fn file_system(_metadata: &std::fs::Metadata) -> u64 {
    0
}

fn elsewhere(folder: &Path) -> StepFailure {
    StepFailure::new(
        format!(
            "{} est sur un autre système de fichiers : un courriel ne peut y être déplacé d’un coup",
            folder.display()
        ),
        "mettez tout le Maildir, dossiers de classement compris, sur le même système de fichiers",
    )
}
