//! A copy of a database file, whole and read back before it bears its name. PostgreSQL has its own tools for that.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::health::{Health, check};
use crate::engine::sqlite::make_private;
use crate::inspect::file;
use crate::{Result, Store, StoreError, StoreSettings};

/// How long a lock of the worker is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Copies the database as it is at one instant into a file that does not exist, while the worker goes on. When it
/// returns, the copy is durable and was read back: [`StoreError::Unsound`] otherwise.
pub async fn backup(settings: &StoreSettings, target: &Path) -> Result<Health> {
    let source = file(settings)?.ok_or(StoreError::ServerBackup)?;
    if !source.is_file() {
        return Err(StoreError::Missing(source));
    }
    copy(&source, target).await
}

/// Brings a copy back where there is no database: the one that is there must be moved away first, and no worker may run.
pub async fn restore(settings: &StoreSettings, copied: &Path) -> Result<Health> {
    let target = file(settings)?.ok_or(StoreError::ServerRestore)?;
    if !copied.is_file() {
        return Err(StoreError::NoCopy(copied.to_owned()));
    }
    let _alone = Store::lock(settings)?;
    // What the old log holds would be played into the new file.
    for suffix in ["", "-wal", "-shm", "-journal"] {
        absent(&beside(&target, suffix))?;
    }
    sound(copied, check(&at(copied)).await?)?;
    let health = copy(copied, &target).await?;
    // An operator restores as root, and the service runs as another.
    for made in [&target, &target.with_extension("lock")] {
        give_to_owner_of_folder(made).map_err(|source| failed(made, source))?;
    }
    Ok(health)
}

#[cfg(unix)]
fn give_to_owner_of_folder(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};
    let owner = fs::metadata(folder_of(file))?;
    let mine = fs::metadata(file)?;
    if (owner.uid(), owner.gid()) == (mine.uid(), mine.gid()) {
        return Ok(());
    }
    chown(file, Some(owner.uid()), Some(owner.gid()))
}

#[cfg(not(unix))]
fn give_to_owner_of_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

async fn copy(source: &Path, target: &Path) -> Result<Health> {
    absent(target)?;
    let partial = beside(target, ".partiel");
    remove(&partial)?;
    let copied = copy_and_read(source, &partial).await;
    if copied.is_err() {
        remove(&partial)?;
        return copied;
    }
    let placed = fs::rename(&partial, target).and_then(|()| sync_folder(target));
    placed.map_err(|source| failed(target, source))?;
    copied
}

async fn copy_and_read(source: &Path, partial: &Path) -> Result<Health> {
    make_private(partial)?;
    let options = SqliteConnectOptions::new().filename(source).create_if_missing(false).busy_timeout(PATIENCE);
    let mut connection = options.connect().await?;
    // One read transaction: what is committed meanwhile is not in it, and nobody waits.
    sqlx::query("VACUUM INTO ?1").bind(partial.display().to_string()).execute(&mut connection).await?;
    connection.close().await?;
    File::open(partial).and_then(|file| file.sync_all()).map_err(|source| failed(partial, source))?;
    sound(partial, check(&at(partial)).await?)
}

fn sound(path: &Path, health: Health) -> Result<Health> {
    if health.is_sound() {
        return Ok(health);
    }
    Err(StoreError::Unsound { path: path.to_owned(), findings: health.findings.join(" ; ") })
}

fn absent(path: &Path) -> Result<()> {
    match path.try_exists() {
        Ok(false) => Ok(()),
        Ok(true) => Err(StoreError::Exists(path.to_owned())),
        Err(source) => Err(failed(path, source)),
    }
}

/// What an earlier try left.
fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(failed(path, source)),
        _ => Ok(()),
    }
}

fn at(path: &Path) -> StoreSettings {
    StoreSettings::at(format!("sqlite://{}", path.display()))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn failed(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::Copy { path: path.to_owned(), source }
}

/// A name is durable once its folder is.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
