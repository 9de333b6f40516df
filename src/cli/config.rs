//! `dispolits config`: check it, show it as it applies, describe it.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use super::{ExitOutcome, SUCCESS};
use base::clock::Clock;
use service::config::{Config, Faults, Purpose};
use store::inspect;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
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

pub(super) fn run(command: ConfigCommand) -> ExitOutcome {
    let mut out = std::io::stdout().lock();
    match command {
        ConfigCommand::Check { config } => check(&mut out, &Config::load(&config)?),
        ConfigCommand::Show { config } => {
            write!(out, "{}", toml::to_string_pretty(&Config::load(&config)?)?)?;
            Ok(SUCCESS)
        }
        ConfigCommand::Schema => {
            writeln!(out, "{}", serde_json::to_string_pretty(&Config::schema())?)?;
            Ok(SUCCESS)
        }
    }
}

fn check(out: &mut impl Write, config: &Config) -> ExitOutcome {
    let reading = config.read(&Clock::System, Purpose::Look);
    let faults = reading.faults(config);
    let (Ok(referential), []) = (&reading.referential, faults.as_slice()) else { return Err(Faults(faults).into()) };
    let (establishments, services) = referential.current().size();
    writeln!(out, "Configuration correcte. Au référentiel : établissements {establishments}, services {services}.")?;
    for key in config.left_from_example() {
        writeln!(out, "Avertissement : {key} porte encore une valeur d’exemple.")?;
    }
    if let Some(folder) = inspect::file(&config.store)?.as_deref().and_then(inspect::missing_folder) {
        let who = "systemd le crée au démarrage ; sans lui, créez-le et donnez-le à l’utilisateur du service";
        writeln!(out, "Avertissement : store.url : le dossier {} n’existe pas ; {who}.", folder.display())?;
    }
    config.warnings().into_iter().try_for_each(|warning| writeln!(out, "Avertissement : {warning}."))?;
    reading.loose.iter().try_for_each(|loose| writeln!(out, "Avertissement : {loose}."))?;
    for (section, why) in config.unchecked() {
        let told = format!("la révocation du certificat du serveur n’est pas vérifiée pour {section} ({why})");
        writeln!(out, "Avertissement : {told}.")?;
    }
    for alarm in config.expiring(Clock::System.now()) {
        writeln!(out, "Avertissement : {}.", alarm.sentence())?;
    }
    Ok(SUCCESS)
}
