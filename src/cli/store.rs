//! `dispolits store`: whether the database is sound, a copy of it and back, and from a file to a server.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ExitOutcome, FOUND, SUCCESS};
use service::config::Config;
use store::StoreSettings;
use store::maintenance;
use store::maintenance::Health;

#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Relit toute la base sans rien changer : fichier, schéma, courriels, bilan.
    Check(StorePath),
    /// Copie la base SQLite dans un fichier et relit la copie ; le service peut rester en marche.
    Backup {
        #[command(flatten)]
        place: StorePath,
        /// Fichier à créer ; il ne doit pas exister.
        #[arg(value_name = "COPIE")]
        copy: PathBuf,
    },
    /// Remet une copie de la base SQLite à sa place et la relit ; service arrêté. Refusé si une base y est encore :
    /// déplacez-la d’abord.
    Restore {
        #[command(flatten)]
        place: StorePath,
        /// Fichier produit par « dispolits store backup ».
        #[arg(value_name = "COPIE")]
        copy: PathBuf,
    },
    /// Copie une base SQLite, service arrêté, dans la base PostgreSQL vide de la configuration.
    Migrate {
        #[command(flatten)]
        place: StorePath,
        /// L’ancienne base : `sqlite:///chemin/dispolits.db`.
        #[arg(long, value_name = "URL")]
        depuis: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct StorePath {
    /// Fichier de configuration.
    #[arg(long, value_name = "FICHIER")]
    config: PathBuf,
}

impl StorePath {
    fn settings(&self) -> Result<StoreSettings, service::config::ConfigError> {
        Ok(Config::load(&self.config)?.store)
    }
}

pub(super) async fn run(command: StoreCommand) -> ExitOutcome {
    match command {
        StoreCommand::Check(place) => tell(&maintenance::check(&place.settings()?).await?),
        StoreCommand::Backup { place, copy } => {
            let health = maintenance::backup(&place.settings()?, &copy).await?;
            say(&format!("Copie faite et relue : {}, {}.", copy.display(), size(&health)))
        }
        StoreCommand::Restore { place, copy } => {
            let settings = place.settings()?;
            let health = maintenance::restore(&settings, &copy).await?;
            say(&format!("Base restaurée et relue : {}, {}.", settings.url, size(&health)))
        }
        StoreCommand::Migrate { place, depuis } => migrate(&place.settings()?, &depuis).await,
    }
}

async fn migrate(to: &StoreSettings, from: &str) -> ExitOutcome {
    let copied = maintenance::migrate(&StoreSettings::at(from), to).await?;
    let mut out = std::io::stdout().lock();
    for table in &copied {
        writeln!(out, "{:<12} {}", table.table, table.rows)?;
    }
    let rows: u64 = copied.iter().map(|table| table.rows).sum();
    writeln!(out, "Copie faite et vérifiée : {rows} enregistrements. Ne lancez plus le service sur l’ancienne base.")?;
    Ok(SUCCESS)
}

fn tell(health: &Health) -> ExitOutcome {
    if health.is_sound() {
        return say(&format!("Base saine : {}.", size(health)));
    }
    let mut out = std::io::stdout().lock();
    health.findings.iter().try_for_each(|finding| writeln!(out, "Défaut : {finding}."))?;
    Ok(FOUND)
}

fn say(sentence: &str) -> ExitOutcome {
    writeln!(std::io::stdout(), "{sentence}")?;
    Ok(SUCCESS)
}

fn size(health: &Health) -> String {
    format!("courriels {}, contenus relus {}", health.mails, health.contents)
}
