//! `dispolits config`: check it, show it as it applies, describe it.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{Outcome, SUCCESS};
use crate::clock::Clock;
use crate::config::Config;
use crate::referential::Watch;
use crate::store::{self, StoreError};
use crate::tls::revocation::Revocation;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Vérifie la configuration, le référentiel et les certificats, sans rien ouvrir sur le réseau.
    Check {
        /// Fichier de configuration.
        #[arg(long, value_name = "FICHIER")]
        config: PathBuf,
    },
    /// Montre la configuration qui s’applique, variables d’environnement comprises, secrets masqués.
    Show {
        /// Fichier de configuration.
        #[arg(long, value_name = "FICHIER")]
        config: PathBuf,
    },
    /// Donne le schéma JSON de la configuration, pour les éditeurs de texte.
    Schema,
}

pub(super) fn run(command: Command) -> Outcome {
    let mut out = std::io::stdout().lock();
    match command {
        Command::Check { config } => check(&mut out, &Config::load(&config)?),
        Command::Show { config } => {
            write!(out, "{}", toml::to_string_pretty(&Config::load(&config)?)?)?;
            Ok(SUCCESS)
        }
        Command::Schema => {
            writeln!(out, "{}", serde_json::to_string_pretty(&Config::schema())?)?;
            Ok(SUCCESS)
        }
    }
}

fn check(out: &mut impl Write, config: &Config) -> Outcome {
    let referential = Watch::load(config.referential.clone())?.current();
    let (establishments, services) = referential.size();
    for named in config.all_mailboxes() {
        crate::mailbox::Mailbox::new(&named.settings()?, &named.section.folders)
            .map_err(|error| format!("[{}] : {error}", named.key()))?;
    }
    config.check_certificates()?;
    config.revocation(|settings, authorities| Revocation::look(settings, authorities, Clock::System))?;
    crate::ror::Client::new(&config.ror.api, Clock::System)?;
    if let Some(smtp) = &config.smtp {
        crate::smtp::Smtp::new(smtp)?;
    }
    writeln!(out, "Configuration correcte. Au référentiel : établissements {establishments}, services {services}.")?;
    for key in config.left_from_example() {
        writeln!(out, "Avertissement : {key} porte encore une valeur d’exemple.")?;
    }
    if let Some(folder) = missing_folder(config)? {
        let who = "créez-le et donnez-le à l’utilisateur du service (systemd crée /var/lib/dispolits au démarrage)";
        writeln!(out, "Avertissement : store.url : le dossier {} n’existe pas ; {who}.", folder.display())?;
    }
    config.warnings().into_iter().try_for_each(|warning| writeln!(out, "Avertissement : {warning}."))?;
    for (section, why) in config.unchecked() {
        let told = format!("la révocation du certificat du serveur n’est pas vérifiée pour {section} ({why})");
        writeln!(out, "Avertissement : {told}.")?;
    }
    for alarm in config.expiring(Clock::System.now()) {
        writeln!(out, "Avertissement : {}.", alarm.sentence())?;
    }
    Ok(SUCCESS)
}

/// The folder that the database file wants, if it is not there.
fn missing_folder(config: &Config) -> Result<Option<PathBuf>, StoreError> {
    let file = store::look::file(&config.store)?;
    let folder = file.as_deref().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    Ok(folder.filter(|folder| !folder.is_dir()).map(Path::to_owned))
}
