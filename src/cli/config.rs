//! `dispolits config`: check it, show it as it applies, describe it.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use super::{Outcome, SUCCESS};
use crate::clock::Clock;
use crate::config::Config;
use crate::referential::Watch;
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
    writeln!(out, "Configuration correcte : {establishments} établissements, {services} services au référentiel.")?;
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
